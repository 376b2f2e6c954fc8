"""Build default Word templates in the form of official documents (GB/T 9704-2012).

A4, margins 37/35/28/26 mm (a text block of 156 × 225 mm), body in 仿宋 三号, title in
小标宋 二号, page number "— 1 —" in 四号 at the foot.
"""

import io
from functools import cache

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from enforcement.domain.documents import FORMS, DocumentKind
from enforcement.papers.forms import Block, Line, paper

BODY, TITLE = "仿宋_GB2312", "方正小标宋简体"
BODY_SIZE, TITLE_SIZE, FORM_SIZE = Pt(16), Pt(22), Pt(12)
RED = RGBColor(0xE6, 0x00, 0x12)
LINE = Pt(28)
WIDTHS = (Mm(30), Mm(48), Mm(30), Mm(48))


@cache
def default_template(kind: DocumentKind) -> bytes:
    """Return the Word template that ships for ``kind``."""
    document = docx.Document()
    _page(document)
    description, form = paper(kind), FORMS[kind]
    tabular = any(b.kind in (Line.ROW, Line.WIDE) for b in description.blocks)
    if form.redhead:
        _red_head(document)
    table: Table | None = None
    for block in description.blocks:
        if block.kind == Line.SIGN and document.paragraphs:
            document.paragraphs[-1].paragraph_format.keep_with_next = True
        if block.kind in (Line.ROW, Line.WIDE):
            table = table or _table(document)
            _row(table, block)
            continue
        _paragraph(document, block, numbered=bool(form.series), tabular=tabular)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    style = document.styles["Normal"]
    style.font.size = BODY_SIZE
    style.font.name = BODY
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(foot, "— ", size=Pt(14))
    _page_field(foot)
    _run(foot, " —", size=Pt(14))


def _page_field(paragraph: Paragraph) -> None:
    run = paragraph.add_run()
    run.font.size = Pt(14)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        name = "w:fldChar" if kind else "w:instrText"
        element = OxmlElement(name)
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _run(
    paragraph: Paragraph,
    text: str,
    *,
    size: Pt | None = None,
    font: str = BODY,
    bold: bool = False,
    color: RGBColor | None = None,
) -> Run:
    run = paragraph.add_run(text)
    run.font.name = font
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    run.bold = bold or None
    if size is not None:
        run.font.size = size
    if color is not None:
        run.font.color.rgb = color
    return run


def _exact(paragraph: Paragraph, points: Pt = LINE) -> Paragraph:
    form = paragraph.paragraph_format
    form.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    form.line_spacing = points
    form.space_before = form.space_after = Pt(0)
    return paragraph


def _red_head(document: Document) -> None:
    head = document.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _exact(head, Pt(44))
    _run(head, "{{ agency }}", size=Pt(30), font=TITLE, color=RED)
    rule = document.add_paragraph()
    _exact(rule, Pt(6))
    border = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("color", "E60012")):
        bottom.set(qn(f"w:{name}"), value)
    border.append(bottom)
    rule._p.get_or_add_pPr().append(border)


def _paragraph(
    document: Document, block: Block, *, numbered: bool, tabular: bool
) -> None:
    if block.kind == Line.TITLE:
        _title(document, block.cells[0], numbered)
        return
    if block.kind == Line.SIGN:
        _sign(document)
        return
    paragraph = _exact(document.add_paragraph())
    if block.kind == Line.TEXT:
        paragraph.paragraph_format.first_line_indent = BODY_SIZE * 2
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    _run(paragraph, block.cells[0], size=FORM_SIZE if tabular else BODY_SIZE)


def _title(document: Document, text: str, numbered: bool) -> None:
    title = _exact(document.add_paragraph(), Pt(34))
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = Pt(18)
    _run(title, text, size=TITLE_SIZE, font=TITLE)
    number = _exact(document.add_paragraph())
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number.paragraph_format.space_after = Pt(12)
    if numbered:
        _run(number, "{{ number }}")


def _sign(document: Document) -> None:
    for text, before in (
        ("（印章）", Pt(48)),
        ("{{ agency }}", Pt(0)),
        ("{{ date }}", Pt(0)),
    ):
        line = _exact(document.add_paragraph())
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.space_before = before
        line.paragraph_format.right_indent = BODY_SIZE * 4
        line.paragraph_format.keep_with_next = text != "{{ date }}"
        _run(line, text)


def _table(document: Document) -> Table:
    table = document.add_table(rows=0, cols=4)
    table.style = "Table Grid"
    table.autofit = False
    for column, width in zip(table.columns, WIDTHS, strict=True):
        column.width = width
    return table


def _row(table: Table, block: Block) -> None:
    row = table.add_row()
    for cell, width in zip(row.cells, WIDTHS, strict=True):
        cell.width = width
    cells = row.cells
    if block.kind == Line.WIDE:
        body = cells[1].merge(cells[3])
        _cell(cells[0], block.cells[0], label=True)
        _cell(body, block.cells[1], label=False)
        return
    for place, text in enumerate(block.cells[:4]):
        _cell(cells[place], text, label=place % 2 == 0)


def _cell(cell: _Cell, text: str, *, label: bool) -> None:
    paragraph = cell.paragraphs[0]
    form = paragraph.paragraph_format
    form.space_before = form.space_after = Pt(4)
    if label:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, text, size=FORM_SIZE)
