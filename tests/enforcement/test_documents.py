"""Documents: numbers without gaps, nothing issued changes, templates are tried."""

import io
import zipfile

import docx
import pytest
from django.db import IntegrityError, transaction

from bozhou_eco.evidence.services import read_file
from enforcement.domain.documents import FORMS, DocumentKind
from enforcement.domain.workflow import FieldKind, Refused
from enforcement.models import Document, DocumentTemplate, NumberSeries
from enforcement.papers.build import default_template
from enforcement.papers.forms import paper
from enforcement.selectors.context import sample_context
from enforcement.services.documents import (
    check_upload,
    ensure_pdf,
    issue_document,
    save_draft,
    upload_template,
    void_document,
)


def answers(kind, **over):
    def fill(field):
        return {
            FieldKind.DATE: "2026-12-01",
            FieldKind.YES_NO: "yes",
            FieldKind.MONEY: "1000",
            FieldKind.COUNT: "3",
        }.get(field.kind, "内容")

    return {f.name: over.get(f.name, fill(f)) for f in paper(kind).fields}


def issue(case, people, now, kind=DocumentKind.TRANSFER_LETTER, who="alice", **over):
    return issue_document(
        case=case, kind=kind, data=answers(kind, **over), actor=people[who], now=now
    )


def words(content):
    document = docx.Document(io.BytesIO(content))
    cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


def test_it_works(clue, people, now):
    document = issue(clue, people, now, recipient="博乐市交警大队")
    assert document.number == "博州环移送〔2026〕1号"
    assert document.state == "issued"
    text = words(read_file(document.word))
    assert "博乐市交警大队：" in text
    assert "博州环移送〔2026〕1号" in text
    assert "晨岭水泥窑尾氮氧化物小时均值超标" in text
    step = clue.steps.latest("seq")
    assert (step.action, step.data["sha256"]) == (
        "issue_document",
        document.word.sha256,
    )


def test_what_is_not_filled_in_is_named_and_takes_no_number(clue, people, now):
    with pytest.raises(Refused) as caught:
        issue(clue, people, now, recipient="", matter="")
    assert caught.value.missing == ("未填写接收单位", "未填写移送事项")
    assert not Document.objects.exists()
    assert not NumberSeries.objects.filter(kind="移送").exists()


def test_numbers_run_on_without_gaps_over_voids(clue, people, now):
    first = issue(clue, people, now)
    void_document(document=first, reason="错字", actor=people["alice"], now=now)
    second = issue(clue, people, now)
    assert (first.number, second.number, second.version) == (
        "博州环移送〔2026〕1号",
        "博州环移送〔2026〕2号",
        2,
    )


def test_nothing_issued_changes(clue, people, now):
    document = issue(clue, people, now)
    for changes in ({"number": "x"}, {"context": {}}, {"data": {"a": 1}}):
        rows = Document.objects.filter(pk=document.pk)
        with pytest.raises(IntegrityError, match="not change"), transaction.atomic():
            rows.update(**changes)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        document.delete()
    void_document(document=document, reason="错字", actor=people["alice"], now=now)
    with pytest.raises(IntegrityError, match="stays void"), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(state="issued")


def test_a_served_document_is_not_voided(clue, people, now):
    document = issue(clue, people, now)
    Document.objects.filter(pk=document.pk).update(state="served")
    with pytest.raises(Refused, match="已送达的文书不能作废"):
        void_document(document=document, reason="x", actor=people["alice"], now=now)


def test_a_draft_becomes_the_document(clue, people, now):
    draft = save_draft(
        case=clue,
        kind="transfer_letter",
        data={"recipient": "交警"},
        actor=people["alice"],
        now=now,
    )
    assert issue(clue, people, now).pk == draft.pk


def test_the_wrong_role_and_the_wrong_district_are_refused(clue, people, now):
    with pytest.raises(Refused, match="不能制作《法制审核意见书》"):
        issue(clue, people, now, DocumentKind.LEGAL_OPINION)
    with pytest.raises(Refused, match="管辖"):
        issue(clue, people, now, who="charlie")
    assert not Document.objects.exists()


def test_the_investigator_cannot_have_reviewed(clue, people, now):
    clue.people.create(user=people["alice"], duty="review", since=now)
    with pytest.raises(Refused, match="不能再承担调查"):
        issue(clue, people, now, DocumentKind.SITE_RECORD)


def test_rare_characters_survive_word_and_pdf(clue, people, now):
    document = issue(clue, people, now, recipient="𠮷林·阿布都<b>&站")
    assert "𠮷林·阿布都<b>&站：" in words(read_file(document.word))
    pdf = ensure_pdf(document=document, now=now)
    content = read_file(pdf)
    assert content.startswith(b"%PDF-")
    document.refresh_from_db()
    assert ensure_pdf(document=document, now=now).pk == pdf.pk


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_every_default_template_passes_its_own_check(kind):
    check_upload(kind, default_template(kind))


def test_every_form_knows_only_variables_that_exist():
    known = sample_context(DocumentKind.CATALOGUE)
    assert {"agency", "party", "evidence", "form", "owed_late"} <= set(known)
    assert set(FORMS) == set(DocumentKind)


def template(text):
    document = docx.Document()
    document.add_paragraph(text)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def with_part(content, name, body=b"x"):
    output = io.BytesIO(content)
    with zipfile.ZipFile(output, "a") as archive:
        archive.writestr(name, body)
    return output.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (template("{{ salary }}"), "未知变量：salary"),
        (template("{{ party "), "模板标签有误"),
        (template("{% if party %}"), "模板标签有误"),
        (with_part(template("x"), "word/vbaProject.bin"), "宏或嵌入对象"),
        (with_part(template("x"), "word/embeddings/a.bin"), "宏或嵌入对象"),
        (
            with_part(
                template("x"), "word/_rels/x.rels", b'<a TargetMode="External"/>'
            ),
            "外部资源",
        ),
        (b"not a zip", "不是 .docx"),
        (b"", "不是 .docx"),
    ],
)
def test_a_bad_template_is_refused(people, now, content, reason):
    with pytest.raises(Refused, match=reason):
        upload_template(
            kind="closing_form", content=content, note="", actor=people["lead"], now=now
        )
    assert not DocumentTemplate.objects.exists()


def test_a_template_cannot_reach_into_python(people, now):
    text = "{{ party.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(Refused, match="模板标签有误"):
        check_upload("closing_form", template(text))


def test_a_replaced_template_is_used_from_then_on(clue, people, now):
    row = upload_template(
        kind="transfer_letter",
        content=template("本局样式：{{ form.recipient }} {{ number }}"),
        note="新样式",
        actor=people["lead"],
        now=now,
    )
    document = issue(clue, people, now, recipient="交警")
    assert (row.version, document.template_version) == (1, 1)
    assert words(read_file(document.word)) == f"本局样式：交警 {document.number}"
