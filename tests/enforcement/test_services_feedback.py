"""Rectification, replies, return visits, the register: what is refused, what remains."""

import io
from datetime import date

import pytest

from enforcement.models import Inspection, LenientTest
from enforcement.services import content, feedback
from enforcement.services.cases import open_case
from enforcement.services.clocks import start_clock
from tests.enforcement.refusing import put, refused, told

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def file_of(people, now):
    def make(case, kind="data"):
        return content.add_file(
            case=case, source=io.BytesIO(b"x"), name="a.pdf", size=1, kind=kind,
            media_type="application/pdf", title="回复件", actor=people["duty"], now=now,
        )  # fmt: skip

    return make


@pytest.fixture
def foreign(make_alert, people, now, file_of):
    other = open_case(alerts=[make_alert("other")], actor=people["duty"], now=now)
    return file_of(other)


def demand(case, people, now, **changes):
    fields = {"demand": " 修复旁路阀 ", "due_on": TODAY, **changes}
    return feedback.demand_rectification(
        case=case, actor=people["alice"], now=now, **fields
    )


def test_a_rectification_goes_from_demand_to_acceptance_once(
    clue, people, now, file_of
):
    with refused("未填写整改要求"):
        demand(clue, people, now, demand="  ")
    with refused("整改期限早于今天"):
        demand(clue, people, now, due_on=date(2026, 11, 22))
    row = demand(clue, people, now)
    assert (row.demand, row.state) == ("修复旁路阀", "open")

    def report(text):
        return feedback.report_rectification(
            row=row, report=text, actor=people["alice"], now=now
        )

    def inspect(finding, *, accepted):
        return feedback.inspect_rectification(
            row=row, accepted=accepted, finding=finding, actor=people["bob"], now=now
        )

    with refused("未填写整改情况"):
        report(" ")
    assert report(" 已更换 ").report == "已更换"
    with refused("未填写复查结论"):
        inspect(" ", accepted=False)
    # a rectification that failed needs no proof, and may be reported again
    assert inspect("仍有泄漏", accepted=False).state == "failed"
    assert report("再次更换").state == "reported"
    with refused("缺少整改前证据", missing=("缺少整改前证据", "缺少整改后证据")):
        inspect("达标", accepted=True)
    for kind in ("before", "after"):
        file_of(clue, kind)
    done = inspect(" 达标 ", accepted=True)
    assert (done.state, done.finding, done.inspected_by) == (
        "accepted", "达标", people["bob"],
    )  # fmt: skip
    with refused("已验收通过"):
        report("又改了")
    with refused("已验收通过"):
        inspect("不达标", accepted=False)
    assert told(clue, "report_rectification") == (2, 2)
    assert told(clue, "inspect_rectification") == (2, 2)


def reply(case, people, now, **changes):
    fields = {"to": " 群众李某 ", "content": "已查实", "sent_on": TODAY, "receipt": ""}
    return feedback.send_reply(
        case=case, actor=people["duty"], now=now, **{**fields, **changes}
    )


def test_a_reply_names_whom_what_and_a_day_that_was(
    clue, people, now, foreign, file_of
):
    for changes, word in (
        ({"to": " "}, "回复对象和内容"),
        ({"content": " "}, "回复对象和内容"),
        ({"sent_on": TOMORROW}, "不能晚于今天"),
        ({"file": foreign}, "回复文件不属于本案"),
    ):
        with refused(word):
            reply(clue, people, now, **changes)
    own = file_of(clue)
    row = reply(clue, people, now, file=own)
    assert (row.to, row.file) == ("群众李某", own)


def test_the_period_of_the_level_above_ends_with_the_reply_to_it(clue, people, now):
    """A reply stops the 交办 clock of an assignment; no other clue has one to stop."""
    clock = start_clock(case=clue, code="upstream", day=TODAY, fixed=TOMORROW)
    reply(clue, people, now)
    clock.refresh_from_db()
    assert clock.stopped_on is None
    put(clue, upstream_number="州督〔2026〕8号")
    reply(clue, people, now)
    clock.refresh_from_db()
    assert clock.stopped_on == TODAY


def test_a_receipt_is_registered_once(clue, people, now, foreign, file_of):
    row = reply(clue, people, now)

    def register(text, file=None):
        return feedback.register_reply_receipt(
            reply=row, receipt=text, file=file, actor=people["duty"], now=now
        )

    with refused("未填写回执"):
        register(" ")
    with refused("回执文件不属于本案"):
        register("收讫", foreign)
    own = file_of(clue)
    done = register(" EMS 1001 ", own)
    assert (done.receipt, done.receipt_file) == ("EMS 1001", own)
    with refused("该回复已登记回执 EMS 1001"):
        register("EMS 1002")
    assert told(clue, "reply_receipt") == (1, 1)


def test_a_return_visit_is_noted_also_after_the_closing(clue, people, now):
    lenient = LenientTest.objects.create(
        case=clue, ground="minor", answers={}, actor=people["alice"], at=now
    )
    put(clue, state="closed", ended_at=now)

    def visit(actor="alice", on=TODAY, finding="稳定达标"):
        return feedback.revisit(
            case=clue, on=on, finding=finding, actor=people[actor], now=now
        )

    for changes, word in (
        ({"actor": "lex"}, "角色"),
        ({"finding": " "}, "未填写回访情况"),
        ({"on": TOMORROW}, "不能晚于今天"),
        ({"actor": "charlie"}, "管辖"),
    ):
        with refused(word):
            visit(**changes)
    visit()
    visit("rita")
    lenient.refresh_from_db()
    assert lenient.revisited_on == TODAY
    assert told(clue, "revisit") == (2, 2)


def check(people, now, **changes):
    fields = {
        "mode": "off_site", "kind": "routine", "done_on": TODAY, "subject_key": "s",
        "subject_name": "某厂", "means": "视频" * 50, "found": False, "result": "无" * 300,
        "actor": people["duty"], **changes,
    }  # fmt: skip
    return feedback.register_inspection(now=now, **fields)


def test_the_register_takes_place_and_party_from_the_case(
    clue, people, plant, districts, now
):
    for changes, word in (
        ({"mode": "by_air"}, "请选择检查方式"),
        ({"done_on": TOMORROW}, "不能晚于今天"),
        ({"means": " "}, "未填写检查手段"),
    ):
        with refused(word):
            check(people, now, **changes)
    far = districts["温泉县"]
    own = check(people, now, case=clue, district=far)
    assert (own.organisation, own.district) == (plant, districts["精河县"])
    assert (len(own.means), len(own.result)) == (80, 240)
    free = check(people, now, district=far)
    assert (free.case, free.organisation, free.district) == (None, None, far)
    assert Inspection.objects.count() == 2
