"""Every kind of document as Word and as PDF: its title, its words, A4 in 公文 form."""

import io
import os
from pathlib import Path

import docx
import pytest

from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import FieldKind
from enforcement.papers.build import default_template
from enforcement.papers.forms import paper
from enforcement.papers.pdf import word_to_pdf
from enforcement.papers.word import render_word
from enforcement.selectors.context import sample_context

SHOTS = os.environ.get("BOZHOU_SHOTS", "")
TITLES = {DocumentKind.HANDOVER_LETTER: "线索的函"}
NAME = "阿依努尔·买买提 𠮷田有限公司"
WORDS = {
    "agency": "博尔塔拉蒙古自治州生态环境局精河县分局",
    "number": "博州环罚精〔2026〕7号",
    "party": NAME,
    "author": "核查员甲",
    "date": "2026年11月23日",
    "nl": "\n",
}


def filled(kind):
    """Return a context in which every variable says something."""
    known = sample_context(kind)
    context = {
        name: WORDS.get(name, f"〔{name}〕") if value == "" else value
        for name, value in known.items()
    }
    context["form"] = {f.name: f"{f.label}的内容" for f in paper(kind).fields}
    return context


@pytest.mark.parametrize("kind", list(DocumentKind), ids=lambda kind: kind.value)
def test_word_and_pdf(kind):
    word = render_word(default_template(kind), filled(kind))
    document = docx.Document(io.BytesIO(word))
    lines = [p.text for p in document.paragraphs]
    lines += [c.text for t in document.tables for row in t.rows for c in row.cells]
    text = "\n".join(lines)
    assert TITLES.get(kind, kind.label) in text.replace(" ", "").replace("\u3000", "")
    assert "{{" not in text
    assert "{%" not in text
    assert "built-in" not in text
    for field in paper(kind).fields:
        if field.kind is not FieldKind.YES_NO:
            assert f"{field.label}的内容" in text, field.name
    section = document.sections[0]
    assert round(section.page_width.mm) == 210
    assert (round(section.top_margin.mm), round(section.left_margin.mm)) == (37, 28)
    pdf = word_to_pdf(word, title=kind.label)
    assert pdf.startswith(b"%PDF-")
    if SHOTS:
        (Path(SHOTS) / f"{kind.value}.docx").write_bytes(word)
        (Path(SHOTS) / f"{kind.value}.pdf").write_bytes(pdf)
