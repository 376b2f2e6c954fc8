"""Acts on the watch list that are refused or change nothing, and the nightly run."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.capture_factories import NOW, capture
from tests.vehicles.test_exchange import finished
from tests.vehicles.test_watchlist import confirm, listed, vehicle
from vehicles.models import (
    Finding,
    RoadCampaign,
    RoadCheck,
    WatchEntry,
    WatchEvent,
    WatchRule,
)
from vehicles.services import watchlist
from vehicles.services.watchlist import WatchRefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER)


def written() -> tuple[int, int, int]:
    return (
        WatchEntry.objects.count(),
        WatchEvent.objects.count(),
        AuditEntry.objects.filter(act__startswith="watch.").count(),
    )


def test_the_same_fact_lists_once_and_a_new_one_renews_the_entry() -> None:
    car = vehicle()
    held = listed(car)
    give = {"vehicle": car, "trigger": "captured", "reason": "测试", "now": NOW}
    before = written()
    assert watchlist.enter(source="test:captured", at=NOW, **give) is None
    assert written() == before
    later = NOW + timedelta(days=1)
    assert watchlist.enter(source="test:other", at=later, **give) == held
    assert [event.kind for event in held.events.all()] == ["entered", "renewed"]
    # A fact without a source cannot be known: it always counts.
    assert watchlist.enter(source="", at=later, **give) == held
    assert watchlist.enter(source="", at=later, **give) == held
    assert held.events.count() == 4
    assert WatchEntry.objects.count() == 1


@pytest.mark.parametrize("rule", ["off", "gone"])
def test_by_hand_says_that_the_rule_is_off(officer: User, rule: str) -> None:
    found = WatchRule.objects.filter(trigger="manual")
    assert found.update(enabled=False)
    if rule == "gone":
        found.delete()
    before = written()
    with pytest.raises(WatchRefusedError, match="请先在后台启用"):
        watchlist.enter_by_hand(
            plate="新E12345", color="yellow", reason="群众举报", owner=None,
            actor=officer, now=NOW,
        )  # fmt: skip
    assert written() == before


def test_leaving_and_notes_want_words_and_an_owner_is_named_once(officer: User) -> None:
    entry = listed(vehicle())
    before = written()
    give = {"entry": entry, "actor": officer, "now": NOW}
    with pytest.raises(WatchRefusedError, match="移出原因（至少 4 个字）"):
        watchlist.leave(reason=" 误列 ", **give)
    with pytest.raises(WatchRefusedError, match="请填写备注"):
        watchlist.note(text=" \n", **give)
    assert watchlist.assign(owner=None, **give).owner is None
    assert written() == before
    entry.refresh_from_db()
    assert entry.left_at is None
    for _ in range(2):
        assert watchlist.assign(owner=officer, **give).owner == officer
    watchlist.assign(owner=None, **give)
    watchlist.note(text="已电话联系", **give)
    texts = list(entry.events.values_list("text", flat=True))
    assert texts[1:] == [f"责任人：{officer}", "责任人：无", "已电话联系"]
    assert written() == (1, 4, before[2] + 3)


def test_without_a_rule_for_repeated_ones_nobody_is_repeated() -> None:
    WatchRule.objects.filter(trigger="repeated").delete()
    confirm(capture())
    confirm(capture(at=NOW + timedelta(days=2)))
    assert {entry.trigger for entry in WatchEntry.objects.all()} == {"captured"}


def test_findings_about_no_test_or_not_held_true_list_nobody() -> None:
    test = finished(at=NOW)
    give = {
        "station": test.station, "rule": "co_co2", "score": 0.9, "why": "x",
        "occurred_at": NOW, "at": NOW,
    }  # fmt: skip
    rows = [
        Finding.objects.create(verdict="confirmed", subject="station:1", **give),
        Finding.objects.create(inspection=test, verdict="rejected", **give),
        Finding.objects.create(inspection=test, subject="open", **give),
    ]
    for finding in rows:
        watchlist.on_finding(finding=finding, now=NOW)
    assert written() == (0, 0, 0)
    held = Finding.objects.create(
        inspection=test, subject="held", verdict="confirmed", **give
    )
    campaign = RoadCampaign.objects.create(
        name="路检", place="G30", district=factories.district(), begins_at=NOW
    )
    passed = RoadCheck.objects.create(
        campaign=campaign, vehicle=vehicle(), at=NOW, received_at=NOW, verdict="pass",
        officer=factories.user(),
    )  # fmt: skip
    watchlist.on_road_check(check=passed, now=NOW)
    assert written() == (0, 0, 0)
    watchlist.recompute(now=NOW)
    entry = WatchEntry.objects.get()
    assert (entry.trigger, entry.source) == ("finding", f"finding:{held.pk}")
    assert entry.vehicle == test.vehicle
    after = written()
    watchlist.recompute(now=NOW)
    assert written() == after
