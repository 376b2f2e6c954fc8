"""Copied curves: the same per-second curve on another vehicle, line or station."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehicles.domain.fraud.base import Brief, Finding, Params, brief, clock
from vehicles.domain.fraud.fingerprint import (
    Fingerprint,
    Likeness,
    Residual,
    fingerprint,
    residual,
    shape,
    similarity,
)
from vehicles.domain.inspection.shapes import VehicleTest

CODE = "curve_copied"


@dataclass(frozen=True, slots=True)
class CopiedParams(Params):
    """A copy must stand out by chance's measure and from like tests.

    Likeness is the correlation of what is left after driving is taken out. It must be at
    least ``least_r``, ``chance`` standard deviations over 0, and ``sigmas`` robust
    standard deviations over the best likeness that like tests usually find; until
    ``history`` of those are known it must be ``first_r``. ``candidates`` are looked at
    more closely; a hash that ``bucket`` tests share says nothing.
    """

    source: str = "平台设置（memory）：不同 VIN 过程曲线近似重复"
    least_r: float = 0.5
    first_r: float = 0.75
    chance: float = 6.0
    sigmas: float = 5.0
    history: int = 30
    candidates: int = 4
    bucket: int = 40


@dataclass(frozen=True, slots=True)
class Match:
    """A curve that an earlier one resembles: r, its lead in sigmas, shift in rows."""

    r: float
    sigmas: float
    shift: int


class Usual:
    """The best likeness (z) that honest tests of a method find: running median, spread.

    Tests that match are left out, so a wave of copies does not raise the bar.
    """

    def __init__(self, size: int = 300) -> None:
        self.best: deque[float] = deque(maxlen=size)

    def bar(self, params: CopiedParams) -> tuple[float, float]:
        """Return the median and robust spread of z to measure a match by.

        The spread is that of the lower half: copies stand in the upper one.
        """
        if len(self.best) < params.history:
            bar = float(np.arctanh(params.first_r))
            return bar / 2, bar / 2 / params.sigmas
        known = np.array(self.best)
        middle = float(np.median(known))
        wide = 1.4826 * float(np.median(middle - known[known <= middle]))
        return middle, max(wide, 0.05)


def votes(hits: Iterable[tuple[int, int, int]], limit: int) -> list[tuple[int, int]]:
    """Return (candidate, shift) of the best candidates, most agreeing windows first.

    ``hits`` are (candidate, row asked, row stored); windows agree when their difference
    is the same.
    """
    count: Counter[tuple[int, int]] = Counter()
    for candidate, asked, stored in hits:
        count[candidate, asked - stored] += 1
    best: dict[int, tuple[int, int]] = {}
    for (candidate, shift), number in count.items():
        if number > best.get(candidate, (0, 0))[0]:
            best[candidate] = (number, shift)
    ordered = sorted(best.items(), key=lambda item: -item[1][0])
    return [(candidate, shift) for candidate, (_, shift) in ordered[:limit]]


def closest(rest: Residual, other: Residual, shift: int) -> tuple[Likeness, int]:
    """Return the greatest likeness of two residuals within a row of ``shift``."""
    tries = [(similarity(rest, other, s), s) for s in range(shift - 1, shift + 2)]
    return max(tries, key=lambda item: item[0].z)


def weigh(
    likeness: Likeness, shift: int, usual: Usual, params: CopiedParams
) -> Match | None:
    """Return the match that a likeness amounts to, None if it is no copy."""
    middle, spread = usual.bar(params)
    sigmas = (likeness.z - middle) / spread
    if (
        likeness.r < params.least_r
        or likeness.z < params.chance * likeness.chance
        or sigmas < params.sigmas
    ):
        return None
    return Match(likeness.r, sigmas, shift)


@dataclass(frozen=True, slots=True)
class _Nearest:
    """A test, the earlier one most like it, and how alike they are."""

    memory: Brief
    other: Brief
    likeness: Likeness
    shift: int


class CopiedCurves:
    """Fingerprint index in memory; the platform keeps the same index in its database.

    What is usual is known only when all tests were seen, so judgement waits till then:
    tests may be few at first, or share a form that driving does not explain.
    """

    def __init__(self, params: CopiedParams) -> None:
        self.params = params
        self.index: dict[str, dict[int, list[tuple[int, int]]]] = defaultdict(dict)
        self.nearest: dict[str, list[_Nearest]] = defaultdict(list)
        self.alone: Counter[str] = Counter()
        self.tests: list[Brief] = []
        self.rests: list[tuple[NDArray[np.int8], int]] = []

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Look a curve up among those before it, then add it."""
        if not test.process.rows:
            return ()
        own = shape(test.process, test.method)
        rest = residual(test.process, test.method)
        if own is None or rest is None:
            return ()
        prints = fingerprint(own)
        memory = brief(test)
        found = self._best(test.method, memory, rest, prints)
        if found is None:
            self.alone[test.method] += 1
        else:
            self.nearest[test.method].append(found)
        self._add(test.method, memory, rest, prints)
        return ()

    def _best(
        self, method: str, memory: Brief, rest: Residual, prints: Fingerprint
    ) -> _Nearest | None:
        table = self.index[method]
        hits = (
            (place, row, stored)
            for code, row in prints.asked
            for place, stored in table.get(code, ())
        )
        found: list[_Nearest] = []
        for place, shift in votes(hits, self.params.candidates):
            other = self.tests[place]
            if other.report != memory.report or other.session != memory.session:
                likeness, best = closest(rest, self._rest(place), shift)
                found.append(_Nearest(memory, other, likeness, best))
        return max(found, key=lambda item: item.likeness.z, default=None)

    def _rest(self, place: int) -> Residual:
        packed, freedom = self.rests[place]
        values = packed.astype(float)
        values[:, (packed == -128).all(axis=0)] = np.nan
        return Residual(values, freedom)

    def _add(
        self, method: str, memory: Brief, rest: Residual, prints: Fingerprint
    ) -> None:
        place = len(self.tests)
        self.tests.append(memory)
        packed = np.nan_to_num(np.round(rest.values * 50), nan=-128.0).astype(np.int8)
        self.rests.append((packed, rest.freedom))
        table = self.index[method]
        for code, row in prints.stored:
            bucket = table.setdefault(code, [])
            if len(bucket) < self.params.bucket:
                bucket.append((place, row))

    def finish(self) -> Iterable[Finding]:
        """Yield the tests that are more alike than tests of their method usually are.

        Copies are left out of what is usual, in a second look.
        """
        for method, found in self.nearest.items():
            first = self._matches(method, found, frozenset())
            copies = frozenset(id(item) for item, _ in first)
            few = len(found) + self.alone[method] < self.params.history
            if few and len(found) >= 6 and len(first) > 0.6 * len(found):
                continue
            for item, match in self._matches(method, found, copies):
                yield describe(item.memory, item.other, match)

    def _matches(
        self, method: str, found: list[_Nearest], without: frozenset[int]
    ) -> list[tuple[_Nearest, Match]]:
        usual = Usual(1_000_000)
        usual.best.extend([0.0] * self.alone[method])
        usual.best.extend(o.likeness.z for o in found if id(o) not in without)
        weighed = (
            (item, weigh(item.likeness, item.shift, usual, self.params))
            for item in found
        )
        return [(item, match) for item, match in weighed if match is not None]


def describe(memory: Brief, other: Brief, match: Match) -> Finding:
    """Return the finding for the later of two tests with one curve."""
    later, earlier = (memory, other) if memory.start >= other.start else (other, memory)
    moved = f"，错开 {abs(match.shift)} s" if match.shift else ""
    return Finding(
        later.report,
        CODE,
        round(float(0.7 + 0.29 * (1 - np.exp(-(match.sigmas - 5) / 5))), 2),
        f"过程曲线与{_where(later, earlier)}的报告 {earlier.report}"
        f"（{clock(earlier.start)}）几乎相同：扣除工况影响后相关系数 {match.r:.3f}，"
        f"高出同类检验 {match.sigmas:.0f} 倍标准差{moved}",
        second=0.0,
        related=(earlier.report,),
        numbers={
            "r": round(match.r, 4),
            "sigmas": round(match.sigmas, 1),
            "shift": match.shift,
        },
    )


def _where(later: Brief, earlier: Brief) -> str:
    if later.vin == earlier.vin:
        return "同一车辆"
    if later.station != earlier.station:
        return f"机构 {earlier.station} 另一车辆"
    if later.line != earlier.line:
        return f"本机构 {earlier.line} 线另一车辆"
    return "本线另一车辆"
