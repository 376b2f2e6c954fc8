"""Lots and checks of supervision: quotas, refusals, and what is never drawn twice."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.station_makers import NOON, station
from tests.vehicles.test_exchange import finished
from vehicles.models import (
    GasComparison,
    SiteCheck,
    SoftwareSeen,
    SupervisionSettings,
    VideoCheck,
)
from vehicles.services import supervision
from vehicles.services.errors_stations import StationRefusalError

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)


def acts(name: str) -> int:
    return AuditEntry.objects.filter(act=f"station.{name}").count()


def test_software_that_is_seen_again_within_the_hour_writes_nothing() -> None:
    test = finished(at=NOON)
    supervision.note_software(inspection=test, now=NOON)
    assert not SoftwareSeen.objects.exists()
    test.document = {"software_version": "6.2.1"}
    for minutes, last in ((0, 0), (60, 0), (61, 61), (90, 61)):
        now = NOON + timedelta(minutes=minutes)
        supervision.note_software(inspection=test, now=now)
        row = SoftwareSeen.objects.get()
        assert (row.first_at, row.last_at) == (NOON, NOON + timedelta(minutes=last))
    assert not row.filed
    supervision.file_software(
        software=row, actor=factories.user(Role.OFFICER), now=LATER
    )
    assert SoftwareSeen.objects.get().filed
    assert acts("software.file") == 1


def test_every_active_station_gets_its_quota_and_no_more() -> None:
    SupervisionSettings.objects.all().delete()
    SupervisionSettings.objects.create(video_least=2, video_share_pct=0)
    one, other, closed = (station(f"65272200{number}") for number in (1, 2, 3))
    tests = [finished(at=NOON) for _ in range(8)]
    for test, place in zip(tests, [one] * 3 + [other] + [closed] * 4, strict=True):
        test.station, test.line = place, place.lines.get()
        test.save()
    closed.active = False
    closed.save()
    assert supervision.draw_all_videos(now=LATER) == 3
    drawn = {place: place.video_checks.count() for place in (one, other, closed)}
    assert drawn == {one: 2, other: 1, closed: 0}
    assert acts("video.draw") == 2
    assert supervision.draw_videos(station=one, now=LATER, seed="b") == []
    assert supervision.draw_all_videos(now=LATER) == 0
    assert VideoCheck.objects.count() == 3
    assert acts("video.draw") == 3, "the full station drew no lot"
    next_month = LATER + timedelta(days=31)
    test = tests[0]
    test.finished_at = next_month
    test.save()
    VideoCheck.objects.filter(inspection=test).delete()
    assert supervision.draw_all_videos(now=next_month) == 1


def test_an_unknown_verdict_on_a_video_is_refused() -> None:
    test = finished(at=NOON)
    check = VideoCheck.objects.create(
        station=test.station, inspection=test, month=NOON.date(), drawn_at=NOON
    )
    reviewer = factories.user(Role.REVIEWER)
    with pytest.raises(StationRefusalError, match="未知的结论") as refused:
        supervision.judge_video(
            check=check, verdict="fine", note="x", actor=reviewer, now=LATER
        )
    assert (refused.value.field, refused.value.status) == ("verdict", 400)
    check.refresh_from_db()
    assert (check.verdict, check.reviewed_at, acts("video.judge")) == ("", None, 0)


def test_a_site_check_needs_a_station_and_enough_officers_and_is_done_once() -> None:
    where = factories.department(factories.district("652701", "博乐市"))
    factories.user(Role.OFFICER, organisation=where)
    officer = factories.user(Role.OFFICER)
    give = {"seed": "x", "actor": officer, "now": LATER}
    with pytest.raises(StationRefusalError, match="没有可抽取的机构") as refused:
        supervision.draw_site_check(**give)
    assert refused.value.code == "empty_pot"
    station()
    with pytest.raises(StationRefusalError, match="执法人员不足 2 名") as refused:
        supervision.draw_site_check(**give)
    assert refused.value.code == "few_officers"
    assert (SiteCheck.objects.count(), acts("site.draw")) == (0, 0)
    local = factories.department(factories.district())
    near = factories.user(Role.OFFICER, organisation=local)
    made = supervision.draw_site_check(**give)
    assert set(made.officers.all()) == {officer, near}
    items = dict.fromkeys(supervision.ITEMS, "good")
    fill = {"check": made, "items": items, "actor": officer}
    supervision.fill_site_check(note="", now=LATER, **fill)
    with pytest.raises(StationRefusalError, match="该检查已完成") as refused:
        supervision.fill_site_check(note="改", now=LATER + timedelta(1), **fill)
    assert refused.value.code == "already_done"
    made.refresh_from_db()
    assert (made.note, made.done_at, acts("site.done")) == ("", LATER, 1)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"serial": "gas_analyser-652722002"}, "serial"),
        ({"serial": ""}, "serial"),
        ({"standard": -1.0}, "standard"),
        ({"standard": float("nan")}, "standard"),
        ({"reading": float("inf")}, "standard"),
    ],
    ids=["other-station", "none", "below-zero", "no-standard", "no-reading"],
)
def test_a_comparison_without_instrument_or_numbers_is_refused(
    more: dict[str, object], field: str
) -> None:
    own = station()
    station("652722002")
    given = {"serial": "gas_analyser-652722001", "standard": 0.5, "reading": 0.5}
    with pytest.raises(StationRefusalError) as refused:
        supervision.compare_gas(
            station=own, gas="CO", unit="%", bottle="GBW-1",
            actor=factories.user(Role.OFFICER), now=LATER, **(given | more),
        )  # fmt: skip
    assert (refused.value.field, refused.value.status) == (field, 400)
    assert (GasComparison.objects.count(), acts("gas.compare")) == (0, 0)
