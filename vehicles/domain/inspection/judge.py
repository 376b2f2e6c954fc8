"""Judge a test: appearance, then OBD, then tailpipe; an earlier failure ends it.

Order and one-vote items follow the interface specifications of Jiangsu and HJ 1237-2021
7.5 (visible smoke fails the appearance inspection).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from vehicles.domain.codes import Outcome, has_exhaust
from vehicles.domain.inspection.fields import specs
from vehicles.domain.inspection.limits import Limit, applicable
from vehicles.domain.inspection.results import RESULT_FIELDS, Results
from vehicles.domain.inspection.shapes import Appearance, Obd, VehicleTest, Verdict

APPEARANCE_VETO: dict[str, tuple[bool, str]] = {
    "mechanical_ok": (False, "机械状况不良"),
    "control_devices_complete": (False, "污染控制装置不齐全"),
    "oil_burning_or_smoke": (True, "烧机油或严重冒黑烟"),
    "visible_smoke": (True, "有明显可见黑烟或蓝烟"),
    "crankcase_vent_ok": (False, "曲轴箱通风系统不正常"),
    "evaporation_ok": (False, "燃油蒸发控制系统不正常"),
    "faults_affecting_test": (True, "有影响检测的机械故障"),
    "exhaust_leak": (True, "进排气系统泄漏"),
    "liquid_leak": (True, "发动机液体渗漏"),
}
"""Items of which one alone fails the appearance inspection, with the failing answer."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One result beside its limit."""

    field: str
    label: str
    value: float
    unit: str
    least: float | None
    most: float | None
    passed: bool
    standard: str
    source: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict, comparisons, and what is still missing before it can be final."""

    verdict: Verdict
    comparisons: tuple[Comparison, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def judge_appearance(appearance: Appearance) -> tuple[Outcome | None, list[str]]:
    """Return the outcome of the appearance inspection, None while it has not come."""
    reasons = [
        reason
        for name, (bad, reason) in APPEARANCE_VETO.items()
        if getattr(appearance, name) is bad
    ]
    if reasons or appearance.outcome == Outcome.FAIL:
        return Outcome.FAIL, reasons or ["外观检验结论为不合格"]
    answered = any(getattr(appearance, name) is not None for name in APPEARANCE_VETO)
    if appearance.outcome == Outcome.EXEMPT:
        return Outcome.EXEMPT, []
    return (Outcome.PASS, []) if answered or appearance.outcome else (None, [])


def judge_obd(obd: Obd, *, must_have: bool) -> tuple[Outcome | None, list[str]]:
    """Return the outcome of the OBD inspection, None while it has not come."""
    reasons = []
    if obd.mil_on:
        reasons.append("故障指示器点亮")
    if obd.fault_codes:
        reasons.append("有故障代码 " + "、".join(obd.fault_codes))
    if obd.communication is False and obd.has_obd is not False:
        reasons.append("OBD 不能通讯")
    if obd.has_obd is False and must_have:
        reasons.append("应有 OBD 而未找到接口")
    if (obd.not_ready_count or 0) > 2:
        reasons.append(f"就绪状态未完成项 {obd.not_ready_count} 项，超过 2 项")
    if reasons or obd.outcome == Outcome.FAIL:
        return Outcome.FAIL, reasons or ["OBD 检查结论为不合格"]
    if obd.has_obd is False or obd.outcome == Outcome.EXEMPT:
        return Outcome.EXEMPT, []
    come = obd.communication is not None or obd.ecus or obd.outcome
    return (Outcome.PASS, []) if come else (None, [])


def compare(
    results: Results, limits: Sequence[Limit], rated_power_kw: float | None
) -> list[Comparison]:
    """Return every result that has a limit beside it."""
    rows = []
    labels = specs(Results)
    for limit in limits:
        value = getattr(results, limit.field, None)
        scale = rated_power_kw if limit.of_rated else 1.0
        if value is None or scale is None:
            continue
        # Rounded, for 0.4 × 110.3 is a little more than 44.12 in a machine.
        least = None if limit.least is None else round(limit.least * scale, 6)
        most = None if limit.most is None else round(limit.most * scale, 6)
        passed = (least is None or value >= least) and (most is None or value <= most)
        spec = labels[limit.field]
        rows.append(
            Comparison(
                limit.field,
                spec.label,
                value,
                spec.unit,
                least,
                most,
                passed,
                limit.standard,
                limit.source,
            )
        )
    return rows


def missing_results(test: VehicleTest) -> list[str]:
    """Return the result fields that the method needs and that are absent.

    ASM may end after the 5025 mode; lugdown before 2018 engines may have no NOx.
    """
    if test.method not in RESULT_FIELDS:
        return ["method"]
    optional = ("asm2540_", "nox80_", "distance_", "visible_smoke")
    return [
        name
        for name in RESULT_FIELDS[test.method]  # type: ignore[index]
        if getattr(test.results, name) is None and not name.startswith(optional)
    ]


def _describe(row: Comparison) -> str:
    bound = (
        f"低于 {row.least:g}"
        if row.least is not None and row.value < row.least
        else f"超过 {row.most:g}"
    )
    return f"{row.label} {row.value:g}{row.unit and ' ' + row.unit} {bound}"


def judge(
    test: VehicleTest, limits: Iterable[Limit], *, variant: str, on: date
) -> Judgement:
    """Judge all parts of a test that have come; ``missing`` names those that have not.

    ``on`` is the day of the test, which chooses the limits. An electric vehicle has no
    tailpipe part. The rated power of the registration outranks the station's entry.
    """
    appearance, reasons = judge_appearance(test.appearance)
    if appearance is Outcome.FAIL:
        return _ended(Verdict(appearance, overall=Outcome.FAIL, reasons=tuple(reasons)))
    stage = test.vehicle.emission_stage
    obd, obd_reasons = judge_obd(
        test.obd, must_have=bool(test.vehicle.has_obd) or (stage or 0) >= 4
    )
    if obd is Outcome.FAIL:
        return _ended(
            Verdict(
                appearance or "", obd, overall=Outcome.FAIL, reasons=tuple(obd_reasons)
            )
        )
    missing = [
        name for name, come in (("appearance", appearance), ("obd", obd)) if not come
    ]
    if not has_exhaust(test.vehicle.fuel):
        overall = "" if missing else Outcome.PASS
        verdict = Verdict(appearance or "", obd or "", Outcome.EXEMPT, overall)
        return Judgement(verdict, (), tuple(missing))
    return _with_tailpipe(test, limits, variant, on, appearance, obd, missing)


def _with_tailpipe(
    test: VehicleTest,
    limits: Iterable[Limit],
    variant: str,
    on: date,
    appearance: Outcome | None,
    obd: Outcome | None,
    missing: list[str],
) -> Judgement:
    rated = test.registration.rated_power_kw or test.vehicle.rated_power_kw
    chosen = applicable(limits, method=test.method, variant=variant, on=on)
    rows = compare(test.results, chosen, rated)
    missing += [f"results.{name}" for name in missing_results(test)]
    if test.method != "ringelmann" and not test.process.rows:
        missing.append("process")
    reasons = [_describe(row) for row in rows if not row.passed]
    if test.results.visible_smoke:
        reasons.insert(0, "检测过程中有明显可见烟度")
    failed = bool(reasons)
    tailpipe = Outcome.FAIL if failed else "" if missing else Outcome.PASS
    overall = tailpipe if not missing or failed else ""
    verdict = Verdict(appearance or "", obd or "", tailpipe, overall, tuple(reasons))
    return Judgement(verdict, tuple(rows), tuple(missing))


def _ended(verdict: Verdict) -> Judgement:
    return Judgement(verdict, (), ())
