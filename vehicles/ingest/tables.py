"""Read a CSV or Excel file that somebody hands in, whatever wrote it."""

import csv
import io
import zipfile

from openpyxl import load_workbook

from vehicles.domain.tables import Sheet, TableError

MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED = 400 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 60


def read_table(name: str, content: bytes) -> Sheet:
    """Return the first sheet of a file; TableError says why it cannot be read."""
    if not content:
        raise TableError("文件是空的")
    if len(content) > MOST_BYTES:
        raise TableError("文件超过 20 MB，请分成几个文件导入")
    if content[:4] == b"PK\x03\x04":
        return _excel(content)
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise TableError("这是旧版 .xls 文件，请另存为 .xlsx 或 .csv 后导入")
    if b"\0" in content[:4096]:
        raise TableError("文件不是 CSV 或 Excel（.xlsx）表格")
    return _csv(content)


def _csv(content: bytes) -> Sheet:
    text = _decode(content)
    first = text.split("\n", 1)[0]
    comma = max(",\t;，", key=first.count)
    if comma == "，":
        raise TableError("CSV 以全角逗号分隔，请改为半角逗号")
    try:
        lines: list[tuple[int, tuple[object, ...]]] = [
            (number, tuple(cells))
            for number, cells in enumerate(
                csv.reader(io.StringIO(text), delimiter=comma), 1
            )
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise TableError(f"CSV 格式有误：{error}") from error
    return _sheet(lines, {})


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("文字编码无法识别，请以 UTF-8 或 GB18030 保存")


def _excel(content: bytes) -> Sheet:
    try:
        return _sheet(*_rows(content))
    except TableError:
        raise
    except Exception as error:  # damage shows as a dozen errors of zipfile and lxml
        raise TableError("Excel 文件已损坏或不是 .xlsx") from error


def _rows(
    content: bytes,
) -> tuple[list[tuple[int, tuple[object, ...]]], dict[int, str]]:
    """Return the lines of the first sheet and what is merged in them."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(item.file_size for item in packed.infolist()) > MOST_UNPACKED:
            raise TableError("Excel 文件展开后过大，请分成几个文件导入")
    book = load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    if sheet.max_row > MOST_ROWS + 1:
        raise TableError(f"超过 {MOST_ROWS} 行，请分成几个文件导入")
    merged = {
        row: str(span)
        for span in sheet.merged_cells.ranges
        for row in range(span.min_row, span.max_row + 1)
    }
    lines = [
        (number, tuple(cells[:MOST_COLUMNS]))
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1)
        if any(cell not in (None, "") for cell in cells) or number in merged
    ]
    return lines, merged


def _sheet(
    lines: list[tuple[int, tuple[object, ...]]], merged: dict[int, str]
) -> Sheet:
    if not lines:
        raise TableError("表格没有内容")
    if len(lines) > MOST_ROWS + 1:
        raise TableError(f"超过 {MOST_ROWS} 行，请分成几个文件导入")
    number, header = lines[0]
    if number in merged:
        raise TableError(
            f"表头所在的第 {number} 行含合并单元格 {merged[number]}；"
            "请删除标题行，使表头在第一行且不合并"
        )
    words = tuple("" if cell is None else str(cell) for cell in header)
    return Sheet(words, tuple(lines[1:]), merged)
