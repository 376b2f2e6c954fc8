"""Lists as CSV or Excel; cells never run as formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

from bozhou_eco.common import clock

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV_TYPE = "text/csv; charset=utf-8"
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _words(cell: object) -> object:
    if isinstance(cell, datetime):
        return f"{clock.beijing(cell):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, date):
        return f"{cell:%Y-%m-%d}"
    return "" if cell is None else cell


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV that Excel opens in UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        cells = [_words(cell) for cell in row]
        writer.writerow(
            f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
            for cell in cells
        )
    return out.getvalue().encode("utf-8-sig")


def as_excel(
    sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
    note: str = "",
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
                    shown = _words(cell)
                    sheet.write(line, column, shown)
                    widths[column] = max(widths[column], min(len(str(shown)) + 4, 48))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
            sheet.freeze_panes(1, 0)
            if note:
                sheet.write(line + 2, 0, note)
    return out.getvalue()
