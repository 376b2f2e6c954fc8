"""Documents: ended cases, files made once, what may be voided and served."""

from datetime import date

import pytest

from enforcement.domain.documents import DocumentKind
from enforcement.models import Document
from enforcement.services import documents
from enforcement.services.steps import verify_steps
from tests.enforcement.refusing import papers, put, refused, story_of, told

TODAY = date(2026, 11, 23)


def void(document, people, now, who="alice", reason="笔误"):
    return documents.void_document(
        document=document, reason=reason, actor=people[who], now=now
    )


def serve(document, people, now, who="alice", on=TODAY):
    return documents.serve_document(
        document=document, served_on=on, method="mail", actor=people[who], now=now
    )


def test_an_ended_case_takes_its_catalogue_only(clue, people, now):
    story = story_of(put(clue, state="closed", ended_at=now), people, now)
    with refused("案件已办结，不能再制作文书"):
        story.paper(DocumentKind.TRANSFER_LETTER, people["alice"])
    made = story.paper(DocumentKind.CATALOGUE, people["alice"])
    assert (made.state, made.kind) == ("issued", "catalogue")


def test_a_kind_that_does_not_exist_is_named(clue, people, now):
    for call in (documents.save_draft, documents.issue_document):
        with refused("没有这种文书：gossip"):
            call(case=clue, kind="gossip", data={}, actor=people["alice"], now=now)


def test_another_district_neither_drafts_nor_issues(clue, people, now):
    """Charlie may make such papers, in his own district."""
    with refused("本案不在您的管辖范围内"):
        documents.save_draft(
            case=clue, kind="site_record", data={}, actor=people["charlie"], now=now
        )
    with refused("本案不在您的管辖范围内"):
        story_of(clue, people, now).paper(DocumentKind.SITE_RECORD, people["charlie"])


def test_the_pdf_is_made_once_also_by_two_who_ask_at_once(clue, people, now):
    [draft] = papers(
        clue, people["alice"], now, DocumentKind.CATALOGUE, state="draft",
        issued_at=None,
    )  # fmt: skip
    with refused("草稿没有 PDF"):
        documents.ensure_pdf(document=draft, now=now)
    made = story_of(clue, people, now).paper(DocumentKind.SITE_RECORD, people["alice"])
    one, other = (Document.objects.get(pk=made.pk) for _ in range(2))
    first = documents.ensure_pdf(document=one, now=now)
    assert first.media_type == "application/pdf"
    # the other still thinks that there is none
    assert other.pdf is None
    assert documents.ensure_pdf(document=other, now=now) == first
    assert Document.objects.get(pk=made.pk).pdf == first


def test_only_an_issued_document_is_voided_with_its_reason(clue, people, now):
    issued, draft, sent = (
        papers(
            clue, people["alice"], now, DocumentKind.TRANSFER_LETTER, state=state,
            number=state,
        )[0]
        for state in ("issued", "draft", "served")
    )  # fmt: skip
    with refused("管辖"):
        void(issued, people, now, "charlie")
    with refused("请填写作废原因"):
        void(issued, people, now, reason=" ")
    with refused("只能作废已定稿的文书"):
        void(draft, people, now)
    with refused("已送达的文书不能作废"):
        void(sent, people, now)
    done = void(issued, people, now, reason="错" * 300)
    assert (done.state, len(done.void_reason)) == ("void", 240)
    with refused("只能作废已定稿的文书"):
        void(issued, people, now)
    assert told(clue, "void_document") == (1, 1)
    assert verify_steps(clue) == []


def test_what_goes_out_is_served_once_between_issue_and_today(clue, people, now):
    letter, inner = papers(
        clue, people["alice"], now, DocumentKind.HEARING_NOTICE,
        DocumentKind.SITE_RECORD,
    )  # fmt: skip
    with refused("管辖"):
        serve(letter, people, now, "charlie")
    with refused("不对外送达"):
        serve(inner, people, now)
    for day in (date(2026, 11, 22), date(2026, 11, 24)):
        with refused("送达日期应在 2026-11-23 与今天之间"):
            serve(letter, people, now, on=day)
    done = serve(letter, people, now)
    assert (done.state, done.served_on) == ("served", TODAY)
    with refused("已定稿且未送达"):
        serve(letter, people, now)
    assert told(clue, "serve_document") == (1, 1)


@pytest.mark.parametrize("who", ["lex", "rita"])
def test_a_draft_is_kept_by_those_alone_who_may_make_it(clue, people, now, who):
    kind = DocumentKind.LEGAL_OPINION

    def keep(text):
        return documents.save_draft(
            case=clue, kind=kind.value, data={"opinion": text}, actor=people[who],
            now=now,
        )  # fmt: skip

    if who == "rita":
        with refused("当前角色不能制作"):
            keep("同意")
        return
    assert keep("同意").pk == keep("补充").pk
    assert clue.documents.get().data == {"opinion": "补充"}
