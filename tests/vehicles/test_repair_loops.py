"""Test, repair, retest: late results, failed retests, repairs noted by hand or by shops."""

from datetime import date, timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.test_exchange import AT, finished
from vehicles.models import Inspection, RepairLoop, RepairRecord
from vehicles.services import loops
from vehicles.services.loops import LoopRefusedError

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def again(of: Inspection, outcome: str, days: float) -> Inspection:
    made = finished(at=AT + days * DAY, outcome=outcome, ended_at=AT + days * DAY)
    made.vehicle = of.vehicle
    made.save()
    return made


def followed(test: Inspection) -> RepairLoop | None:
    return loops.follow_test(inspection=test, now=test.started_at)


def test_a_failure_that_comes_in_after_the_pass_begins_nothing() -> None:
    late = finished(outcome="fail")
    again(late, "pass", 2)
    assert followed(late) is None
    assert not RepairLoop.objects.exists()
    # A pass before the failure is no excuse.
    newer = again(late, "fail", 3)
    made = followed(newer)
    assert made is not None
    assert made.source == f"inspection:{newer.pk}"


def test_failed_retests_count_and_broken_off_or_earlier_ones_do_not() -> None:
    first = finished(outcome="fail")
    begun = followed(first)
    for outcome, days, retests in (
        ("fail", 1, 1),
        ("aborted", 2, 1),
        ("pass", -5, 1),
        ("fail", 3, 2),
    ):
        held = followed(again(first, outcome, days))
        assert held == begun
        begun.refresh_from_db()
        assert (begun.retests, begun.closed_at) == (retests, None)
    assert begun.last_retest_at == AT + 3 * DAY
    passed = again(first, "pass", 4)
    followed(passed)
    begun.refresh_from_db()
    assert (begun.retests, begun.closed_by) == (3, passed.report)
    assert (begun.repaired_on, begun.repairer) == (None, "")
    assert RepairLoop.objects.count() == 1


def test_the_last_repair_of_a_shop_is_taken_over_at_the_pass() -> None:
    first = finished(outcome="fail")
    begun = followed(first)
    for days, shop in ((-3, "之前的厂"), (1, "甲厂"), (2, "乙厂")):
        RepairRecord.objects.create(
            vehicle=first.vehicle, number=shop, shop=shop, shop_code="M1",
            came_at=AT + days * DAY, left_at=AT + days * DAY, received_at=AT,
            items=["更换三元催化器", "清洗"], source="M 站上传",
        )  # fmt: skip
    followed(again(first, "pass", 3))
    begun.refresh_from_db()
    assert (begun.repairer, begun.repaired_on) == ("乙厂", date(2026, 9, 3))
    assert begun.repair_note == "更换三元催化器、清洗"


def test_a_repair_noted_by_hand_needs_a_shop_and_a_day_in_the_loop() -> None:
    first = finished(outcome="fail")
    begun, officer = followed(first), factories.user(Role.OFFICER)
    failed_on = clock.beijing(AT).date()
    give = {
        "loop": begun, "repaired_on": failed_on, "repairer": "甲厂", "text": " 换件 ",
        "actor": officer, "now": AT + DAY,
    }  # fmt: skip
    for wrong, words in (
        ({"repairer": "  "}, "请填写维修单位"),
        ({"repaired_on": failed_on - DAY}, "早于不合格日期"),
        ({"repaired_on": failed_on + 2 * DAY}, "不能晚于今天"),
    ):
        with pytest.raises(LoopRefusedError, match=words):
            loops.note_repair(**(give | wrong))
    begun.refresh_from_db()
    assert (begun.repairer, begun.repaired_on) == ("", None)
    assert not AuditEntry.objects.filter(act="loop.repair").exists()
    for day in (failed_on, failed_on + DAY):
        loops.note_repair(**(give | {"repaired_on": day}))
        begun.refresh_from_db()
        assert (begun.repaired_on, begun.repair_note) == (day, "换件")
    followed(again(first, "pass", 2))
    with pytest.raises(LoopRefusedError, match="已复检合格"):
        loops.note_repair(**give)
    assert AuditEntry.objects.filter(act="loop.repair").count() == 2
