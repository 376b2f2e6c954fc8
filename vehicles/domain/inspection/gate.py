"""May this test start? A pure decision over facts, with reason codes.

Reasons come from server rules of public interface specifications (V4, UP, YN). Whether
a reason binds follows from the station's mode: 影子 records it, 提示 tells the station,
控制 refuses, and refuses only where legal basis and delegation are registered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from vehicles.domain.codes import (
    DIESEL_METHODS,
    GAS_METHODS,
    Method,
    has_exhaust,
    is_diesel,
)
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.shapes import Vehicle


class Mode(StrEnum):
    """How far the platform's answers bind a station."""

    SHADOW = "shadow"
    HINT = "hint"
    CONTROL = "control"


MODE_NAMES = {Mode.SHADOW: "影子", Mode.HINT: "提示", Mode.CONTROL: "控制"}


class Reason(StrEnum):
    """Why a test should not start."""

    STATION_LOCKED = "station_locked"
    LINE_LOCKED = "line_locked"
    LINE_INACTIVE = "line_inactive"
    INSTRUMENT_LOCKED = "instrument_locked"
    VERIFICATION_EXPIRED = "verification_expired"
    INSTRUMENT_MISSING = "instrument_missing"
    DAILY_CHECK_MISSING = "daily_check_missing"
    DAILY_CHECK_FAILED = "daily_check_failed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    METHOD_UNSUITABLE = "method_unsuitable"
    NO_TAILPIPE = "no_tailpipe"
    VEHICLE_BUSY = "vehicle_busy"
    VEHICLE_LOCKED = "vehicle_locked"
    FAILED_ELSEWHERE = "failed_elsewhere"
    OUTSIDE_HOURS = "outside_hours"
    TOO_MANY_RETRIES = "too_many_retries"
    ATTEMPT_NUMBER = "attempt_number"
    STAFF_UNKNOWN = "staff_unknown"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CLOCK_SKEW = "clock_skew"


REASON_NAMES = {
    Reason.STATION_LOCKED: "检验机构已锁定",
    Reason.LINE_LOCKED: "检测线已锁定",
    Reason.LINE_INACTIVE: "检测线未启用",
    Reason.INSTRUMENT_LOCKED: "仪器已锁定",
    Reason.VERIFICATION_EXPIRED: "仪器检定已过期",
    Reason.INSTRUMENT_MISSING: "缺少该方法所需仪器",
    Reason.DAILY_CHECK_MISSING: "日常检查未做或未上传",
    Reason.DAILY_CHECK_FAILED: "日常检查不合格",
    Reason.METHOD_NOT_ALLOWED: "本线不能使用该检测方法",
    Reason.METHOD_UNSUITABLE: "该车应使用其他检测方法",
    Reason.NO_TAILPIPE: "该车无尾气检测项目",
    Reason.VEHICLE_BUSY: "车辆正在其他检测线检测",
    Reason.VEHICLE_LOCKED: "车辆已锁定",
    Reason.FAILED_ELSEWHERE: "车辆在其他机构检验不合格，应回原机构复检",
    Reason.OUTSIDE_HOURS: "不在规定的检验时间内",
    Reason.TOO_MANY_RETRIES: "复检次数超过上限",
    Reason.ATTEMPT_NUMBER: "检验次数不等于上次加一",
    Reason.STAFF_UNKNOWN: "检验人员未备案或资格已过期",
    Reason.CERTIFICATE_EXPIRED: "资质认定证书已过期",
    Reason.CLOCK_SKEW: "机构时钟与平台相差过大",
}

NOT_BINDING = frozenset({Reason.CLOCK_SKEW, Reason.ATTEMPT_NUMBER})
"""Reasons that are only ever told, never refuse."""

NEEDED: dict[Method, tuple[str, ...]] = {
    Method.DOUBLE_IDLE: ("gas_analyser",),
    Method.ASM: ("dynamometer", "gas_analyser"),
    Method.VMAS: ("dynamometer", "gas_analyser", "flow_meter"),
    Method.TRANSIENT: ("dynamometer", "gas_analyser"),
    Method.LUGDOWN: ("dynamometer", "smoke_meter"),
    Method.FREE_ACCELERATION: ("smoke_meter",),
    Method.RINGELMANN: (),
}
"""Kinds of instruments that a method needs."""


@dataclass(frozen=True, slots=True)
class GateRules:
    """Settings of the gate, with where the numbers come from."""

    check_age: timedelta = timedelta(days=1)
    check_source: str = "昆明、广州、长沙检测站接口规范：检查未上传超过 1 天即锁定"
    elsewhere_days: int = 60
    elsewhere_source: str = "UP 上报规范：两个月内他站不合格不得跨站复检"
    retries: int = 5
    retries_source: str = "平台设置，须由州局确认"
    opens: time = time(8, 0)
    closes: time = time(20, 30)
    clock_skew_s: float = 5.0
    clock_source: str = "V4 联网要求：时钟相差不超过 5 s"
    heavy_gas_kg: float = 3500.0
    heavy_source: str = "memory：最大总质量大于 3500 kg 的汽油车用双怠速法"


@dataclass(frozen=True, slots=True)
class InstrumentFact:
    """What is known of one instrument of the line."""

    kind: str
    serial: str
    verified_until: date | None
    checked_at: datetime | None
    check_passed: bool | None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class GateFacts:
    """Everything the decision rests on."""

    now: datetime
    mode: Mode
    basis_registered: bool
    method: Method | None
    vehicle: Vehicle
    line_active: bool = True
    line_methods: tuple[str, ...] = ()
    instruments: Sequence[InstrumentFact] = ()
    station_locked: str = ""
    line_locked: str = ""
    vehicle_locked: str = ""
    busy_at: str = ""
    failed_at: str = ""
    failed_on: date | None = None
    attempts_before: int = 0
    attempt: int | None = None
    staff_ok: bool = True
    certificate_until: date | None = None
    clock_offset_s: float | None = None
    preferred: Method = Method.VMAS


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason with its detail in Chinese."""

    reason: Reason
    detail: str

    @property
    def name(self) -> str:
        """The reason in words."""
        return REASON_NAMES[self.reason]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: may the test start, what speaks against it, and the method."""

    allowed: bool
    binding: bool
    method: Method | None
    objections: tuple[Objection, ...] = field(default=())


def choose_method(
    vehicle: Vehicle, offered: Iterable[str], preferred: Method, rules: GateRules
) -> Method | None:
    """Return the method for a vehicle on a line, None if nothing can be measured.

    A vehicle that cannot run on the dynamometer (full-time four-wheel drive, ESP that
    cannot be switched off, close-coupled axles, heavy petrol) gets the method without.
    """
    if not has_exhaust(vehicle.fuel):
        return None
    unfit = (
        vehicle.drive == "full_time_four"
        or bool(vehicle.esp_cannot_be_off)
        or bool(vehicle.multi_axle_drive)
    )
    if is_diesel(vehicle.fuel):
        wanted = [Method.FREE_ACCELERATION] if unfit else [Method.LUGDOWN]
        return _first(wanted, offered) or wanted[0]
    heavy = (vehicle.gross_mass_kg or 0) > rules.heavy_gas_kg
    if unfit or heavy:
        return Method.DOUBLE_IDLE
    loaded = [preferred, Method.VMAS, Method.ASM, Method.TRANSIENT]
    return _first(loaded, offered) or preferred


def _first(wanted: Iterable[Method], offered: Iterable[str]) -> Method | None:
    can = set(offered)
    return next((method for method in wanted if method in can), None)


def decide(facts: GateFacts, rules: GateRules) -> Decision:
    """Return whether the test may start, with every objection found."""
    method = choose_method(facts.vehicle, facts.line_methods, facts.preferred, rules)
    found = [
        *_about_station(facts, rules),
        *_about_method(facts, method),
        *_about_instruments(facts, rules),
        *_about_vehicle(facts, rules),
    ]
    binding = facts.mode is Mode.CONTROL and facts.basis_registered
    stops = any(item.reason not in NOT_BINDING for item in found)
    return Decision(not (binding and stops), binding, method, tuple(found))


def _about_station(facts: GateFacts, rules: GateRules) -> Iterable[Objection]:
    if facts.station_locked:
        yield Objection(Reason.STATION_LOCKED, facts.station_locked)
    if facts.line_locked:
        yield Objection(Reason.LINE_LOCKED, facts.line_locked)
    if not facts.line_active:
        yield Objection(Reason.LINE_INACTIVE, "检测线未备案或已停用")
    local = facts.now.astimezone(BEIJING)
    if not rules.opens <= local.time() <= rules.closes:
        yield Objection(
            Reason.OUTSIDE_HOURS,
            f"现在 {local:%H:%M}，规定 {rules.opens:%H:%M}～{rules.closes:%H:%M}",
        )
    until = facts.certificate_until
    if until is not None and until < local.date():
        yield Objection(Reason.CERTIFICATE_EXPIRED, f"资质认定证书 {until} 到期")
    if not facts.staff_ok:
        yield Objection(
            Reason.STAFF_UNKNOWN, "引车员、检验员或授权签字人未备案或已过期"
        )
    offset = facts.clock_offset_s
    if offset is not None and abs(offset) > rules.clock_skew_s:
        yield Objection(
            Reason.CLOCK_SKEW,
            f"机构时钟相差 {offset:+.1f} s，上限 ±{rules.clock_skew_s:g} s",
        )


def _about_method(facts: GateFacts, chosen: Method | None) -> Iterable[Objection]:
    if facts.method is None:
        return
    if chosen is None:
        yield Objection(Reason.NO_TAILPIPE, f"燃料种类 {facts.vehicle.fuel} 无尾气检测")
        return
    if facts.line_methods and facts.method not in facts.line_methods:
        yield Objection(Reason.METHOD_NOT_ALLOWED, f"本线未备案 {facts.method}")
    diesel = is_diesel(facts.vehicle.fuel)
    wrong_family = facts.method in (GAS_METHODS if diesel else DIESEL_METHODS)
    avoids_load = chosen in (Method.LUGDOWN, *GAS_METHODS - {Method.DOUBLE_IDLE}) and (
        facts.method
        in (Method.DOUBLE_IDLE, Method.FREE_ACCELERATION, Method.RINGELMANN)
    )
    if wrong_family or avoids_load:
        yield Objection(Reason.METHOD_UNSUITABLE, f"平台选择 {chosen}")


def _about_instruments(facts: GateFacts, rules: GateRules) -> Iterable[Objection]:
    if facts.method is None:
        return
    today = facts.now.astimezone(BEIJING).date()
    for kind in NEEDED[facts.method]:
        held = [item for item in facts.instruments if item.kind == kind]
        if not held:
            yield Objection(Reason.INSTRUMENT_MISSING, kind)
        for item in held:
            yield from _about_instrument(item, facts.now, today, rules)


def _about_instrument(
    item: InstrumentFact, now: datetime, today: date, rules: GateRules
) -> Iterable[Objection]:
    name = f"{item.kind} {item.serial}"
    if item.locked:
        yield Objection(Reason.INSTRUMENT_LOCKED, name)
    if item.verified_until is not None and item.verified_until < today:
        yield Objection(
            Reason.VERIFICATION_EXPIRED, f"{name} 检定有效期至 {item.verified_until}"
        )
    if item.checked_at is None or now - item.checked_at > rules.check_age:
        at = item.checked_at and item.checked_at.astimezone(BEIJING)
        last = f"{at:%m-%d %H:%M}" if at else "从未"
        yield Objection(Reason.DAILY_CHECK_MISSING, f"{name} 最近检查 {last}")
    elif item.check_passed is False:
        yield Objection(Reason.DAILY_CHECK_FAILED, f"{name} 最近检查不合格")


def _about_vehicle(facts: GateFacts, rules: GateRules) -> Iterable[Objection]:
    if facts.vehicle_locked:
        yield Objection(Reason.VEHICLE_LOCKED, facts.vehicle_locked)
    if facts.busy_at:
        yield Objection(Reason.VEHICLE_BUSY, facts.busy_at)
    today = facts.now.astimezone(BEIJING).date()
    if (
        facts.failed_at
        and facts.failed_on
        and (today - facts.failed_on).days <= rules.elsewhere_days
    ):
        yield Objection(
            Reason.FAILED_ELSEWHERE, f"{facts.failed_on} 在{facts.failed_at}不合格"
        )
    if facts.attempts_before > rules.retries:
        yield Objection(
            Reason.TOO_MANY_RETRIES,
            f"本周期已检 {facts.attempts_before} 次，上限 {rules.retries} 次复检",
        )
    if facts.attempt is not None and facts.attempt != facts.attempts_before + 1:
        yield Objection(
            Reason.ATTEMPT_NUMBER,
            f"上报第 {facts.attempt} 次，平台记录应为第 {facts.attempts_before + 1} 次",
        )
