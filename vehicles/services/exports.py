"""Lists as CSV or Excel; cells never run as formulas."""

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

from bozhou_eco.common.tables import XLSX, csv_lines, safe_cell

CSV_TYPE = "text/csv; charset=utf-8"
EXCEL_TYPE = XLSX


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV that Excel opens in UTF-8."""
    return "".join(csv_lines(header, rows)).encode()


def as_excel(
    sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
    note: str,
) -> bytes:
    """Return a workbook with a sheet per (name, header, rows); ``note`` is the source."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bg_color": "#E3F0F2", "border": 1})
        for name, header, rows in sheets:
            sheet = book.add_worksheet(name[:31])
            sheet.write_row(0, 0, header, head)
            widths = [len(str(word)) * 2 for word in header]
            line = 0
            for line, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    shown = safe_cell(cell)
                    sheet.write(line, column, shown)
                    widths[column] = max(widths[column], min(len(str(shown)) + 4, 48))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
            sheet.freeze_panes(1, 0)
            sheet.write(line + 2, 0, note)
    return out.getvalue()
