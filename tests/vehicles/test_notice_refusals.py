"""Notices to market regulation: what is refused, receipts and answers of either kind."""

import pytest

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from enforcement.models import Case
from enforcement.services.cases import open_case
from enforcement.services.transfers import record_joint_reply
from tests import factories
from tests.vehicles.station_makers import NOON, station
from vehicles.models import Finding, MarketNotice, Station
from vehicles.services import notices
from vehicles.services.errors_stations import StationRefusalError

pytestmark = pytest.mark.django_db
TODAY = clock.beijing(NOON).date()
FACTS = ("receipt", "received_on", "answer", "answered_on", "state")


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER)


@pytest.fixture
def where() -> Station:
    return station()


def sent(where: Station, officer: User, **more: object) -> MarketNotice:
    values = {"matter": "数据失实", "findings": [], "now": NOON} | more
    return notices.send_notice(station=where, actor=officer, **values)


def acts() -> int:
    return AuditEntry.objects.filter(act__startswith="station.notice.").count()


def test_a_notice_is_refused_for_another_stations_finding_number_or_clue(
    where: Station, officer: User
) -> None:
    other = station("652722002")
    finding = Finding.objects.create(
        station=other, rule="co_co2", score=0.9, why="x", occurred_at=NOON, at=NOON
    )
    clue = open_case(
        actor=officer,
        now=NOON,
        subject_key=f"station:{other.code}",
        subject_name="乙站",
    )
    MarketNotice.objects.create(
        station=other, number="博环函〔2026〕1号", matter="旧", basis="旧", receiver="旧",
        sent_at=NOON, sent_by=officer,
    )  # fmt: skip
    stranger = factories.user(
        Role.OFFICER,
        organisation=factories.department(factories.district("652701", "博乐市")),
    )
    refusals = [
        ({"findings": [finding]}, "不属于该机构", "findings", 400),
        ({"number": "博环函〔2026〕1号"}, "文号已使用", "number", 409),
        ({"case_number": clue.number}, "对象是 乙站", "case_number", 400),
        ({"actor": stranger}, "管辖范围", "", 409),
    ]
    for more, words, field, status in refusals:
        given = {"actor": officer} | more
        with pytest.raises(StationRefusalError, match=words) as refused:
            notices.send_notice(
                station=where,
                matter="数据失实",
                now=NOON,
                **({"findings": []} | given),
            )
        assert (refused.value.field, refused.value.status) == (field, status)
    assert MarketNotice.objects.count() == 1
    assert Case.objects.count() == 1, "no clue is left over"
    assert acts() == 0
    made = sent(where, officer, number="博环函〔2026〕2号")
    assert (made.number, acts()) == ("博环函〔2026〕2号", 1)


def test_a_receipt_comes_before_the_answer_and_each_is_kept(
    where: Station, officer: User
) -> None:
    made = sent(where, officer)
    give = {"notice": made, "actor": officer, "now": NOON}
    with pytest.raises(StationRefusalError, match="签收文号或反馈") as refused:
        notices.answer_notice(receipt=" ", answer="", **give)
    assert refused.value.field == "receipt"
    assert acts() == 1
    notices.answer_notice(receipt="市监收7号", answer="", **give)
    made.refresh_from_db()
    assert (made.state, made.receipt, made.answered_on) == (
        "received",
        "市监收7号",
        None,
    )
    with pytest.raises(StationRefusalError, match="已登记签收文号 市监收7号"):
        notices.answer_notice(receipt="市监收8号", answer="", **give)
    assert acts() == 2
    notices.answer_notice(receipt="", answer=" 责令改正 ", **give)
    made.refresh_from_db()
    assert (made.state, made.answer) == ("answered", "责令改正")
    assert (made.receipt, made.received_on, made.answered_on) == (
        "市监收7号",
        TODAY,
        TODAY,
    )
    made.transfer.refresh_from_db()
    assert (made.transfer.result, made.transfer.reply_number) == (
        "责令改正",
        "市监收7号",
    )
    with pytest.raises(StationRefusalError, match="已反馈"):
        notices.answer_notice(receipt="", answer="再改", **give)
    assert acts() == 3


def test_receipt_and_answer_may_come_together_and_a_refusal_keeps_neither(
    where: Station, officer: User
) -> None:
    made = sent(where, officer)
    give = {"notice": made, "receipt": "市监收7号", "answer": "责令改正", "now": NOON}
    with pytest.raises(StationRefusalError) as refused:
        notices.answer_notice(actor=factories.user(Role.AUDITOR), **give)
    assert refused.value.code == "not_possible"
    made.refresh_from_db()
    made.transfer.refresh_from_db()
    assert (made.state, made.receipt, made.transfer.state) == ("sent", "", "sent")
    notices.answer_notice(actor=officer, **give)
    made.refresh_from_db()
    made.transfer.refresh_from_db()
    assert (made.state, made.receipt, made.answer) == (
        "answered",
        "市监收7号",
        "责令改正",
    )
    assert made.transfer.state == "replied"


def test_an_old_notice_without_a_clue_is_answered_by_itself(
    where: Station, officer: User
) -> None:
    made = MarketNotice.objects.create(
        station=where, number="旧1号", matter="旧", basis="旧", receiver="旧",
        sent_at=NOON, sent_by=officer,
    )  # fmt: skip
    notices.answer_notice(
        notice=made, receipt="收1号", answer="已处理", actor=officer, now=NOON
    )
    made.refresh_from_db()
    assert (made.standing, made.receipt, made.told) == ("answered", "收1号", "已处理")
    assert not Case.objects.exists()


def test_a_receipt_that_casework_knows_already_is_only_noted_here(
    where: Station, officer: User
) -> None:
    made = sent(where, officer)
    made.transfer.state, made.transfer.receipt = "received", "线上签收"
    made.transfer.received_on = TODAY
    made.transfer.save()
    notices.answer_notice(
        notice=made, receipt="市监收7号", answer="", actor=officer, now=NOON
    )
    made.refresh_from_db()
    made.transfer.refresh_from_db()
    assert (made.state, made.receipt) == ("received", "市监收7号")
    assert made.transfer.receipt == "线上签收"
    record_joint_reply(
        transfer=made.transfer, reply_number="函3号", replied_on=TODAY,
        result="不予立案", actor=officer, now=NOON,
    )  # fmt: skip
    made = MarketNotice.objects.get(pk=made.pk)
    assert (made.standing, made.told) == ("answered", "不予立案")
