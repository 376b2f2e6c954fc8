"""Side acts about replies to reporters and to the level above, and their receipts."""

from typing import Any

from enforcement.domain.workflow import Field, FieldKind, Refused
from enforcement.models import Case, CaseFile
from enforcement.services import feedback
from enforcement.views.registry import BUREAU, Ask, Given, SideAct, register
from enforcement.views.side_content import day, text
from enforcement.views.side_work import today


def _file_field(ask: Ask, name: str, label: str) -> Field:
    options = tuple((str(row.pk), row.title[:60]) for row in ask.case.files.all())
    return Field(
        name,
        label,
        FieldKind.CHOICE,
        options,
        required=False,
        help="先在证据中添加文件",
    )


def _file(ask: Ask, given: Given, name: str) -> CaseFile | None:
    chosen = text(given, name)
    return ask.case.files.filter(pk=int(chosen)).first() if chosen else None


def _unreceipted(case: Case) -> Any:
    return case.replies.filter(receipt="").exclude(sent_on=None)


def _reply_receipt(ask: Ask, given: Given, _: str) -> object:
    found = _unreceipted(ask.case).filter(pk=int(text(given, "reply"))).first()
    if found is None:
        raise Refused("没有这件回复，或已登记回执")
    return feedback.register_reply_receipt(
        reply=found,
        receipt=text(given, "receipt"),
        file=_file(ask, given, "file"),
        actor=ask.user,
        now=ask.now,
    )


def _reply(ask: Ask, given: Given, _: str) -> object:
    on = day(given, "sent_on")
    assert on is not None
    return feedback.send_reply(
        case=ask.case,
        to=text(given, "to"),
        content=text(given, "content"),
        sent_on=on,
        receipt=text(given, "receipt"),
        file=_file(ask, given, "file"),
        actor=ask.user,
        now=ask.now,
    )


register(
    SideAct(
        "reply", "回复反馈", BUREAU,
        lambda ask: (
            Field("to", "回复对象", most=120),
            Field("content", "回复内容", FieldKind.LONG),
            Field("sent_on", "回复日期", FieldKind.DATE),
            _file_field(ask, "file", "回复文件"),
            Field("receipt", "回执", required=False, most=120),
        ),
        _reply, icon="send", anchor="feedback", initial=today("sent_on"),
    ),
    SideAct(
        "reply-receipt", "登记回复回执", BUREAU,
        lambda ask: (
            Field(
                "reply", "回复", FieldKind.CHOICE,
                tuple((str(r.pk), f"{r.sent_on} {r.to}") for r in _unreceipted(ask.case)),
            ),
            Field("receipt", "回执（编号、签收人）", most=120),
            _file_field(ask, "file", "回执文件"),
        ),
        _reply_receipt, icon="receipt", anchor="feedback",
        shown=lambda now: now.unreceipted,
    ),
)  # fmt: skip
