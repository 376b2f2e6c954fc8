"""How the frames of one logger and arrangement become COPY lines; no database here.

A logger sends the same names in the same order again and again. What the points, their
units, ranges and limits make of an arrangement is worked out once, as a ``Layout``; an
ordinary frame is then one comparison and one formatting of all its numbers at once.
Whatever is out of the ordinary (a flag, a value beyond its range, an unmapped code …)
goes the way of ``rows.add_slowly``, which is the rule; a property test holds the two
to the same lines.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from operator import itemgetter, le, mul
from typing import Any

from polluters.domain.hj212.frame import Plan
from polluters.ingest.registry import LoggerInfo, PointInfo

ABSURD = 1e12
_SURE = 0.99 * ABSURD  # in the sender's unit; what lies above goes the slow way
_HEAD, _QUALITY, _NUMBERS = 0, 1, 2
LATEST_PERIOD = 1  # real-time and minute values are judged while they come in


@dataclass(slots=True)
class Place:
    """A point of the layout and where its value and converted value stand; -1: none."""

    point: PointInfo
    value: int
    converted: int

    @property
    def judged(self) -> int:
        """Where the number stands that is compared with limits."""
        if self.point.converted and self.converted >= 0:
            return self.converted
        return self.value


@dataclass(slots=True, eq=False)
class Layout:
    """What to do with the numbers of a frame."""

    template: str
    arguments: Callable[[tuple[object, ...]], Any]
    factors: tuple[float, ...] | None
    least: tuple[float, ...]
    most: tuple[float, ...]
    places: tuple[Place, ...]
    limits: "Limits | None"

    def scaled(self, numbers: list[float]) -> list[float]:
        """Return the numbers in the points' units."""
        return list(map(mul, numbers, self.factors)) if self.factors else numbers

    def ordinary(self, numbers: list[float]) -> bool:
        """Whether every number lies inside its range."""
        return all(map(le, self.least, numbers)) and all(map(le, numbers, self.most))

    def lines(self, head: str, quality: int, numbers: list[float]) -> str:
        """Return the COPY lines of a frame; ``head`` is its two times."""
        lines: str = self.template % self.arguments((head, quality, *numbers))
        return lines

    def over(self, numbers: list[float]) -> bool:
        """Whether a judged number lies outside its limits."""
        return self.limits is not None and self.limits.broken(numbers)

    def values(
        self, numbers: list[float]
    ) -> Iterator[tuple[PointInfo, float | None, float | None]]:
        """Yield each point with its value and converted value."""
        for place in self.places:
            yield (
                place.point,
                numbers[place.value] if place.value >= 0 else None,
                numbers[place.converted] if place.converted >= 0 else None,
            )


@dataclass(slots=True)
class Limits:
    """The judged numbers of a frame and the bounds they must keep."""

    pick: Callable[[list[float]], tuple[float, ...]]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def broken(self, numbers: list[float]) -> bool:
        """Whether one lies outside."""
        judged = self.pick(numbers)
        return not (all(map(le, self.low, judged)) and all(map(le, judged, self.high)))


def layout_of(logger: LoggerInfo, plan: Plan, period: int) -> Layout | None:
    """Return the layout for a plan, kept with the logger; None if there is none."""
    key = (plan, period)
    try:
        found: Layout | None = logger.layouts[key]
    except KeyError:
        found = logger.layouts[key] = _lay_out(logger, plan, period)
    return found


def _lay_out(logger: LoggerInfo, plan: Plan, period: int) -> Layout | None:
    names = ("Rtd", "ZsRtd") if period == 0 else ("Avg", "ZsAvg")
    columns = (*names, "Min", "Max", "Cou")
    items = plan.places()
    count = sum(len(places) for _, places in items)
    places: list[Place] = []
    factors, least, most = [1.0] * count, [-inf] * count, [inf] * count
    template: list[str] = []
    arguments: list[int] = []
    for code, at in items:
        point = logger.points.get(code)
        if point is None or not (at.keys() & {*names, "Cou"}):
            return None
        place = Place(point, at.get(names[0], -1), at.get(names[1], -1))
        places.append(place)
        arguments.append(_HEAD)
        template.append("%s")
        for column in columns:
            if column not in at:
                template.append("None\t")
                continue
            number = at[column]
            template.append("%r\t")
            arguments.append(_NUMBERS + number)
            factors[number] = 1.0 if column == "Cou" else point.factor
            most[number] = _SURE * factors[number]
            least[number] = -most[number]
        if place.value >= 0:
            if point.range_low is not None:
                least[place.value] = max(least[place.value], point.range_low)
            if point.range_high is not None:
                most[place.value] = min(most[place.value], point.range_high)
        template.append(f"{point.id}\t{period}\t%s\tN\n")
        arguments.append(_QUALITY)
    if not places or len({place.point.id for place in places}) != len(places):
        return None
    return Layout(
        "".join(template),
        itemgetter(*arguments),
        None if all(factor == 1.0 for factor in factors) else tuple(factors),
        tuple(least),
        tuple(most),
        tuple(places),
        _limits(places) if period <= LATEST_PERIOD else None,
    )


def _limits(places: list[Place]) -> Limits | None:
    judged = [place for place in places if place.point.judged and place.judged >= 0]
    if not judged:
        return None
    numbers = [place.judged for place in judged]
    if len(numbers) == 1:
        numbers *= 2  # itemgetter gives a tuple from two places on
    bounds = [(place.point.limit_low, place.point.limit_high) for place in judged]
    low = tuple(-inf if low is None else low for low, _ in bounds)
    high = tuple(inf if high is None else high for _, high in bounds)
    return Limits(itemgetter(*numbers), low, high)


__all__ = ["ABSURD", "Layout", "layout_of"]
