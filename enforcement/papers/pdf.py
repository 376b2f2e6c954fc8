"""Turn a Word document into PDF: the same text, alignment, tables and page form."""

import html
import io
import logging
from collections.abc import Iterator
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from weasyprint import HTML
from weasyprint.urls import URLFetchingError

STYLE = """
@page { size: A4; margin: 37mm 26mm 35mm 28mm;
  @bottom-center { content: "— " counter(page) " —"; font: 14pt "Noto Serif CJK SC";
    padding-bottom: 12mm } }
html { font-family: "FangSong", "仿宋_GB2312", "STFangsong", "Noto Serif CJK SC", serif;
  font-size: 16pt; color: #000 }
body { margin: 0 } p { margin: 0; min-height: 1em; white-space: pre-wrap;
  overflow-wrap: anywhere; orphans: 2; widows: 2 }
table { width: 100%; border-collapse: collapse; table-layout: fixed }
td { border: 0.6pt solid #000; padding: 1.5mm 2mm; vertical-align: middle }
"""
logging.getLogger("weasyprint").setLevel(logging.WARNING)
logging.getLogger("fontTools").setLevel(logging.WARNING)
TITLE_FONTS = '"FZXiaoBiaoSong-B05S", "方正小标宋简体", "Noto Serif CJK SC"'
_ALIGN = {
    WD_ALIGN_PARAGRAPH.CENTER: "center",
    WD_ALIGN_PARAGRAPH.RIGHT: "right",
    WD_ALIGN_PARAGRAPH.JUSTIFY: "justify",
}


def _refuse(url: str, *_: object, **__: object) -> Any:
    raise URLFetchingError(f"documents load nothing from outside: {url}")


def word_to_pdf(word: bytes, *, title: str) -> bytes:
    """Return the PDF of a Word document; nothing is loaded from outside."""
    document = docx.Document(io.BytesIO(word))
    body = "".join(_elements(document))
    page = (
        '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )
    content: bytes = HTML(string=page, url_fetcher=_refuse).write_pdf()
    return content


def _elements(document: Any) -> Iterator[str]:
    for child in document.element.body.iterchildren():
        if child.tag == qn("w:p"):
            yield _paragraph(Paragraph(child, document))
        elif child.tag == qn("w:tbl"):
            yield _table(Table(child, document))


def _paragraph(paragraph: Paragraph) -> str:
    form, styles = paragraph.paragraph_format, []
    align = _ALIGN.get(paragraph.alignment) if paragraph.alignment else None
    if align:
        styles.append(f"text-align:{align}")
    for name, length in (
        ("text-indent", form.first_line_indent),
        ("margin-left", form.left_indent),
        ("margin-right", form.right_indent),
        ("margin-top", form.space_before),
        ("margin-bottom", form.space_after),
    ):
        if length:
            styles.append(f"{name}:{length.pt:g}pt")
    spacing = form.line_spacing
    if spacing is not None:
        value = f"{spacing:g}" if isinstance(spacing, float) else f"{spacing.pt:g}pt"
        styles.append(f"line-height:{value}")
    if form.keep_with_next:
        styles.append("break-after:avoid")
    border = _bottom_border(paragraph)
    if border:
        styles.append(border)
    inner = "".join(_run(run) for run in paragraph.runs)
    return f'<p style="{html.escape(";".join(styles))}">{inner}</p>'


def _bottom_border(paragraph: Paragraph) -> str:
    found = paragraph._p.find(f".//{qn('w:pBdr')}/{qn('w:bottom')}")
    if found is None:
        return ""
    color = found.get(qn("w:color")) or "000000"
    width = int(found.get(qn("w:sz")) or 4) / 8
    return f"border-bottom:{width:g}pt solid #{color}" if color.isalnum() else ""


def _run(run: Run) -> str:
    styles = []
    if run.font.size:
        styles.append(f"font-size:{run.font.size.pt:g}pt")
    if run.bold:
        styles.append("font-weight:700")
    if run.underline:
        styles.append("text-decoration:underline")
    if run.font.color is not None and run.font.color.rgb is not None:
        styles.append(f"color:#{run.font.color.rgb}")
    if run.font.name and "小标宋" in run.font.name:
        styles.append(f"font-family:{TITLE_FONTS};font-weight:600")
    text = html.escape(run.text).replace("\n", "<br>").replace("\t", "&emsp;")
    return f'<span style="{html.escape(";".join(styles))}">{text}</span>'


def _table(table: Table) -> str:
    widths = [column.width or 1 for column in table.columns]
    total = sum(widths) or 1
    columns = "".join(
        f'<col style="width:{width * 100 / total:.2f}%">' for width in widths
    )
    rows = "".join(_row(row) for row in table.rows)
    return f"<table><colgroup>{columns}</colgroup>{rows}</table>"


def _row(row: Any) -> str:
    cells = []
    for tc in row._tr.tc_lst:
        paragraphs = "".join(_paragraph(Paragraph(p, row)) for p in tc.p_lst)
        span = tc.grid_span
        cells.append(f'<td colspan="{span}">{paragraphs}</td>')
    return f"<tr>{''.join(cells)}</tr>"
