"""Side acts about money: payments, remedies, publication, daily fines, return visits."""

from decimal import Decimal

from enforcement.domain.workflow import AFTER_DECISION, Field, FieldKind, Refused, State
from enforcement.models import Case, Payment, Remedy
from enforcement.selectors.facts import current_decision
from enforcement.services import money
from enforcement.services.feedback import revisit
from enforcement.services.measures import decide_daily_fine
from enforcement.views.registry import (
    LEADER,
    LEGAL,
    OFFICER,
    REVIEWER,
    Ask,
    Given,
    SideAct,
    register,
)
from enforcement.views.side_content import day, text
from enforcement.views.side_law import amount_of

PAY_STATES = frozenset(
    {State.FULFILLING, State.URGING, State.ENFORCING, State.FEEDBACK}
)


def _payment_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("kind", "种类", FieldKind.CHOICE, tuple(Payment.Kind.choices)),
        Field("amount", "金额（元）", FieldKind.MONEY),
        Field("paid_on", "日期", FieldKind.DATE),
        Field("receipt", "票据号", most=60),
    )


def _register_payment(ask: Ask, given: Given, _: str) -> object:
    paid_on = day(given, "paid_on")
    assert paid_on is not None
    return money.register_payment(
        case=ask.case,
        kind=text(given, "kind"),
        amount=amount_of(given, "amount") or Decimal(0),
        paid_on=paid_on,
        receipt=text(given, "receipt"),
        actor=ask.user,
        now=ask.now,
    )


def _remedy_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("kind", "种类", FieldKind.CHOICE, tuple(Remedy.Kind.choices)),
        Field("body", "受理机关", most=80),
        Field("accepted_on", "受理日期", FieldKind.DATE),
    )


def _register_remedy(ask: Ask, given: Given, _: str) -> object:
    accepted_on = day(given, "accepted_on")
    assert accepted_on is not None
    return money.register_remedy(
        case=ask.case,
        kind=text(given, "kind"),
        body=text(given, "body"),
        accepted_on=accepted_on,
        actor=ask.user,
        now=ask.now,
    )


def _open_remedies(case: Case) -> tuple[tuple[str, str], ...]:
    decision = current_decision(case)
    rows = decision.remedies.filter(ended_on=None) if decision else []
    return tuple((str(row.pk), str(row)) for row in rows)


def _end_remedy_fields(ask: Ask) -> tuple[Field, ...]:
    return (
        Field("remedy", "程序", FieldKind.CHOICE, _open_remedies(ask.case)),
        Field("result", "结果", FieldKind.CHOICE, tuple(Remedy.Result.choices)),
        Field("ended_on", "终结日期", FieldKind.DATE),
        Field("reference", "文书文号", most=60),
    )


def _end_remedy(ask: Ask, given: Given, _: str) -> object:
    ended_on = day(given, "ended_on")
    assert ended_on is not None
    remedy = Remedy.objects.filter(
        pk=int(text(given, "remedy")), decision__case=ask.case
    ).first()
    if remedy is None:
        raise Refused("没有这个程序")
    return money.end_remedy(
        remedy=remedy,
        result=text(given, "result"),
        ended_on=ended_on,
        reference=text(given, "reference"),
        actor=ask.user,
        now=ask.now,
    )


def _publish_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("published_on", "公示日期", FieldKind.DATE),
        Field("url", "公示地址", required=False, most=300),
    )


def _publish(ask: Ask, given: Given, _: str) -> object:
    on = day(given, "published_on")
    assert on is not None
    return money.publish_decision(
        case=ask.case,
        published_on=on,
        url=text(given, "url"),
        actor=ask.user,
        now=ask.now,
    )


def _repair(ask: Ask, given: Given, note: str) -> object:
    on = day(given, "repaired_on")
    assert on is not None
    return money.repair_credit(
        case=ask.case, repaired_on=on, note=note, actor=ask.user, now=ask.now
    )


def _daily_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("days", "计罚日数", FieldKind.COUNT),
        Field("served_on", "送达日期", FieldKind.DATE),
    )


def _daily(ask: Ask, given: Given, note: str) -> object:
    served_on, days = day(given, "served_on"), given.get("days")
    assert served_on is not None
    return decide_daily_fine(
        case=ask.case,
        days=days if isinstance(days, int) else 0,
        served_on=served_on,
        note=note,
        actor=ask.user,
        now=ask.now,
    )


def _revisit(ask: Ask, given: Given, note: str) -> object:
    on = day(given, "on")
    assert on is not None
    return revisit(case=ask.case, on=on, finding=note, actor=ask.user, now=ask.now)


register(
    SideAct(
        "payment",
        "登记缴款",
        (OFFICER, LEGAL, LEADER),
        _payment_fields,
        _register_payment,
        icon="receipt",
        anchor="money",
        states=PAY_STATES,
        shown=lambda now: bool(now.fines),
    ),
    SideAct(
        "remedy",
        "登记复议诉讼",
        (LEGAL, OFFICER),
        _remedy_fields,
        _register_remedy,
        icon="book",
        anchor="money",
        states=frozenset({*AFTER_DECISION, State.FEEDBACK}),
        shown=lambda now: bool(now.fines),
    ),
    SideAct(
        "end-remedy",
        "登记复议诉讼结果",
        (LEGAL, OFFICER),
        _end_remedy_fields,
        _end_remedy,
        icon="book",
        anchor="money",
        shown=lambda now: now.contested,
    ),
    SideAct(
        "publish",
        "公示处罚决定",
        (OFFICER, LEGAL),
        _publish_fields,
        _publish,
        icon="world",
        anchor="money",
        shown=lambda now: bool(now.fines) and not now.published,
    ),
    SideAct(
        "repair-credit",
        "登记信用修复",
        (OFFICER, LEGAL),
        lambda ask: (Field("repaired_on", "修复日期", FieldKind.DATE),),
        _repair,
        note=True,
        icon="certificate",
        anchor="money",
        after_end=True,
        shown=lambda now: now.published,
    ),
    SideAct(
        "daily-fine",
        "按日连续处罚",
        (LEADER,),
        _daily_fields,
        _daily,
        note=True,
        said="复查情况与决定意见",
        icon="calendar-event",
        anchor="money",
        states=frozenset({State.FULFILLING, State.URGING}),
        shown=lambda now: bool(now.fines),
    ),
    SideAct(
        "revisit",
        "登记回访",
        (OFFICER, REVIEWER),
        lambda ask: (Field("on", "回访日期", FieldKind.DATE),),
        _revisit,
        note=True,
        said="回访情况",
        icon="route",
        anchor="feedback",
        after_end=True,
        states=frozenset({State.FEEDBACK, State.CLOSING, State.CLOSED}),
    ),
)
