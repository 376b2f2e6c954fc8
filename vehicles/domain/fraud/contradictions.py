"""A test that contradicts itself: no tailpipe, expired instruments, wrong verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

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
    """Hours that the last daily check of an instrument may lie back."""

    source: str = "昆明、广州、长沙检测站接口规范：检查超过 1 天锁定"
    check_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class VerdictParams(Params):
    """Judged again with limit set ``variant``; the looser one leaves no doubt."""

    source: str = "GB 18285-2018、GB 3847-2018 限值 a；HJ 1237-2021 7.5"
    variant: str = "a"


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


class CalibrationOverdue(SingleRule):
    """An instrument past its verification, or without a passed daily check."""

    params: OverdueParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield one finding that lists the instruments at fault."""
        start = test.started_at or test.ended_at
        if start is None:
            return
        day = start.astimezone(BEIJING).date()
        faults = []
        for item in test.instruments:
            name = f"{INSTRUMENTS.get(item.kind, item.kind)} {item.serial}"
            if item.verified_until and item.verified_until < day:
                faults.append(f"{name} 检定有效期至 {item.verified_until}")
            if item.checked_at:
                age = start - item.checked_at
                if age > timedelta(hours=self.params.check_hours):
                    hours = age.total_seconds() / 3600
                    faults.append(
                        f"{name} 最近检查 {clock(item.checked_at)}，已过 {hours:.0f} h"
                    )
                elif item.check_passed is False:
                    faults.append(f"{name} 最近检查不合格")
        if faults:
            yield Finding(
                name_of(test),
                OVERDUE,
                0.9,
                f"{clock(start)} 检验时：" + "；".join(faults[:4]),
                numbers={"faults": len(faults)},
            )


class VerdictContradicts(SingleRule):
    """Passed although a one-vote item or a limit says otherwise."""

    params: VerdictParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when judging again fails a passed test."""
        start = test.started_at or test.ended_at
        if test.verdict.overall != "pass" or start is None:
            return
        day = start.astimezone(BEIJING).date()
        again = judge(test, LIMITS, variant=self.params.variant, on=day).verdict
        if again.overall == "fail":
            yield Finding(
                name_of(test),
                VERDICT,
                0.85,
                "报告结论为合格，但" + "；".join(again.reasons[:4]),
                numbers={"reasons": len(again.reasons)},
            )
