"""A test that contradicts itself: no tailpipe, expired instruments, wrong verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vehicles.domain.codes import FUELS, INSTRUMENTS, METHOD_NAMES, Method, has_exhaust
from vehicles.domain.fraud.base import Finding, Params, SingleRule, clock, name_of
from vehicles.domain.inspection.judge import judge
from vehicles.domain.inspection.limits import SEED
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.shapes import VehicleTest

ELECTRIC, OVERDUE, VERDICT = "ev_tailpipe", "calibration_overdue", "verdict_contradicts"

LIMITS = tuple(limit for limit in SEED if not limit.of_rated)
"""Limits to judge again by; wheel power has its own rule."""


@dataclass(frozen=True, slots=True)
class ElectricParams(Params):
    """No numbers: a vehicle without combustion has nothing to measure."""

    source: str = "GB 18285-2018、GB 3847-2018 适用范围"


@dataclass(frozen=True, slots=True)
class OverdueParams(Params):
    """Hours that the last daily check of an instrument may lie back.

    Where more than ``usual`` of at least ``peers`` tests are older, the file gives
    another time than that of the check, and only failed checks and dates count.
    """

    source: str = "昆明、广州、长沙检测站接口规范：检查超过 1 天锁定"
    check_hours: float = 24.0
    usual: float = 0.5
    peers: int = 20


@dataclass(frozen=True, slots=True)
class VerdictParams(Params):
    """Judged again with limit set ``variant``; the looser one leaves no doubt.

    Where more than ``usual`` of at least ``peers`` passes contradict, the tests were
    judged by other limits, and nobody stands out.
    """

    source: str = "GB 18285-2018、GB 3847-2018 限值 a；HJ 1237-2021 7.5"
    variant: str = "a"
    usual: float = 0.3
    peers: int = 20


class ElectricTailpipe(SingleRule):
    """A vehicle without exhaust that has a tailpipe test."""

    params: ElectricParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when there is process data, a method or a result."""
        fuel = test.vehicle.fuel
        if not fuel or has_exhaust(fuel):
            return
        results = test.results
        measured = any(getattr(results, n) is not None for n in results.__slots__)
        if test.method in set(Method) or test.process.rows or measured:
            name = (
                METHOD_NAMES.get(Method(test.method))
                if test.method in set(Method)
                else ""
            )
            yield Finding(
                name_of(test),
                ELECTRIC,
                0.95,
                f"燃料种类为{FUELS.get(fuel, fuel)}（{fuel}），却有尾气检测"
                f"{f'（{name}）' if name else ''}，过程数据 {test.process.rows} 行",
                numbers={"rows": test.process.rows},
            )


class CalibrationOverdue:
    """An instrument past its verification, or without a passed daily check."""

    def __init__(self, params: OverdueParams) -> None:
        self.params = params
        self.checked = 0
        self.old: list[Finding] = []

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield one finding that lists the instruments at fault."""
        start = test.started_at or test.ended_at
        if start is None:
            return
        day = start.astimezone(BEIJING).date()
        sure, aged = [], []
        for item in test.instruments:
            name = f"{INSTRUMENTS.get(item.kind, item.kind)} {item.serial}"
            if item.verified_until and item.verified_until < day:
                sure.append(f"{name} 检定有效期至 {item.verified_until}")
            if item.checked_at:
                age = start - item.checked_at
                if age > timedelta(hours=self.params.check_hours):
                    hours = age / timedelta(hours=1)
                    last = clock(item.checked_at)
                    aged.append(f"{name} 最近检查 {last}，已过 {hours:.0f} h")
            if item.check_passed is False:
                sure.append(f"{name} 最近检查不合格")
        self.checked += any(item.checked_at for item in test.instruments)
        if sure:
            yield self._finding(test, start, sure + aged)
        elif aged:
            self.old.append(self._finding(test, start, aged))

    def _finding(
        self, test: VehicleTest, start: datetime, faults: list[str]
    ) -> Finding:
        return Finding(
            name_of(test),
            OVERDUE,
            0.9,
            f"{clock(start)} 检验时：" + "；".join(faults[:4]),
            numbers={"faults": len(faults)},
        )

    def finish(self) -> Iterable[Finding]:
        """Yield the tests whose last check is too old, unless that is usual."""
        many = len(self.old) > self.params.usual * self.checked
        if self.checked < self.params.peers or not many:
            yield from self.old


class VerdictContradicts:
    """Passed although a one-vote item or a limit says otherwise."""

    def __init__(self, params: VerdictParams) -> None:
        self.params = params
        self.passes = 0
        self.found: list[Finding] = []

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Judge a passed test again and remember what contradicts."""
        start = test.started_at or test.ended_at
        if test.verdict.overall != "pass" or start is None:
            return ()
        self.passes += 1
        day = start.astimezone(BEIJING).date()
        again = judge(test, LIMITS, variant=self.params.variant, on=day).verdict
        if again.overall == "fail":
            self.found.append(
                Finding(
                    name_of(test),
                    VERDICT,
                    0.85,
                    "报告结论为合格，但" + "；".join(again.reasons[:4]),
                    numbers={"reasons": len(again.reasons)},
                )
            )
        return ()

    def finish(self) -> Iterable[Finding]:
        """Yield the contradictions, unless most tests go by other limits."""
        many = len(self.found) > self.params.usual * self.passes
        if self.passes < self.params.peers or not many:
            yield from self.found
