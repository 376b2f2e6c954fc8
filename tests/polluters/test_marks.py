"""Marks: made with a reason, judged by what has legal force, withdrawn never lost."""

from datetime import datetime, timedelta

import pytest

from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import (
    Exceedance,
    Limit,
    Mark,
    MarkKind,
    MarkScope,
    Mean,
    Period,
    Point,
)
from polluters.services import closing, marks
from tests import factories
from tests.polluters.test_close_periods import close, due, hour_start, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


def kind(code: str = "starting", **fields: object) -> MarkKind:
    defaults = {"name": "启炉", "group": "production", "source": "测试"}
    return MarkKind.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def draft(point: Point, hour: datetime, **fields: object) -> marks.Draft:
    values = {
        "outlet": point.outlet, "kind": kind(), "begin": hour,
        "end": hour + timedelta(hours=1), "reason": "冷态启动",
    }  # fmt: skip
    return marks.Draft(**(values | fields))  # type: ignore[arg-type]


def over(point: Point, hour: datetime) -> Exceedance:
    send(point, hour, 150.0)
    close(hour)
    return Exceedance.objects.get()


def national(point: Point, hour: datetime, **fields: object) -> Mark:
    values = {
        "outlet": point.outlet, "kind": kind(), "begin": hour,
        "end": hour + timedelta(hours=1), "origin": "national", "key": "GJ-1",
        "made_at": hour, "received_at": hour, "deadline": hour + timedelta(days=1),
    }  # fmt: skip
    return Mark.objects.create(**(values | fields))


def test_a_mark_with_legal_force_exempts_when_marks_settle(point: Point) -> None:
    hour = hour_start()
    row = over(point, hour)
    assert row.state == "warning"
    national(point, hour)
    closing.settle(now=closing.settle_time(hour) + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.state == "exempt"
    assert "国家平台标记" in "".join(row.explanation["notes"])


def test_our_mark_exempts_a_unit_the_rule_does_not_bind(point: Point) -> None:
    hour = hour_start()
    row = over(point, hour)
    MarkScope.objects.all().delete()
    officer = factories.user("officer")
    made = marks.make_mark(draft=draft(point, hour), actor=officer, now=due(hour))
    row.refresh_from_db()
    assert (made.origin, made.legal, made.late) == ("officer", False, False)
    assert row.state == "exempt"
    marks.withdraw_mark(mark=made, reason="填错", actor=officer, now=due(hour))
    row.refresh_from_db()
    assert row.state == "warning"
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"polluters.make_mark", "polluters.withdraw_mark"} <= acts


def test_our_mark_is_only_an_explanation_where_the_rule_binds(point: Point) -> None:
    hour = hour_start()
    row = over(point, hour)
    scope = {"valid_from": hour.date().replace(year=2023), "source": "测试"}
    MarkScope.objects.get_or_create(industry="水泥制造", defaults=scope)
    marks.make_mark(
        draft=draft(point, hour), actor=factories.user("officer"), now=due(hour)
    )
    row.refresh_from_db()
    assert row.state == "warning"


def test_a_late_mark_of_ours_changes_nothing(point: Point) -> None:
    hour = hour_start()
    row = over(point, hour)
    MarkScope.objects.all().delete()
    after = closing.settle_time(hour) + timedelta(minutes=1)
    closing.settle(now=after)
    made = marks.make_mark(
        draft=draft(point, hour), actor=factories.user("officer"), now=after
    )
    row.refresh_from_db()
    assert made.late
    assert row.state == "exceeded"


def test_marked_hours_are_out_of_the_days_mean(point: Point) -> None:
    Limit.objects.filter(point=point).update(averaging="day")
    day = clock.beijing(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    day -= timedelta(days=1)
    for hour in range(24):
        Mean.objects.create(
            point=point, period=Period.HOUR, time=day + timedelta(hours=hour), due=60,
            got=60, valid_count=60, valid=True, flags={"N": 60}, state="closed",
            computed=90 if hour >= 3 else 500, computed_at=day,
        )  # fmt: skip
    national(point, day, end=day + timedelta(hours=3))
    closing.close_day(day=day, now=day + timedelta(hours=26))
    mean = Mean.objects.get(period=Period.DAY)
    assert (mean.computed, mean.valid_count) == (90, 21)
    assert not Exceedance.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"end": datetime(2020, 1, 1, tzinfo=clock.BEIJING)}, "end"),
        ({"begin": clock.now() + timedelta(days=60), "end": None}, "begin"),
    ],
)
def test_a_bad_mark_is_refused_with_its_field(
    point: Point, fields: dict[str, object], field: str
) -> None:
    hour = hour_start()
    with pytest.raises(marks.RefusedError) as error:
        marks.make_mark(
            draft=draft(point, hour, **fields), actor=factories.user("officer"),
            now=clock.now(),
        )  # fmt: skip
    assert error.value.field == field
    assert not Mark.objects.exists()


def test_the_same_mark_is_not_made_twice(point: Point) -> None:
    hour = hour_start()
    officer = factories.user("officer")
    marks.make_mark(draft=draft(point, hour), actor=officer, now=due(hour))
    with pytest.raises(marks.RefusedError, match="已有同类标记"):
        marks.make_mark(draft=draft(point, hour), actor=officer, now=due(hour))


def test_marks_of_the_national_platform_cannot_be_withdrawn_here(point: Point) -> None:
    mark = national(point, hour_start())
    with pytest.raises(marks.RefusedError, match="国家平台"):
        marks.withdraw_mark(
            mark=mark, reason="x", actor=factories.user("officer"), now=clock.now()
        )


def test_flags_of_loggers_make_marks_once_and_grow(point: Point) -> None:
    kind("maintenance", name="维护", group="device", flag="M")
    hour = hour_start()
    send(point, hour, 10.0, flag="M")
    close(hour)
    span = {"begin": hour, "end": hour + timedelta(hours=3), "now": due(hour)}
    assert marks.take_flags(**span) == 1
    assert marks.take_flags(**span) == 0
    send(point, hour + timedelta(hours=1), 10.0, flag="M")
    close(hour + timedelta(hours=1))
    assert marks.take_flags(**span) == 0
    [mark] = Mark.objects.all()
    assert mark.end - mark.begin == timedelta(hours=2)
    assert (mark.origin, mark.kind.code, mark.late) == ("logger", "maintenance", False)


def test_a_mark_made_in_time_and_withdrawn_leaves_nothing_unjudged(
    point: Point,
) -> None:
    """The hour was never recorded as long as the mark stood; then it is."""
    hour = hour_start()
    MarkScope.objects.all().delete()
    officer = factories.user("officer")
    made = marks.make_mark(draft=draft(point, hour), actor=officer, now=hour)
    send(point, hour, 150.0)
    close(hour)
    assert Exceedance.objects.count() == 0
    marks.withdraw_mark(mark=made, reason="填错", actor=officer, now=due(hour))
    row = Exceedance.objects.get()
    assert (row.state, row.value, row.live) == ("warning", 150.0, False)


def test_an_open_mark_that_gets_its_end_lets_the_hours_after_it_be_judged(
    point: Point,
) -> None:
    hour = hour_start()
    MarkScope.objects.all().delete()
    officer = factories.user("officer")
    begin = hour - timedelta(hours=5)
    made = marks.make_mark(
        draft=draft(point, begin, end=None), actor=officer, now=begin
    )
    send(point, hour, 150.0)
    close(hour)
    assert Exceedance.objects.count() == 0
    marks.end_mark(
        mark=made, end=begin + timedelta(hours=1), actor=officer, now=due(hour)
    )
    assert Exceedance.objects.get().state == "warning"


def test_a_withdrawn_mark_gives_its_hours_back_to_the_day(point: Point) -> None:
    """The marked hours were out of the day's mean: without the mark it is over."""
    Limit.objects.filter(point=point).update(averaging="day")
    MarkScope.objects.all().delete()
    officer = factories.user("officer")
    day = datetime(2026, 3, 1, tzinfo=clock.BEIJING)
    hours = [day + timedelta(hours=n) for n in range(24)]
    Mean.objects.bulk_create(
        Mean(
            point=point, period=Period.HOUR, time=time, due=60, got=60, valid_count=60,
            computed=400.0 if n < 3 else 80.0, valid=True, flags={"N": 60},
            state="closed", computed_at=time,
        )
        for n, time in enumerate(hours)
    )  # fmt: skip
    after = day + timedelta(hours=26)
    made = marks.make_mark(
        draft=draft(point, day, end=hours[3]), actor=officer, now=after
    )
    closing.close_day(day=day, now=after)
    assert Mean.objects.get(period=Period.DAY).computed == 80.0
    assert Exceedance.objects.count() == 0
    marks.withdraw_mark(mark=made, reason="填错", actor=officer, now=after)
    assert Mean.objects.get(period=Period.DAY).computed == 120.0
    assert (Exceedance.objects.get().state, Exceedance.objects.get().value) == (
        "warning",
        120.0,
    )
    again = marks.make_mark(
        draft=draft(point, day, end=hours[3]), actor=officer, now=after
    )
    assert Exceedance.objects.get().state == "withdrawn"
    marks.withdraw_mark(mark=again, reason="填错", actor=officer, now=after)
    assert Exceedance.objects.get().state == "warning"


def test_a_mark_without_an_end_is_not_from_long_ago(point: Point) -> None:
    hour = hour_start()
    officer = factories.user("officer")
    old = draft(point, hour - timedelta(days=401), end=None)
    with pytest.raises(marks.RefusedError, match="400 天") as refused:
        marks.make_mark(draft=old, actor=officer, now=hour)
    assert refused.value.field == "end"
    assert Mark.objects.count() == 0
