"""Excel downloads: more rows than a sheet holds go on in another one."""

import io
from pathlib import Path

import openpyxl
import pytest

from bozhou_eco.common import tables


@pytest.mark.parametrize(("rows", "sheets"), [(3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_rows_beyond_a_sheet_go_on(
    monkeypatch: pytest.MonkeyPatch, rows: int, sheets: list[int]
) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 4)
    told: list[int] = []
    lines = ([n, f"=行{n}"] for n in range(rows))
    answer = tables.xlsx_response(
        "a.xlsx", [("数据", ["号", "名"], lines)], told.append
    )
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert [sheet.max_row - 1 for sheet in book] == sheets
    assert book.sheetnames == ["数据", "数据（2）", "数据（3）"][: len(sheets)]
    values = [row for s in book for row in s.iter_rows(min_row=2, values_only=True)]
    assert values == [(n, f"'=行{n}") for n in range(rows)]
    assert all([cell.value for cell in sheet[1]] == ["号", "名"] for sheet in book)


def test_a_long_title_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    answer = tables.xlsx_response("a.xlsx", [("长" * 40, ["x"], [[1], [2]])])
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert [len(name) for name in book.sheetnames] == [31, 31]
    assert book.sheetnames[1].endswith("（2）")


ROOT = Path(__file__).resolve().parents[2]
WRITERS = sorted(
    path
    for app in ("bozhou_eco", "alerts", "enforcement", "polluters", "vehicles")
    for path in (ROOT / app).rglob("*.py")
    if "xlsxwriter.Workbook(" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", WRITERS, ids=lambda path: path.stem)
def test_no_workbook_makes_formulas_or_links_of_names(path: Path) -> None:
    """A firm may be called ``=…`` or ``external:\\\\host\\share``; both stay text."""
    text = path.read_text(encoding="utf-8")
    assert '"strings_to_formulas": False' in text
    assert '"strings_to_urls": False' in text
