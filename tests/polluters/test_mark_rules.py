"""Marks: what may not be made, ended or withdrawn, by whom; nothing changes when refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import Exceedance, Mark, MarkKind, MarkScope, Mean, Period, Point
from polluters.services import marks
from tests import factories
from tests.polluters.test_close_periods import due, hour_start
from tests.polluters.test_marks import draft, kind, over

pytestmark = pytest.mark.django_db
NOW = clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER)


@pytest.fixture
def firm(point: Point) -> User:
    own = point.outlet.enterprise.organisation
    return factories.user(Role.ENTERPRISE, organisation=own)


def acts() -> list[str]:
    rows = AuditEntry.objects.filter(act__contains="_mark").order_by("pk")
    return list(rows.values_list("act", flat=True))


def stored(row: Mark) -> tuple[Any, ...]:
    row.refresh_from_db()
    return row.end, row.withdrawn_at, row.withdrawn_by_id, row.withdrawn_reason


@pytest.mark.parametrize(
    ("change", "said", "field"),
    [
        pytest.param("kind", "种类已停用，请另选", "kind", id="kind-off"),
        pytest.param("point", "该因子不属于所选排放口", "point", id="other-outlet"),
        pytest.param("long", "不能超过 400 天，请分开填报", "end", id="too-long"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(
    point: Point, officer: User, change: str, said: str, field: str
) -> None:
    begin = NOW - 500 * DAY
    changes = {
        "kind": {"kind": kind("old", active=False)},
        "point": {"point": factories.point()},
        "long": {"begin": begin, "end": begin + 400 * DAY + timedelta(minutes=1)},
    }[change]
    with pytest.raises(marks.RefusedError, match=said) as error:
        marks.make_mark(
            draft=replace(draft(point, NOW), **changes), actor=officer, now=NOW
        )
    assert error.value.field == field
    assert not Mark.objects.exists()
    assert acts() == []


def test_four_hundred_days_of_ones_own_factor_are_a_mark(
    point: Point, officer: User
) -> None:
    begin = NOW - 400 * DAY
    made = marks.make_mark(
        draft=replace(draft(point, begin, end=NOW), point=point),
        actor=officer, now=NOW,
    )  # fmt: skip
    assert (made.point, made.end) == (point, NOW)


def test_a_mark_that_lies_ahead_judges_nothing_yet(point: Point, firm: User) -> None:
    """Planned for the next hour: the exceedance of the last one stands as it was."""
    hour = hour_start()
    row = over(point, hour)
    MarkScope.objects.all().delete()
    made = marks.make_mark(
        draft=draft(point, due(hour) + HOUR, end=None), actor=firm, now=due(hour)
    )
    row.refresh_from_db()
    assert (made.origin, made.end, row.state) == ("enterprise", None, "warning")
    assert acts() == ["polluters.make_mark"]


def test_an_open_mark_is_ended_once_and_judged_again(
    point: Point, officer: User
) -> None:
    hour = hour_start()
    over(point, hour)
    MarkScope.objects.all().delete()
    row = marks.make_mark(
        draft=draft(point, hour - HOUR, end=None), actor=officer, now=due(hour)
    )
    assert Exceedance.objects.get().state == "exempt"
    now, was = due(hour), stored(row)
    for end in (row.begin, row.begin - HOUR, now + marks.AHEAD + timedelta(minutes=1)):
        with pytest.raises(marks.RefusedError, match="必须晚于开始时间") as error:
            marks.end_mark(mark=row, end=end, actor=officer, now=now)
        assert error.value.field == "end"
        assert stored(row) == was
    assert acts() == ["polluters.make_mark"]
    ended = marks.end_mark(mark=row, end=hour - HOUR / 2, actor=officer, now=now)
    assert ended.end == hour - HOUR / 2
    assert acts() == ["polluters.make_mark", "polluters.end_mark"]
    was = stored(row)
    with pytest.raises(marks.RefusedError, match="已结束或已撤销"):
        marks.end_mark(mark=row, end=now, actor=officer, now=now)
    assert stored(row) == was
    assert len(acts()) == 2


@pytest.mark.parametrize("origin", ["national", "logger"])
def test_marks_from_elsewhere_are_not_ended_here(
    point: Point, officer: User, origin: str
) -> None:
    row = Mark.objects.create(
        outlet=point.outlet, kind=kind(), begin=NOW - HOUR, origin=origin, key="K",
        made_at=NOW, received_at=NOW, deadline=NOW + DAY,
    )  # fmt: skip
    with pytest.raises(marks.RefusedError, match="不能在此修改"):
        marks.end_mark(mark=row, end=NOW, actor=officer, now=NOW)
    assert stored(row)[0] is None
    assert acts() == []


def test_withdrawing_needs_a_reason_the_right_hand_and_happens_once(
    point: Point, officer: User, firm: User
) -> None:
    row = marks.make_mark(
        draft=draft(point, NOW - HOUR, end=NOW), actor=officer, now=NOW
    )
    was = stored(row)
    for actor, reason, said in (
        (officer, " ", "请写明撤销理由"),
        (firm, "填错", "执法人员登记的标记由执法人员撤销"),
    ):
        with pytest.raises(marks.RefusedError, match=said):
            marks.withdraw_mark(mark=row, reason=reason, actor=actor, now=NOW)
        assert stored(row) == was
    marks.withdraw_mark(mark=row, reason=" 填错 ", actor=officer, now=NOW)
    was = stored(row)
    assert was[1:] == (NOW, officer.pk, "填错")
    with pytest.raises(marks.RefusedError, match="该标记已撤销"):
        marks.withdraw_mark(mark=row, reason="再撤", actor=officer, now=NOW + HOUR)
    with pytest.raises(marks.RefusedError, match="已结束或已撤销"):
        marks.end_mark(mark=row, end=NOW, actor=officer, now=NOW)
    assert stored(row) == was
    assert acts() == ["polluters.make_mark", "polluters.withdraw_mark"]
    own = marks.make_mark(draft=draft(point, NOW - HOUR, end=NOW), actor=firm, now=NOW)
    marks.withdraw_mark(mark=own, reason="重复", actor=firm, now=NOW)
    assert stored(own)[2] == firm.pk


def test_a_flag_without_a_kind_makes_no_mark(point: Point) -> None:
    MarkKind.objects.exclude(flag="").update(flag="")
    Mean.objects.create(
        point=point, period=Period.HOUR, time=NOW - HOUR, due=60, got=60, valid_count=0,
        valid=False, flags={"M": 60}, state="closed", computed_at=NOW,
    )  # fmt: skip
    span = {"begin": NOW - 2 * HOUR, "end": NOW, "now": NOW}
    assert marks.take_flags(**span) == 0
    kind("maintenance", name="维护", group="device")
    MarkKind.objects.filter(code="maintenance").update(flag="M")
    assert marks.take_flags(**span) == 1
    assert Mark.objects.get().kind.code == "maintenance"
