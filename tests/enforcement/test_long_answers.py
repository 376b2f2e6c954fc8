"""Answers that are longer or larger than can be kept are named, not a broken page."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.documents import DocumentKind
from enforcement.models import Decision, Inspection, Payment, Reply, Transfer
from enforcement.services.cases import move_case
from tests.enforcement.refusing import papers, put

DAY = "2026-11-03"
LONG = "长" * 301


@pytest.fixture
def fined(clue, people):
    Decision.objects.create(
        case=clue, kind="penalty", amount=Decimal(10_000), decided_by=people["lead"],
        decided_on=date(2026, 11, 1), served_on=date(2026, 11, 2),
        pay_by=date(2026, 11, 16),
    )  # fmt: skip
    return put(clue, state="fulfilling")


@pytest.fixture
def told(people, client):
    """Send a form and return the status and whether the page names the fault."""
    client.force_login(people["alice"])

    def send(page, words, **data):
        answer = client.post(page, data)
        return answer.status_code, words in answer.content.decode()

    return send


PAYMENT = {"kind": "fine", "amount": "1", "paid_on": DAY}
REPLY = {"to": "李某", "content": "已查实", "sent_on": DAY}
ACTS = [
    ("payment", "票据号", 60, "receipt", PAYMENT),
    ("remedy", "受理机关", 80, "body", {"kind": "review", "accepted_on": DAY}),
    ("publish", "公示地址", 300, "url", {"published_on": DAY}),
    ("reply", "回复对象", 120, "to", REPLY),
    ("reply", "回执", 120, "receipt", REPLY),
    ("facts", "交办文号", 60, "upstream_number", {"party_kind": "entity"}),
    ("facts", "外部系统编号", 60, "external_ref", {"party_kind": "entity"}),
]


def test_a_text_is_as_long_as_its_column(fined, told, client):
    for code, label, most, name, data in ACTS:
        url = f"/cases/{fined.pk}/do/{code}/"
        form = client.get(url).content.decode()
        assert f'maxlength="{most}"' in form, name
        words = f"{label}最多 {most} 字，现有 301 字"
        assert told(url, words, **data | {name: LONG}) == (422, True), name
    assert not Payment.objects.exists()
    assert not Reply.objects.exists()
    url = f"/cases/{fined.pk}/do/payment/"
    assert told(url, "", **PAYMENT, receipt="长" * 60)[0] == 302
    assert len(Payment.objects.get().receipt) == 60


def test_a_number_is_as_large_as_its_column(fined, told):
    url = f"/cases/{fined.pk}/do/payment/"
    for amount in ("1e11", "-1e11", "1e400"):
        data = PAYMENT | {"amount": amount, "receipt": "1"}
        assert told(url, f"金额（元）填写有误：{amount}", **data) == (422, True)
    assert not Payment.objects.exists()
    url = f"/cases/{fined.pk}/do/extend-clock/"
    data = {"clock": fined.clocks.get().pk, "note": "待鉴定"}
    for days, words in (
        ("32768", "填写有误：32768"), ("367", "一次最多延长 366"),
    ):  # fmt: skip
        assert told(url, words, **data, days=days) == (422, True)
    assert told(url, "", **data, days="366")[0] == 302
    assert fined.clocks.get().extensions.get().days == 366


def test_a_move_names_what_is_too_long(clue, people, now, told):
    papers(clue, people["duty"], now, DocumentKind.TRANSFER_LETTER)
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    url = f"/cases/{clue.pk}/act/transfer_out/"
    data = {"note": "移送", "authority": "market", "matter": LONG, "version": 2}
    assert told(url, "移送事项最多 240 字，现有 301 字", **data) == (422, True)
    assert not Transfer.objects.exists()
    assert told(url, "", **data | {"matter": "a\0b"})[0] == 302
    assert Transfer.objects.get().matter == "ab", "a NUL is left out at the door"


def test_a_clue_and_a_check_by_hand_name_what_is_too_long(told):
    clue = {
        "title": LONG, "kind": "other", "source": "hotline", "severity": "minor",
        "subject_name": LONG, "district": "652722", "summary": LONG,
    }  # fmt: skip
    assert told("/cases/new/", "标题最多 120 字，现有 301 字", **clue) == (422, True)
    check = {
        "mode": "off_site", "kind": "routine", "done_on": DAY, "subject_name": LONG,
        "means": "视频", "found": "no",
    }  # fmt: skip
    words = "对象最多 100 字，现有 301 字"
    assert told("/cases/inspections/", words, **check) == (422, True)
    assert not Inspection.objects.exists()


def test_a_long_reason_is_kept_whole_with_the_step(clue, people, now, told):
    clock = clue.clocks.get()
    reason = "因" * 300
    typed = reason + "\0"
    url = f"/cases/{clue.pk}/do/pause-clock/"
    assert told(url, "", note=typed, clock=clock.pk)[0] == 302
    assert len(clock.pauses.get().reason) == 240
    assert clue.steps.get(action="pause_clock").note == reason
