"""May a test start: every reason at its bound, the method, and when it binds."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection.gate import (
    MODE_NAMES,
    NEEDED,
    REASON_NAMES,
    GateFacts,
    GateRules,
    InstrumentFact,
    Mode,
    Reason,
    choose_method,
    decide,
)
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.shapes import Vehicle

NOW = datetime(2026, 5, 6, 10, 0, tzinfo=BEIJING)
TODAY, DAY = NOW.date(), timedelta(days=1)
RULES = GateRules()
ALL = tuple(Method)


def car(fuel: str = "A", **more: object) -> Vehicle:
    return Vehicle(
        plate="新E12345",
        plate_color="blue",
        vin="V",
        fuel=fuel,
        emission_stage=5,
        **more,
    )


def instrument(kind: str, **more: object) -> InstrumentFact:
    fact = InstrumentFact(kind, "S1", TODAY, NOW - DAY, True)
    return replace(fact, **more)


def facts(**more: object) -> GateFacts:
    kinds = ("gas_analyser", "dynamometer", "flow_meter", "smoke_meter")
    made = GateFacts(
        now=NOW, mode=Mode.CONTROL, basis_registered=True, method=Method.VMAS,
        vehicle=car(), line_methods=ALL, instruments=[instrument(k) for k in kinds],
    )  # fmt: skip
    return replace(made, **more)


def reasons(**more: object) -> list[Reason]:
    return [one.reason for one in decide(facts(**more), RULES).objections]


def test_nothing_speaks_against_a_good_start() -> None:
    answer = decide(facts(), RULES)
    assert (answer.allowed, answer.binding, answer.objections) == (True, True, ())
    assert answer.method is Method.VMAS


def test_every_reason_and_mode_has_its_words() -> None:
    assert set(REASON_NAMES) == set(Reason)
    assert set(MODE_NAMES) == set(Mode)
    assert set(NEEDED) == set(Method)


@pytest.mark.parametrize(
    ("mode", "basis", "allowed", "binding"),
    [
        (Mode.CONTROL, True, False, True), (Mode.CONTROL, False, True, False),
        (Mode.HINT, True, True, False), (Mode.SHADOW, True, True, False),
    ],
)  # fmt: skip
def test_a_reason_refuses_only_under_control_with_a_basis(
    mode: Mode, basis: bool, allowed: bool, binding: bool
) -> None:
    answer = decide(
        facts(mode=mode, basis_registered=basis, station_locked="停业整顿"), RULES
    )
    assert (answer.allowed, answer.binding) == (allowed, binding)
    (one,) = answer.objections
    assert (one.reason, one.detail, one.name) == (
        Reason.STATION_LOCKED, "停业整顿", "检验机构已锁定",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"line_locked": "x"}, Reason.LINE_LOCKED),
        ({"line_active": False}, Reason.LINE_INACTIVE),
        ({"staff_ok": False}, Reason.STAFF_UNKNOWN),
        ({"certificate_until": TODAY - DAY}, Reason.CERTIFICATE_EXPIRED),
        ({"vehicle_locked": "x"}, Reason.VEHICLE_LOCKED),
        ({"busy_at": "2 号线"}, Reason.VEHICLE_BUSY),
        ({"attempts_before": 6}, Reason.TOO_MANY_RETRIES),
        ({"failed_at": "乙站", "failed_on": TODAY - 60 * DAY}, Reason.FAILED_ELSEWHERE),
    ],
    ids=lambda value: value.value if isinstance(value, Reason) else "",
)
def test_each_fact_gives_its_reason(change: dict, wanted: Reason) -> None:
    assert reasons(**change) == [wanted]
    assert not decide(facts(**change), RULES).allowed


@pytest.mark.parametrize(
    "change",
    [
        {"certificate_until": TODAY},
        {"attempts_before": 5},
        {"failed_at": "乙站", "failed_on": TODAY - 61 * DAY},
        {"failed_at": "", "failed_on": TODAY},
        {"failed_at": "乙站", "failed_on": None},
        {"attempts_before": 2, "attempt": 3},
        {"clock_offset_s": 5.0},
        {"clock_offset_s": -5.0},
    ],
    ids=[
        "certificate",
        "retries",
        "long ago",
        "nowhere",
        "never",
        "attempt",
        "fast",
        "slow",
    ],
)
def test_at_the_bound_nothing_is_said(change: dict) -> None:
    assert reasons(**change) == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"clock_offset_s": 5.1}, Reason.CLOCK_SKEW),
        ({"clock_offset_s": -5.1}, Reason.CLOCK_SKEW),
        ({"attempts_before": 2, "attempt": 2}, Reason.ATTEMPT_NUMBER),
        ({"attempts_before": 2, "attempt": 4}, Reason.ATTEMPT_NUMBER),
    ],
    ids=["fast", "slow", "again", "skipped"],
)
def test_some_reasons_are_told_and_never_refuse(change: dict, wanted: Reason) -> None:
    assert reasons(**change) == [wanted]
    assert decide(facts(**change), RULES).allowed


@pytest.mark.parametrize(
    ("clock", "outside"),
    [
        (time(8, 0), False), (time(20, 30), False), (time(7, 59, 59), True),
        (time(20, 30, 1), True), (time(12, 0), False),
    ],
    ids=str,
)  # fmt: skip
def test_hours_are_those_of_beijing(clock: time, outside: bool) -> None:
    now = datetime.combine(TODAY, clock, BEIJING)
    held = [instrument("gas_analyser", checked_at=now), instrument("dynamometer", checked_at=now),
            instrument("flow_meter", checked_at=now)]  # fmt: skip
    found = reasons(now=now, instruments=held)
    assert (Reason.OUTSIDE_HOURS in found) is outside


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"locked": True}, [Reason.INSTRUMENT_LOCKED]),
        ({"verified_until": TODAY - DAY}, [Reason.VERIFICATION_EXPIRED]),
        ({"verified_until": TODAY}, []),
        ({"verified_until": None}, []),
        (
            {"checked_at": NOW - DAY - timedelta(seconds=1)},
            [Reason.DAILY_CHECK_MISSING],
        ),
        ({"checked_at": None}, [Reason.DAILY_CHECK_MISSING]),
        ({"check_passed": False}, [Reason.DAILY_CHECK_FAILED]),
        ({"check_passed": None}, []),
        ({"checked_at": None, "check_passed": False}, [Reason.DAILY_CHECK_MISSING]),
    ],
    ids=[
        "locked",
        "expired",
        "last day",
        "unknown",
        "late",
        "never",
        "failed",
        "open",
        "both",
    ],
)
def test_an_instrument_must_be_fit(change: dict, wanted: list[Reason]) -> None:
    held = [instrument("smoke_meter", **change)]
    assert reasons(
        method=Method.FREE_ACCELERATION, instruments=held,
        vehicle=car("B", drive="full_time_four"),
    ) == wanted  # fmt: skip


@pytest.mark.parametrize("method", [m for m in Method if NEEDED[m]], ids=str)
def test_each_needed_instrument_is_missed(method: Method) -> None:
    found = decide(facts(method=method, instruments=[]), RULES).objections
    missing = [o.detail for o in found if o.reason is Reason.INSTRUMENT_MISSING]
    assert missing == list(NEEDED[method])


def test_before_a_method_is_named_no_instrument_is_asked_for() -> None:
    assert reasons(method=None, instruments=[], vehicle=car("C")) == []


@pytest.mark.parametrize(
    ("vehicle", "offered", "wanted"),
    [
        (car("C"), ALL, None),
        (car("A"), ALL, Method.VMAS),
        (car("A"), (Method.ASM,), Method.ASM),
        (car("A"), (Method.TRANSIENT, Method.DOUBLE_IDLE), Method.TRANSIENT),
        (car("A"), (), Method.VMAS),
        (car("A", gross_mass_kg=3500), ALL, Method.VMAS),
        (car("A", gross_mass_kg=3501), ALL, Method.DOUBLE_IDLE),
        (car("A", drive="full_time_four"), ALL, Method.DOUBLE_IDLE),
        (car("A", drive="four"), ALL, Method.VMAS),
        (car("A", esp_cannot_be_off=True), ALL, Method.DOUBLE_IDLE),
        (car("A", multi_axle_drive=True), ALL, Method.DOUBLE_IDLE),
        (car("B"), ALL, Method.LUGDOWN),
        (car("B"), (), Method.LUGDOWN),
        (car("B", gross_mass_kg=20000), ALL, Method.LUGDOWN),
        (car("B", multi_axle_drive=True), ALL, Method.FREE_ACCELERATION),
    ],
)
def test_the_method_follows_the_vehicle_and_the_line(
    vehicle: Vehicle, offered: tuple[str, ...], wanted: Method | None
) -> None:
    assert choose_method(vehicle, offered, Method.VMAS, RULES) is wanted
    if wanted is Method.VMAS and offered:
        assert choose_method(vehicle, offered, Method.ASM, RULES) is Method.ASM


@pytest.mark.parametrize(
    ("vehicle", "method", "wanted"),
    [
        (car("C"), Method.DOUBLE_IDLE, Reason.NO_TAILPIPE),
        (car("A"), Method.LUGDOWN, Reason.METHOD_UNSUITABLE),
        (car("B"), Method.VMAS, Reason.METHOD_UNSUITABLE),
        (car("A"), Method.DOUBLE_IDLE, Reason.METHOD_UNSUITABLE),
        (car("B"), Method.FREE_ACCELERATION, Reason.METHOD_UNSUITABLE),
        (car("B"), Method.RINGELMANN, Reason.METHOD_UNSUITABLE),
        (car("A", gross_mass_kg=4000), Method.DOUBLE_IDLE, None),
        (car("A"), Method.ASM, None),
        (car("B"), Method.LUGDOWN, None),
        (car("B", esp_cannot_be_off=True), Method.FREE_ACCELERATION, None),
    ],
)
def test_a_method_that_spares_the_vehicle_is_objected_to(
    vehicle: Vehicle, method: Method, wanted: Reason | None
) -> None:
    found = reasons(vehicle=vehicle, method=method)
    assert found == ([wanted] if wanted else [])


def test_a_method_the_line_has_not_filed_is_told() -> None:
    assert reasons(line_methods=(Method.ASM,)) == [Reason.METHOD_NOT_ALLOWED]
    assert reasons(line_methods=()) == []


def test_all_reasons_are_told_at_once() -> None:
    found = reasons(station_locked="a", line_locked="b", busy_at="c", staff_ok=False)
    assert found == [
        Reason.STATION_LOCKED, Reason.LINE_LOCKED, Reason.STAFF_UNKNOWN,
        Reason.VEHICLE_BUSY,
    ]  # fmt: skip
    assert date(2026, 5, 6) == TODAY


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"attempts_before": 2, "attempt": 2}, "上报第 2 次，平台记录应为第 3 次"),
        ({"attempts_before": 6}, "本周期已检 6 次，上限 5 次复检"),
        ({"clock_offset_s": -6.04}, "机构时钟相差 -6.0 s，上限 ±5 s"),
        ({"failed_at": "乙站", "failed_on": TODAY}, "2026-05-06 在乙站不合格"),
        ({"certificate_until": TODAY - DAY}, "资质认定证书 2026-05-05 到期"),
        ({"line_methods": (Method.ASM,)}, "本线未备案 vmas"),
        ({"vehicle": car("C")}, "燃料种类 C 无尾气检测"),
        ({"method": Method.LUGDOWN}, "平台选择 vmas"),
    ],
    ids=[
        "attempt",
        "retries",
        "clock",
        "elsewhere",
        "certificate",
        "line",
        "fuel",
        "method",
    ],
)
def test_a_reason_states_its_numbers(change: dict, detail: str) -> None:
    assert [one.detail for one in decide(facts(**change), RULES).objections] == [detail]


def test_outside_hours_the_clock_and_the_hours_are_told() -> None:
    found = decide(facts(now=NOW.replace(hour=21, minute=5), method=None), RULES)
    assert [one.detail for one in found.objections] == ["现在 21:05，规定 08:00～20:30"]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"locked": True}, "smoke_meter S1"),
        (
            {"verified_until": TODAY - DAY},
            "smoke_meter S1 检定有效期至 2026-05-05",
        ),
        ({"checked_at": NOW - 2 * DAY}, "smoke_meter S1 最近检查 05-04 10:00"),
        ({"checked_at": None}, "smoke_meter S1 最近检查 从未"),
        ({"check_passed": False}, "smoke_meter S1 最近检查不合格"),
    ],
    ids=["locked", "expired", "late", "never", "failed"],
)
def test_an_instrument_is_named_by_kind_and_number(change: dict, detail: str) -> None:
    found = decide(
        facts(
            method=Method.FREE_ACCELERATION,
            instruments=[instrument("smoke_meter", **change)],
            vehicle=car("B", drive="full_time_four"),
        ),
        RULES,
    )
    assert [one.detail for one in found.objections] == [detail]
