"""Judging a test: appearance, then OBD, then tailpipe, each at its bound."""

from dataclasses import replace
from datetime import date

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection.judge import (
    APPEARANCE_VETO,
    Comparison,
    compare,
    judge,
    judge_appearance,
    judge_obd,
    missing_results,
)
from vehicles.domain.inspection.limits import SEED, Limit
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.results import RESULT_FIELDS, Results
from vehicles.domain.inspection.shapes import (
    Appearance,
    Ecu,
    Obd,
    Registration,
    Vehicle,
    VehicleTest,
)

ON = date(2026, 11, 27)
SMOKE = Results(k1_m1=1.0, k2_m1=1.1, k3_m1=1.2, k_mean_m1=1.1)
CURVE = Curve({"t": (0.0,)}, ("",), 1)


def diesel(**more: object) -> VehicleTest:
    """A free acceleration test with everything in order."""
    given = {
        "session": "S",
        "method": "free_acceleration",
        "vehicle": Vehicle(fuel="B", emission_stage=5),
        "appearance": Appearance(mechanical_ok=True),
        "obd": Obd(communication=True),
        "results": SMOKE,
        "process": CURVE,
    }
    return VehicleTest(**(given | more))  # type: ignore[arg-type]


def outcome(test: VehicleTest, variant: str = "a") -> tuple[str, ...]:
    verdict = judge(test, SEED, variant=variant, on=ON).verdict
    return (verdict.appearance, verdict.obd, verdict.tailpipe, verdict.overall)


@pytest.mark.parametrize(
    ("name", "bad", "reason"),
    [
        ("mechanical_ok", False, "机械状况不良"),
        ("control_devices_complete", False, "污染控制装置不齐全"),
        ("oil_burning_or_smoke", True, "烧机油或严重冒黑烟"),
        ("visible_smoke", True, "有明显可见黑烟或蓝烟"),
        ("crankcase_vent_ok", False, "曲轴箱通风系统不正常"),
        ("evaporation_ok", False, "燃油蒸发控制系统不正常"),
        ("faults_affecting_test", True, "有影响检测的机械故障"),
        ("exhaust_leak", True, "进排气系统泄漏"),
        ("liquid_leak", True, "发动机液体渗漏"),
    ],
)
def test_one_item_fails_the_appearance(name: str, bad: bool, reason: str) -> None:
    assert judge_appearance(Appearance(**{name: bad})) == ("fail", [reason])
    assert judge_appearance(Appearance(**{name: not bad})) == ("pass", [])
    assert len(APPEARANCE_VETO) == 9


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, (None, [])),
        ({"outcome": "pass"}, ("pass", [])),
        ({"outcome": "fail"}, ("fail", ["外观检验结论为不合格"])),
        ({"outcome": "exempt"}, ("exempt", [])),
        ({"outcome": "exempt", "mechanical_ok": True}, ("exempt", [])),
        (
            {"outcome": "fail", "mechanical_ok": True},
            ("fail", ["外观检验结论为不合格"]),
        ),
        ({"outcome": "pass", "liquid_leak": True}, ("fail", ["发动机液体渗漏"])),
        ({"tyres_ok": False}, (None, [])),
    ],
)
def test_the_appearance_follows_its_items_then_its_conclusion(
    given: dict, wanted: tuple
) -> None:
    assert judge_appearance(Appearance(**given)) == wanted


@pytest.mark.parametrize(
    ("given", "must_have", "wanted"),
    [
        ({}, True, (None, [])),
        ({"communication": True}, True, ("pass", [])),
        ({"ecus": (Ecu(),)}, True, ("pass", [])),
        ({"outcome": "pass"}, True, ("pass", [])),
        ({"outcome": "exempt"}, True, ("exempt", [])),
        ({"outcome": "fail"}, True, ("fail", ["OBD 检查结论为不合格"])),
        ({"mil_on": True}, False, ("fail", ["故障指示器点亮"])),
        ({"mil_on": False, "communication": True}, False, ("pass", [])),
        ({"fault_codes": ("P1", "P2")}, False, ("fail", ["有故障代码 P1、P2"])),
        ({"communication": False}, False, ("fail", ["OBD 不能通讯"])),
        ({"communication": False, "has_obd": True}, False, ("fail", ["OBD 不能通讯"])),
        ({"communication": False, "has_obd": False}, False, ("exempt", [])),
        ({"has_obd": False}, False, ("exempt", [])),
        ({"has_obd": False}, True, ("fail", ["应有 OBD 而未找到接口"])),
        ({"not_ready_count": 2, "communication": True}, True, ("pass", [])),
        ({"not_ready_count": 0, "communication": True}, True, ("pass", [])),
        ({"not_ready_count": 3}, True, ("fail", ["就绪状态未完成项 3 项，超过 2 项"])),
        (
            {"mil_on": True, "communication": False},
            True,
            ("fail", ["故障指示器点亮", "OBD 不能通讯"]),
        ),
    ],
)
def test_the_obd_follows_its_readings_then_its_conclusion(
    given: dict, must_have: bool, wanted: tuple
) -> None:
    assert judge_obd(Obd(**given), must_have=must_have) == wanted


def limit(least: float | None, most: float | None, **more: object) -> Limit:
    field = str(more.pop("field", "k_mean_m1"))
    return Limit("m", field, "a", least, most, "", "GB", ON, "源", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("least", "most", "value", "passed"),
    [
        (None, 1.2, 1.2, True), (None, 1.2, 1.21, False), (0.95, 1.05, 0.95, True),
        (0.95, 1.05, 0.94, False), (0.95, 1.05, 1.05, True), (0.95, 1.05, 1.06, False),
        (0.4, None, 0.4, True), (0.4, None, 0.39, False), (None, None, 9.0, True),
    ],
)  # fmt: skip
def test_a_result_may_be_its_limit(
    least: float | None, most: float | None, value: float, passed: bool
) -> None:
    assert compare(Results(k_mean_m1=value), [limit(least, most)], None) == [
        Comparison(
            "k_mean_m1", "k 平均值", value, "m⁻¹", least, most, passed, "GB", "源"
        )
    ]


def test_a_share_of_the_rated_power_is_scaled() -> None:
    share = limit(0.4, 2.0, field="max_wheel_power_kw", of_rated=True)
    [row] = compare(Results(max_wheel_power_kw=40), [share], 100.0)
    assert (row.least, row.most, row.passed) == (40, 200, True)
    [low] = compare(Results(max_wheel_power_kw=39.9), [share], 100.0)
    assert not low.passed
    assert compare(Results(max_wheel_power_kw=40), [share], None) == []
    assert compare(Results(), [share], 100.0) == []
    plain = limit(None, 50, field="max_wheel_power_kw")
    [unscaled] = compare(Results(max_wheel_power_kw=40), [plain], 100.0)
    assert (unscaled.most, unscaled.passed) == (50, True)


@pytest.mark.parametrize(
    ("method", "optional"),
    [
        ("double_idle", set()),
        ("asm", {"asm2540_co_pct", "asm2540_hc_ppm", "asm2540_no_ppm"}),
        ("vmas", {"distance_km"}),
        ("transient", {"distance_km"}),
        ("lugdown", {"nox80_ppm"}),
        ("free_acceleration", set()),
        ("ringelmann", {"visible_smoke"}),
    ],
)
def test_results_that_are_needed_are_missed(method: str, optional: set[str]) -> None:
    fields = RESULT_FIELDS[Method(method)]
    missing = missing_results(VehicleTest(method=method))
    assert missing == [name for name in fields if name not in optional]
    full = VehicleTest(method=method, results=Results(**dict.fromkeys(missing, 1.0)))
    assert missing_results(full) == []
    assert missing_results(VehicleTest(method="none")) == ["method"]


def test_everything_in_order_passes() -> None:
    judged = judge(diesel(), SEED, variant="a", on=ON)
    assert outcome(diesel()) == ("pass", "pass", "pass", "pass")
    assert (judged.missing, judged.verdict.reasons) == ((), ())
    [row] = judged.comparisons
    assert (row.field, row.value, row.most, row.passed) == ("k_mean_m1", 1.1, 1.2, True)


def test_a_failed_appearance_ends_the_test() -> None:
    bad = diesel(appearance=Appearance(visible_smoke=True), obd=Obd(mil_on=True))
    assert outcome(bad) == ("fail", "", "", "fail")
    judged = judge(bad, SEED, variant="a", on=ON)
    assert judged.verdict.reasons == ("有明显可见黑烟或蓝烟",)
    assert (judged.comparisons, judged.missing) == ((), ())


def test_a_failed_obd_ends_the_test() -> None:
    bad = diesel(obd=Obd(mil_on=True))
    assert outcome(bad) == ("pass", "fail", "", "fail")
    assert judge(bad, SEED, variant="a", on=ON).verdict.reasons == ("故障指示器点亮",)
    assert outcome(replace(bad, appearance=Appearance())) == ("", "fail", "", "fail")


@pytest.mark.parametrize(
    ("stage", "has_obd", "must"),
    [(3, None, False), (4, None, True), (None, None, False), (0, True, True), (6, False, True),
     (3, False, False)],
)  # fmt: skip
def test_from_stage_four_on_there_must_be_an_obd(
    stage: int | None, has_obd: bool | None, must: bool
) -> None:
    test = diesel(
        vehicle=Vehicle(fuel="B", emission_stage=stage, has_obd=has_obd),
        obd=Obd(has_obd=False),
    )
    obd = outcome(test)[1]
    assert obd == ("fail" if must else "exempt")


@pytest.mark.parametrize(
    ("mean", "variant", "wanted"),
    [(1.2, "a", "pass"), (1.21, "a", "fail"), (0.7, "b", "pass"), (0.71, "b", "fail")],
)
def test_the_limits_of_the_variant_decide(
    mean: float, variant: str, wanted: str
) -> None:
    test = diesel(results=replace(SMOKE, k_mean_m1=mean))
    assert outcome(test, variant)[2:] == (wanted, wanted)


def test_what_is_over_is_told_with_value_unit_and_limit() -> None:
    over = judge(
        diesel(results=replace(SMOKE, k_mean_m1=1.3)), SEED, variant="a", on=ON
    )
    assert over.verdict.reasons == ("k 平均值 1.3 m⁻¹ 超过 1.2",)
    petrol = VehicleTest(
        method="double_idle",
        vehicle=Vehicle(fuel="A"),
        results=Results(lambda_value=0.9, high_idle_co_pct=0.31),
    )
    judged = judge(petrol, SEED, variant="a", on=ON)
    assert judged.verdict.reasons == (
        "高怠速 CO 0.31 % 超过 0.3",
        "过量空气系数 λ 0.9 低于 0.95",
    )
    assert (judged.verdict.tailpipe, judged.verdict.overall) == ("fail", "fail")


def test_visible_smoke_during_the_test_fails_it_first_of_all() -> None:
    smoky = replace(SMOKE, visible_smoke=True, k_mean_m1=1.3)
    judged = judge(diesel(results=smoky), SEED, variant="a", on=ON)
    assert judged.verdict.reasons[0] == "检测过程中有明显可见烟度"
    assert len(judged.verdict.reasons) == 2
    only = diesel(results=replace(SMOKE, visible_smoke=True))
    assert outcome(only)[2:] == ("fail", "fail")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"appearance": Appearance()}, ("appearance",)),
        ({"obd": Obd()}, ("obd",)),
        ({"process": Curve()}, ("process",)),
        ({"results": replace(SMOKE, k2_m1=None)}, ("results.k2_m1",)),
        (
            {"appearance": Appearance(), "obd": Obd(), "process": Curve()},
            ("appearance", "obd", "process"),
        ),
    ],
    ids=["appearance", "obd", "process", "results", "three"],
)
def test_what_has_not_come_leaves_the_verdict_open(
    change: dict, missing: tuple[str, ...]
) -> None:
    judged = judge(diesel(**change), SEED, variant="a", on=ON)
    assert judged.missing == missing
    assert (judged.verdict.tailpipe, judged.verdict.overall) == ("", "")


def test_a_result_over_its_limit_fails_although_something_is_missing() -> None:
    test = diesel(process=Curve(), results=replace(SMOKE, k_mean_m1=1.3))
    assert outcome(test)[2:] == ("fail", "fail")


def test_ringelmann_has_no_process_data() -> None:
    test = diesel(
        method="ringelmann", process=Curve(), results=Results(ringelmann_level=1)
    )
    assert outcome(test) == ("pass",) * 4
    darker = replace(test, results=Results(ringelmann_level=1.5))
    assert outcome(darker)[3] == "fail"


def test_an_electric_vehicle_has_no_tailpipe_part() -> None:
    electric = diesel(vehicle=Vehicle(fuel="C"), results=Results(), process=Curve())
    assert outcome(electric) == ("pass", "pass", "exempt", "pass")
    waiting = replace(electric, obd=Obd())
    assert outcome(waiting) == ("pass", "", "exempt", "")
    assert judge(waiting, SEED, variant="a", on=ON).missing == ("obd",)


@pytest.mark.parametrize(
    ("registered", "entered", "wanted"),
    [(100, 60, "fail"), (None, 60, "pass"), (60, 100, "pass"), (None, None, "pass")],
)
def test_the_registered_power_outranks_the_entered(
    registered: float | None, entered: float | None, wanted: str
) -> None:
    """30 kW at the wheel are half of 60 kW and less than 40 % of 100 kW."""
    test = diesel(
        method="lugdown",
        vehicle=Vehicle(fuel="B", rated_power_kw=entered),
        registration=Registration(rated_power_kw=registered),
        results=Results(k100_m1=1, k80_m1=1, max_wheel_power_kw=30),
    )
    assert outcome(test)[3] == wanted
    at_bound = replace(test, results=replace(test.results, max_wheel_power_kw=24))
    if wanted == "pass":
        assert outcome(at_bound)[3] == "pass"


def test_limits_that_have_not_begun_do_not_count() -> None:
    test = diesel(results=replace(SMOKE, k_mean_m1=9))
    before = judge(test, SEED, variant="a", on=date(2019, 4, 30))
    assert (before.comparisons, before.verdict.overall) == ((), "pass")
    assert judge(test, SEED, variant="a", on=date(2019, 5, 1)).verdict.overall == "fail"
