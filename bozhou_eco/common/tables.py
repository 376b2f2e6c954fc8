"""Tables as CSV and Excel: streamed, and safe to open in a spreadsheet program.

A cell that begins like a formula is written with an apostrophe before it, since a name
typed by a stranger must not become a formula on an officer's machine (OWASP: CSV
injection). Numbers stay numbers.
"""

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse

from bozhou_eco.common import clock

BOM = "\ufeff"
# Full-width signs too: Excel of a Chinese Windows takes them for the narrow ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBERS = (int, float, Decimal)
MOST_ROWS = 1_048_576  # of a sheet, its head included
TITLE_LENGTH = 31
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def safe_cell(value: object) -> str | int | float:
    """Return ``value`` as it may be written; None is empty, moments are Beijing time."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, NUMBERS):
        return float(value) if isinstance(value, Decimal) else value
    if isinstance(value, datetime):
        return f"{clock.beijing(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def attachment(name: str) -> str:
    """Return a Content-Disposition for a file name in any language (RFC 6266)."""
    plain = PurePath(name).name
    return f"attachment; filename*=UTF-8''{quote(plain)}"


class _Line:
    """What csv writes to: hands the line back instead of keeping it."""

    def write(self, text: str) -> str:
        """Return the line."""
        return text


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file that spreadsheet programs read as UTF-8."""
    writer: Any = csv.writer(_Line())
    yield BOM + writer.writerow([safe_cell(label) for label in head])
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def csv_response(
    name: str, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Return a CSV download that is made while it is read."""
    response = StreamingHttpResponse(
        csv_lines(head, rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = attachment(name)
    return response


def xlsx_response(
    name: str,
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
    progress: Callable[[int], None] | None = None,
) -> FileResponse:
    """Return an Excel download of ``(title, head, rows)`` sheets, in bounded memory.

    Text stays text: nothing is taken for a formula, a link or a number. Rows beyond what a
    sheet holds go on in another one. ``progress`` is told the rows written, every thousand.
    """
    # The response closes it; what it spills to disk goes with it.
    out = tempfile.SpooledTemporaryFile(max_size=4 << 20)  # noqa: SIM115
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    written = 0
    for title, head, rows in sheets:
        sheet = _sheet(book, title, head, bold)
        number, part = 0, 1
        for row in rows:
            number += 1
            if number == MOST_ROWS:  # full: the rest goes on in a sheet of its own
                number, part = 1, part + 1
                tail = f"（{part}）"
                name = title[: TITLE_LENGTH - len(tail)] + tail
                sheet = _sheet(book, name, head, bold)
            _write(sheet, number, row)
            written += 1
            if progress and written % 1000 == 0:
                progress(written)
    book.close()
    out.seek(0)
    response = FileResponse(out, content_type=XLSX)
    response["Content-Disposition"] = attachment(name)
    return response


def _sheet(book: Any, title: str, head: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet(title[:TITLE_LENGTH])
    sheet.freeze_panes(1, 0)
    for column, label in enumerate(head):
        sheet.write_string(0, column, label, bold)
        sheet.set_column(column, column, max(10, len(label) * 2 + 2))
    return sheet


def _write(sheet: Any, number: int, row: Sequence[object]) -> None:
    for column, value in enumerate(row):
        cell = safe_cell(value)
        if isinstance(cell, str):
            sheet.write_string(number, column, cell)
        else:
            sheet.write_number(number, column, cell)
