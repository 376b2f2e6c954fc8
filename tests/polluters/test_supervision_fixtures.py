"""Every finding of supervision: silent in the world before, exactly this after.

A fixture holds the rows of two worlds that differ in one respect. ``@-5d+2h`` is a moment
and ``#-9d`` a day, both from `NOW`; ``$outlet`` and its like name what stands in both
worlds. ``SUPERVISION=write`` writes what was found anew, to be read before it is kept.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from bozhou_eco.common import clock
from polluters.domain.matters import FIGURES, FORECASTS, LEDGER, MARKS
from polluters.domain.rulebook import KINDS
from polluters.models import (
    CheckSetting,
    Finding,
    Maintainer,
    MarkKind,
    MarkScope,
    Mean,
    Period,
    Point,
    Reading,
    RuleValue,
)
from polluters.services import partitions
from polluters.services.watching import figures, forecasts, ledger, marks
from tests import factories

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parents[1] / "data" / "supervision"
CODES = sorted(MARKS | LEDGER | FIGURES | FORECASTS)
NOW = datetime(2026, 3, 20, 10, tzinfo=clock.BEIJING)
HOUR = timedelta(hours=1)
PART = re.compile(r"([+-])(\d+)([dhm])")
UNITS = {"d": timedelta(days=1), "h": HOUR, "m": timedelta(minutes=1)}
LOOKS = (
    marks.look, ledger.look, figures.look,
    forecasts.look_ahead, forecasts.look_at_levels, forecasts.look_at_states,
)  # fmt: skip


def load(back: int) -> float:
    return (back * 7919 % 997) / 997


def noise(back: int) -> float:
    return (back * 104729 % 991) / 991


# Hour means by how many hours back they lie, the hour of the day, and the value given.
SHAPES: Mapping[str, Callable[[int, int, float], float]] = {
    "flat": lambda back, hour, value: value,
    "season": lambda back, hour, value: (
        value + 5 * (hour % 6) + (back * 7919 % 101) / 50
    ),
    "load": lambda back, hour, value: (
        value * (1 + 0.4 * load(back) + 0.02 * noise(back))
    ),
    "flow": lambda back, hour, value: (
        value * (1 + 0.4 * load(back) + 0.01 * noise(back))
    ),
}


def moved(text: str) -> timedelta:
    parts = [
        (1 if sign == "+" else -1) * int(number) * UNITS[unit]
        for sign, number, unit in PART.findall(text)
    ]
    return sum(parts, timedelta(0))


def moment(text: str) -> datetime:
    return NOW + moved(text)


class World:
    """An outlet with two points, and the rows that a fixture adds."""

    def __init__(self) -> None:
        MarkKind.objects.all().delete()
        RuleValue.objects.all().delete()
        CheckSetting.objects.all().delete()
        MarkScope.objects.all().delete()
        for one in KINDS:
            MarkKind.objects.create(
                code=one.code, name=one.name, group=one.group, flag=one.flag,
                exempts=one.exempts, stops=one.stops, yearly_hours=one.yearly_hours,
                each_hours=one.each_hours, source=one.source,
            )  # fmt: skip
        MarkScope.objects.create(
            industry="水泥制造", valid_from=date(2023, 1, 1), source="测试"
        )
        logger = factories.logger()
        self.points = {
            "a21002": factories.point(logger, "a21002", high=100.0),
            "a00000": factories.point(logger, "a00000", high=None),
        }
        point = self.points["a21002"]
        self.names: dict[str, Any] = {
            "outlet": point.outlet,
            "enterprise": point.outlet.enterprise,
            "point": point,
            "pollutant": point.pollutant,
            "logger": logger,
            "maintainer": Maintainer.objects.create(name="虚构运维公司"),
        }

    def value(self, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if given.startswith("@"):
            return moment(given)
        if given.startswith("#"):
            return moment(given).date()
        if given.startswith("$kind:"):
            return MarkKind.objects.get(code=given[6:])
        return self.names[given[1:]] if given.startswith("$") else given

    def add(self, row: Mapping[str, Any]) -> None:
        if "means" in row:
            self.means(**row["means"])
        elif "minutes" in row:
            self.minutes(**row["minutes"])
        else:
            fields = {
                name: self.value(given)
                for name, given in row.items()
                if name != "model"
            }
            made = apps.get_model("polluters", row["model"]).objects.create(**fields)
            self.names[row["model"].lower()] = made

    def means(self, **row: Any) -> None:
        point: Point = self.points[row.get("code", "a21002")]
        start, value = moment(row["from"]), row.get("value")
        shape, flag = SHAPES[row.get("shape", "flat")], row.get("flag", "N")
        gap = row.get("gap", [24, 24])
        for n in range(row["hours"]):
            time = start + n * HOUR
            known = value is not None and not gap[0] <= time.hour < gap[1]
            given = (
                shape(round((NOW - time) / HOUR), time.hour, value) if known else None
            )
            Mean.objects.update_or_create(
                point=point, period=Period.HOUR, time=time,
                defaults={
                    "computed": given, "due": 60, "got": 60, "valid_count": 60,
                    "valid": given is not None, "flags": {flag: 60}, "state": "closed",
                    "computed_at": time + HOUR,
                },
            )  # fmt: skip

    def minutes(self, **row: Any) -> None:
        partitions.ensure_months({partitions.month_of(NOW)})
        start, count = moment(row["from"]), row["count"]
        Reading.objects.bulk_create(
            Reading(
                point=self.points["a21002"], period=Period.MINUTE, flag="N",
                time=start + n * UNITS["m"], received_at=start + n * UNITS["m"],
                value=row["value"] + row["slope"] * n / 60 + (n * 7919 % 101) / 101,
            )
            for n in range(count)
        )  # fmt: skip


def found(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what all watches find in a world of these rows; the world is undone."""
    with transaction.atomic():
        world = World()
        for row in rows:
            world.add(row)
        for look in LOOKS:
            look(now=NOW)
        again = [look(now=NOW) for look in LOOKS]
        assert not any(again), "the same world gives the same findings once"
        told = [
            {
                "check": row.check_code,
                "begin": clock.beijing(row.begin).isoformat(),
                "end": clock.beijing(row.end).isoformat(),
                "severity": row.severity,
                "topic": row.topic,
                "why": row.why,
            }
            for row in Finding.objects.order_by("check_code", "begin", "pk")
        ]
        transaction.set_rollback(True)
    return told


def test_every_finding_has_its_fixture() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_silent_before_and_exactly_this_after(code: str) -> None:
    path = FIXTURES / f"{code}.json"
    fixture = json.loads(path.read_text())
    common = fixture.get("common", [])
    assert found([*common, *fixture["before"]]) == []
    told = found([*common, *fixture["after"]])
    if os.environ.get("SUPERVISION") == "write":
        fixture["findings"] = told
        path.write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + "\n")
    assert told == fixture["findings"]
    assert [row["check"] for row in told] == [code]
    for place in ("{", "nan", "None"):
        assert place not in told[0]["why"]


def test_moments_of_fixtures() -> None:
    assert moment("@-1d+2h-30m") == NOW - timedelta(hours=22, minutes=30)
    assert moment("@").astimezone(UTC).hour == 2
