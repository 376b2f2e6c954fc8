"""All rules: code, name, parameters, how to make them. Admin rows override parameters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from vehicles.domain.fraud import (
    calid,
    contradictions,
    copied,
    environment,
    gases,
    history,
    lines,
    lugdown,
    obd_vin,
    pass_rates,
    smoke,
    timing,
)
from vehicles.domain.fraud.base import Finding, Params, Rule
from vehicles.domain.inspection.shapes import VehicleTest


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule's code, Chinese name, default parameters and maker.

    ``codes`` are the codes its findings carry. ``scope`` says what it must remember:
    one ``test``, a ``vehicle``, a ``line``, or ``all`` tests.
    """

    code: str
    name: str
    params: Params
    make: Callable[[Any], Rule]
    scope: str = "test"
    codes: tuple[str, ...] = ()


RULES: dict[str, RuleInfo] = {
    info.code: info
    for info in (
        RuleInfo(
            calid.CODE,
            "CALID+CVN 多车相同",
            calid.CalidParams(),
            calid.SharedCalid,
            "all",
        ),
        RuleInfo(
            obd_vin.CODE, "OBD VIN 与车辆不符", obd_vin.VinParams(), obd_vin.ObdVin
        ),
        RuleInfo(
            lugdown.RATIO, "转速比漂移", lugdown.RatioParams(), lugdown.RatioDrift
        ),
        RuleInfo(
            lugdown.POWER, "轮边功率不足", lugdown.PowerParams(), lugdown.WheelPower
        ),
        RuleInfo(
            lugdown.RATED,
            "额定功率与登记不符",
            lugdown.RatedParams(),
            lugdown.RatedPower,
            "all",
        ),
        RuleInfo(gases.DILUTED, "CO+CO₂ 过低", gases.DilutedParams(), gases.Diluted),
        RuleInfo(
            gases.CONSTANT, "气体值不变或为零", gases.ConstantParams(), gases.Constant
        ),
        RuleInfo(timing.SPEED, "车速超差", timing.SpeedParams(), timing.SpeedTracking),
        RuleInfo(
            timing.ROWS, "过程数据不是 195 行", timing.RowParams(), timing.RowCount
        ),
        RuleInfo(timing.SHORT, "检测时间过短", timing.ShortParams(), timing.TooShort),
        RuleInfo(
            environment.CODE,
            "环境参数雷同",
            environment.EnvironmentParams(),
            environment.CopiedEnvironment,
            "all",
        ),
        RuleInfo(
            lines.OVERLAP,
            "同线同时检两车",
            lines.OverlapParams(),
            lines.LineOverlap,
            "line",
        ),
        RuleInfo(
            lines.CAPACITY,
            "超出检测能力",
            lines.CapacityParams(),
            lines.OverCapacity,
            "line",
        ),
        RuleInfo(
            history.ODOMETER,
            "里程倒退",
            history.OdometerParams(),
            history.Odometer,
            "vehicle",
        ),
        RuleInfo(
            history.FAST,
            "短时间内复检合格",
            history.FastParams(),
            history.FastRetest,
            "vehicle",
        ),
        RuleInfo(
            history.MANY,
            "一日多次复检",
            history.ManyParams(),
            history.ManyRetests,
            "vehicle",
        ),
        RuleInfo(
            history.SHOPPING,
            "跨机构复检",
            history.ShoppingParams(),
            history.StationShopping,
            "vehicle",
        ),
        RuleInfo(
            contradictions.ELECTRIC,
            "电动车有尾气检测",
            contradictions.ElectricParams(),
            contradictions.ElectricTailpipe,
        ),
        RuleInfo(
            contradictions.OVERDUE,
            "仪器检定或检查过期",
            contradictions.OverdueParams(),
            contradictions.CalibrationOverdue,
        ),
        RuleInfo(
            contradictions.VERDICT,
            "结论与数据矛盾",
            contradictions.VerdictParams(),
            contradictions.VerdictContradicts,
        ),
        RuleInfo(
            copied.CODE,
            "过程曲线复制",
            copied.CopiedParams(),
            copied.CopiedCurves,
            "all",
        ),
        RuleInfo(
            "pass_rates",
            "合格率异常",
            pass_rates.RateParams(),
            pass_rates.PassRates,
            "all",
            (pass_rates.STATION, pass_rates.LINE, pass_rates.INSPECTOR),
        ),
        RuleInfo(
            smoke.CODE,
            "合格后冒黑烟",
            smoke.SmokeParams(),
            smoke.SmokeAfterPass,
            "vehicle",
        ),
    )
}


class ParameterError(ValueError):
    """A rule has no such parameter, or the value has the wrong type."""


def with_values(params: Params, values: Mapping[str, object]) -> Params:
    """Return the parameters with some values replaced; raises ParameterError."""
    types = {item.name: type(getattr(params, item.name)) for item in fields(params)}
    for name, value in values.items():
        if name not in types:
            raise ParameterError(f"没有参数 {name}；可用：{'、'.join(types)}")
        wanted = types[name]
        fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
        if not fits or isinstance(value, bool):
            raise ParameterError(f"参数 {name} 应为 {wanted.__name__}")
    changes: dict[str, Any] = dict(values)
    return replace(params, **changes)


class Checker:
    """Feed tests to all rules, or to those named."""

    def __init__(
        self,
        codes: Iterable[str] | None = None,
        overrides: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        chosen = RULES if codes is None else {code: RULES[code] for code in codes}
        overrides = overrides or {}
        self.rules: dict[str, Rule] = {
            code: info.make(with_values(info.params, overrides.get(code, {})))
            for code, info in chosen.items()
        }

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield what can be said of this test now."""
        for rule in self.rules.values():
            yield from rule.see(test)

    def see_capture(self, capture: smoke.Seen) -> None:
        """Take a confirmed black-smoke capture."""
        rule = self.rules.get(smoke.CODE)
        if isinstance(rule, smoke.SmokeAfterPass):
            rule.see_capture(capture)

    def finish(self) -> Iterable[Finding]:
        """Yield what can only be said at the end."""
        for rule in self.rules.values():
            yield from rule.finish()


NAMES: dict[str, str] = {
    **{info.code: info.name for info in RULES.values()},
    pass_rates.STATION: "机构合格率异常",
    pass_rates.LINE: "检测线合格率异常",
    pass_rates.INSPECTOR: "检验员合格率异常",
}
"""Chinese names of all finding codes."""
