"""The weekly clue report as a Word document in the form of official papers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

BODY, HEAD, TITLE = "仿宋_GB2312", "黑体", "方正小标宋简体"
SIZE = Pt(16)
NUMERALS = "一二三四五六七八"


@dataclass(frozen=True, slots=True)
class Paper:
    """What the paper says; ``sections`` are headings with their paragraphs."""

    title: str
    number: str
    period: str
    summary: str
    sections: Sequence[tuple[str, Sequence[str]]]
    agency: str
    signer: str
    date: str


def build(paper: Paper) -> bytes:
    """Return the Word document."""
    document = docx.Document()
    _page(document)
    _line(document, paper.title, font=TITLE, size=Pt(22), middle=True, points=36)
    _line(document, f"{paper.number}　{paper.period}", middle=True)
    for text in paper.summary.splitlines():
        _line(document, text, indent=True)
    shown = [section for section in paper.sections if section[1]]
    for position, (heading, texts) in enumerate(shown):
        _line(document, f"{NUMERALS[position]}、{heading}", font=HEAD, indent=True)
        for number, text in enumerate(texts, start=1):
            _line(document, f"{number}. {text}", indent=True)
    for text in (paper.agency, f"签发：{paper.signer}", paper.date):
        line = _line(document, text)
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.keep_with_next = text != paper.date
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)


def _line(
    document: Document,
    text: str,
    *,
    font: str = BODY,
    size: Pt = SIZE,
    middle: bool = False,
    indent: bool = False,
    points: int = 28,
) -> Paragraph:
    paragraph = document.add_paragraph()
    form = paragraph.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(points)
    form.space_before = form.space_after = Pt(0)
    if middle:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if indent:
        form.first_line_indent = SIZE * 2
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    run = paragraph.add_run(_printable(text))
    run.font.name, run.font.size = font, size
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return paragraph


def _printable(text: str) -> str:
    """Drop control characters, which XML does not allow."""
    return "".join(c for c in text if c == "\t" or c >= " ")
