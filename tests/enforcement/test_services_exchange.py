"""Parcels: which are taken and for whom, what each row may do, what is sent again."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bozhou_eco.common import exchange
from bozhou_eco.common.exchange import folder
from bozhou_eco.evidence.services import read_file
from enforcement.domain.documents import DocumentKind
from enforcement.models import (
    Cause,
    Counterpart,
    ExchangeParcel,
    Inspection,
    PastPenalty,
    Transfer,
)
from enforcement.selectors.settings import forget_settings
from enforcement.services.exchange import outbox
from enforcement.services.exchange.inbox import receive
from tests.enforcement.refusing import papers, put, story_of, told, written

TODAY = date(2026, 11, 23)
DAY = TODAY.isoformat()
NOTHING = {"sent": 0, "accepted": 0, "refused": 0, "failed": 0}


def system(place, code="police", authority="traffic_police", contents=None):
    row = Counterpart.objects.create(
        code=code, name=f"{code} 系统", authority=authority, way="folder", active=True,
        contents=contents or ["transfer", "reply", "penalty", "check"],
        address=str(place / code), source="测试",
    )  # fmt: skip
    forget_settings()
    return row


@pytest.fixture
def police(tmp_path, districts):
    return system(tmp_path)


def parcel(content, rows, now, number="P1", files=None):
    body = {"rows.json": json.dumps(rows).encode()} if files is None else files
    return exchange.make_parcel(
        number=number, kind=f"case-{content}", sender="police", receiver="bozhou-eco",
        files=body, now=now,
    )  # fmt: skip


@pytest.fixture
def take(police, now):
    """Take a parcel of rows; returns how many were taken and what was wrong."""
    numbers = iter(range(1, 99))

    def make(content, *rows):
        made = parcel(content, list(rows), now, number=f"P{next(numbers)}")
        receipt = receive(system=police, parcel=made, now=now)
        return receipt.taken, list(receipt.problems)

    return make


@pytest.mark.parametrize(
    ("content", "files", "why"),
    [
        ("gossip", None, "不接收内容 case-gossip"),
        # known, but not agreed with this system; outward only
        ("case", None, "不接收内容 case-case"),
        ("check", {"other.json": b"[]"}, "批次中没有 rows.json"),
        ("check", {"rows.json": b"[}"}, "rows.json 不是 JSON"),
        ("check", {"rows.json": b"{}"}, "不超过 5000 行的列表"),
        ("check", {"rows.json": json.dumps([0] * 5001).encode()}, "不超过 5000 行"),
    ],
    ids=["unknown", "outward", "no rows", "no JSON", "no list", "too long"],
)
def test_a_parcel_that_cannot_be_read_is_not_taken(police, now, content, files, why):
    before = written()
    with pytest.raises(exchange.RefusedError) as caught:
        receive(system=police, parcel=parcel(content, [], now, files=files), now=now)
    assert why in caught.value.problems[0]
    assert written() == before


def test_a_content_that_was_not_agreed_is_not_taken(tmp_path, districts, now):
    quiet = system(tmp_path, contents=["transfer"])
    with pytest.raises(exchange.RefusedError, match="不接收内容 case-check"):
        receive(system=quiet, parcel=parcel("check", [], now), now=now)
    assert not ExchangeParcel.objects.exists()


# --- rows ------------------------------------------------------------------------------


@pytest.fixture
def transfers(clue, people, now):
    """Two letters to the traffic police and one to another department."""
    one, two, other = (
        papers(
            clue, people["duty"], now, DocumentKind.TRANSFER_LETTER, number=f"函{n}"
        )[0]
        for n in (1, 2, 3)
    )
    return [
        Transfer.objects.create(
            case=clue, authority=authority, matter="6063", sent_on=TODAY, state="sent",
            letter=letter, joint=joint,
        )
        for letter, authority, joint in (
            (one, "traffic_police", False),
            (two, "traffic_police", True),
            (other, "market", True),
        )
    ]  # fmt: skip


def states(rows):
    for row in rows:
        row.refresh_from_db()
    return [row.state for row in rows]


def test_an_answer_finds_the_letter_that_it_names(clue, transfers, take):
    head = {"number": clue.number, "on": DAY, "text": "收讫", "letter": "函2"}
    assert take("reply", {**head, "act": "receipt"}) == (1, [])
    assert states(transfers) == ["sent", "received", "sent"]
    taken, [why] = take("reply", {**head, "act": "receipt"})
    assert (taken, why) == (0, "第 1 行：该移送已签收")
    # a joint part is settled by its answer
    reply = {**head, "act": "reply", "reference": "9号"}
    assert take("reply", reply) == (1, [])
    assert states(transfers) == ["sent", "replied", "sent"]
    for letter in ("函2", "函3", "函9"):
        taken, [why] = take("reply", {**reply, "letter": letter})
        assert (taken, "没有等待本部门" in why) == (0, True)
    # without a letter the oldest that waits is meant
    reply.pop("letter")
    assert take("reply", reply) == (1, [])
    assert states(transfers) == ["received", "replied", "sent"]
    assert clue.steps.filter(action="partner_reply").count() == 2


def test_an_answer_before_the_letter_is_none(clue, transfers, take):
    row = {"number": clue.number, "act": "reply", "on": "2026-11-22", "text": "x"}
    before = clue.steps.count()
    taken, [why] = take("reply", row)
    assert (taken, why) == (0, f"第 1 行：日期早于移送日期 {TODAY}")
    assert states(transfers) == ["sent"] * 3
    assert clue.steps.count() == before


def test_a_penalty_needs_a_case_with_its_cause(clue, take):
    row = {
        "number": clue.number, "external_ref": "CF-1", "event": "decided", "on": DAY,
        "amount": "200", "reference": "罚1号",
    }  # fmt: skip
    taken, [why] = take("penalty", {**row, "number": "没有这个"})
    assert (taken, why) == (0, "第 1 行：没有编号为 没有这个 的线索或案件")
    taken, [why] = take("penalty", row)
    assert (taken, why) == (0, "第 1 行：案件尚未填写案由，不能登记处罚结果")
    clue.refresh_from_db()
    assert (clue.external_ref, PastPenalty.objects.count()) == ("", 0)
    put(clue, cause=Cause.objects.get(topic="exceed_air"))
    for field in ("amount", "reference"):
        taken, [why] = take("penalty", {**row, field: ""})
        assert (taken, "须有 amount 和 reference" in why) == (0, True)
    assert take("penalty", row) == (1, [])
    assert PastPenalty.objects.get().amount == Decimal(200)
    # what is paid afterwards needs neither, and is no second penalty
    paid = {**row, "event": "paid", "amount": "", "reference": ""}
    assert take("penalty", paid) == (1, [])
    assert PastPenalty.objects.count() == 1


def test_a_check_belongs_to_a_case_that_there_is(clue, plant, take):
    row = {
        "external_ref": "YD-1", "mode": "on_site", "kind": "routine", "on": DAY,
        "subject_name": "某厂", "means": "现场检查", "found": False,
        "number": "没有这个",
    }  # fmt: skip
    taken, [why] = take("check", row)
    assert (taken, why) == (0, "第 1 行：没有编号为 没有这个 的线索或案件")
    assert not Inspection.objects.exists()
    assert take("check", {**row, "number": clue.number}) == (1, [])
    found = Inspection.objects.get()
    assert (found.case, found.organisation) == (clue, plant)


def test_a_bad_row_costs_no_other_row(take):
    row = {
        "external_ref": "YD-1", "mode": "on_site", "kind": "routine", "on": DAY,
        "subject_name": "某厂", "means": "现场检查", "found": False,
    }  # fmt: skip
    bad = {**row, "external_ref": "YD-2", "district": "999999"}
    assert take("check", bad, row) == (1, ["第 1 行：没有行政区划代码 999999"])
    assert Inspection.objects.get().subject_key == "police:YD-1"


def test_a_full_parcel_is_read_to_its_last_row(take):
    taken, problems = take("check", *[0] * 5000)
    # told are the first two hundred
    assert (taken, len(problems)) == (0, 200)
    assert ExchangeParcel.objects.get().refused == 5000


# --- out ---------------------------------------------------------------------------------


@pytest.fixture
def letter(clue, people, now):
    story = story_of(clue, people, now)
    return story.paper(DocumentKind.TRANSFER_LETTER, people["duty"], recipient="交警")


def a_transfer(clue, letter, **fields):
    return Transfer.objects.create(
        case=clue, authority="traffic_police", matter="6063", sent_on=TODAY,
        state="sent", letter=letter, **fields,
    )  # fmt: skip


def test_a_transfer_goes_to_every_system_of_its_department_alone(
    clue, letter, police, tmp_path, now
):
    system(tmp_path, "second")
    system(tmp_path, "market", authority="market")
    transfer = a_transfer(clue, letter)
    assert outbox.queue_transfer(transfer=transfer, now=now) == 2
    rows = ExchangeParcel.objects.order_by("pk")
    assert {row.counterpart.code for row in rows} == {"police", "second"}
    assert transfer.exchange_id == rows[0].number
    market = a_transfer(clue, letter)
    market.authority = "transport"
    assert outbox.queue_transfer(transfer=market, now=now) == 0
    assert market.exchange_id == ""


def test_a_parcel_is_told_as_sent_once_and_settled_once(
    clue, letter, police, tmp_path, now
):
    transfer = a_transfer(clue, letter)
    outbox.queue_transfer(transfer=transfer, now=now)
    assert outbox.send_due(now=now) == {**NOTHING, "sent": 1}
    later = now + outbox.ASK_AGAIN
    # asked again after a quarter of an hour; no receipt yet
    assert outbox.send_due(now=later - timedelta(seconds=1)) == NOTHING
    assert outbox.send_due(now=later) == NOTHING
    row = ExchangeParcel.objects.get()
    assert (row.state, row.attempts, row.next_at) == (
        "sent", 2, later + outbox.ASK_AGAIN,
    )  # fmt: skip
    out = tmp_path / "police" / "out"
    made = folder.take(out, row.number)
    folder.answer(out, exchange.receipt_of(made, now=later, taken=1))
    again = later + outbox.ASK_AGAIN
    assert outbox.send_due(now=again) == {**NOTHING, "accepted": 1}
    settled = written()
    # neither by hand nor by a second worker that had it on its list
    assert outbox.retry(parcel=row, now=again).state == "accepted"
    assert outbox._send_one(row.pk, again) == ""  # noqa: SLF001
    assert written() == settled
    assert told(clue, "exchange_receipt") == (1, 1)


def test_evidence_beyond_the_measure_of_a_parcel_is_named_and_stays(
    clue, people, police, now, monkeypatch
):
    story = story_of(clue, people, now)
    for title in ("甲", "乙"):
        story.evidence("photo", title, people["duty"])
    first, second = clue.files.order_by("pk")
    monkeypatch.setattr(outbox, "MOST_ATTACHED", first.sealed.size)
    transfer = a_transfer(clue, None)
    transfer.files.set([first, second])
    outbox.queue_transfer(transfer=transfer, now=now)
    assert outbox.send_due(now=now)["sent"] == 1
    body = exchange.unpack(read_file(ExchangeParcel.objects.get().body))
    # no letter went out with it, so none is attached
    assert set(body.files) == {"transfer.json", f"evidence-{first.pk}.png"}
    listed = json.loads(body.files["transfer.json"])["evidence"]
    assert {row["sha256"] for row in listed} == {
        first.sealed.sha256, second.sealed.sha256,
    }  # fmt: skip
