"""Lugdown: the speed ratio, the wheel power, the rated power that was entered."""

import pytest

from tests.domain.vehicles.tests_lab import car, curve, inspected, reports, told
from vehicles.domain.fraud.lugdown import (
    PowerParams,
    RatedParams,
    RatedPower,
    RatioDrift,
    RatioParams,
    WheelPower,
    loaded_rows,
)
from vehicles.domain.inspection.results import Results
from vehicles.domain.inspection.shapes import Registration, Vehicle


def lugged(*ratios: float, phases="power_scan", speed=80.0, method="lugdown", **more):
    """Return a test whose engine turns so many times as fast as 1,000 of the roller."""
    process = curve(
        phases,
        rpm=[None if ratio is None else 1000.0 * ratio for ratio in ratios],
        roller_rpm=[1000.0] * len(ratios),
        speed_kmh=[speed] * len(ratios),
    )
    return inspected(method=method, process=process, **more)


def drifted(test, **params):
    return told(RatioDrift(RatioParams(**params)), test)


HELD = (2.0,) * 5


@pytest.mark.parametrize(
    ("ratios", "named"),
    [
        (HELD + (2.11,) * 3, True),
        (HELD + (2.11,) * 2, False),
        (HELD + (2.11, 2.11, 2.0, 2.11, 2.11), False),
        (HELD + (2.1,) * 3, False),
        (HELD + (1.89,) * 3, True),
        (HELD + (1.9,) * 3, False),
        (HELD + (2.11, 1.89, 2.11), True),
        ((2.0, 2.0, 3.0, 3.0, 2.0) + (2.0,) * 5, False),
        ((2.0, 2.0, 2.5, 2.5, 2.5) + (2.5,) * 5, False),
        ((2.0, 2.0, 2.0, 2.5, 2.5) + (2.5,) * 5, True),
        ((2.0,) * 4 + (2.11,) * 3, False),
        (HELD + (None, 2.11, 2.11), False),
        (HELD + (None, 2.11, 2.11, 2.11), True),
        (HELD + (2.11, 0.0, 2.11, 2.11), True),
    ],
    ids=[
        "three seconds off",
        "two seconds off",
        "never three in a row",
        "five percent more",
        "off to the other side",
        "five percent less",
        "off to both sides",
        "two odd seconds at the start",
        "the median of the first five is the base",
        "three of the first five",
        "seven rows are too few",
        "a missing value is no row",
        "the rows around it are",
        "zero is missing too",
    ],
)
def test_the_speed_ratio_holds_from_the_scan_to_the_end(ratios, named) -> None:
    assert bool(drifted(lugged(*ratios))) is named


def test_where_it_left_the_band_and_how_far_is_told() -> None:
    ratios = (*HELD, 2.4, *HELD, *(2.2,) * 3, *HELD, *(1.7,) * 4, 2.0)
    (found,) = drifted(lugged(*ratios))
    assert (found.rule, found.score) == ("rpm_roller_ratio_drift", 0.99)
    assert found.second == 11
    assert found.numbers == {"base": 2.0, "worst": 0.2, "rows": 7} | {
        "worst": found.numbers["worst"]
    }
    assert found.numbers["worst"] == pytest.approx(0.2)
    (found,) = drifted(lugged(*(1.23456,) * 5, *(1.4,) * 3))
    assert found.numbers == {"base": 1.235, "worst": 0.134, "rows": 3}
    assert found.score == 0.87
    assert found.why == (
        "加载减速第 5 s 起发动机与滚筒转速比偏离功率扫描开始值超过 ±5% 共 3 s，"
        "最大偏离 +13.4%"
    )


def test_without_roller_speed_the_speed_stands_in() -> None:
    rising = curve("power_scan", rpm=[2000.0] * 8, speed_kmh=[80.0] * 5 + [70.0] * 3)
    held = curve("power_scan", rpm=[2000.0] * 8, speed_kmh=[80.0] * 8)
    assert drifted(inspected(method="lugdown", process=rising))
    assert not drifted(inspected(method="lugdown", process=held))


@pytest.mark.parametrize(
    "test",
    [
        lugged(*HELD, 3.0, 3.0, 3.0, method="vmas"),
        inspected(method="lugdown", process=curve("power_scan", speed_kmh=[80.0] * 9)),
        lugged(*HELD, 3.0, 3.0, 3.0, speed=9.9),
    ],
    ids=["another method", "no engine speed", "the wheels hardly turn"],
)
def test_without_a_loaded_run_there_is_no_ratio(test) -> None:
    assert drifted(test) == []


def test_wheels_turn_from_ten_kilometres_an_hour_on() -> None:
    assert drifted(lugged(*HELD, 3.0, 3.0, 3.0, speed=10.0))


@pytest.mark.parametrize(
    ("phases", "columns", "rows"),
    [
        (
            ["accelerate", "power_scan", "point_100", "point_80", "finish"],
            {"speed_kmh": [50.0] * 5},
            [1, 2, 3],
        ),
        ("power_scan", {"speed_kmh": [50.0, None, 9.0, 10.0]}, [0, 3]),
        ("", {"speed_kmh": [20.0, 60.0, 90.0, 80.0, 70.0]}, [2, 3, 4]),
        (
            "",
            {
                "speed_kmh": [20.0, 90.0, 80.0, 70.0, 60.0],
                "power_kw": [90.0, 80.0, 9.0, 8.9, 50.0],
            },
            [1, 2, 4],
        ),
        (
            "",
            {"speed_kmh": [20.0, 90.0, 80.0], "power_kw": [None, 0.0, None]},
            [1, 2],
        ),
        (
            "",
            {"speed_kmh": [90.0, 80.0, 70.0], "power_kw": [0.9, None, 0.1]},
            [0, 2],
        ),
        ("", {"power_kw": [50.0, 60.0]}, []),
        ("", {"speed_kmh": [None, 0.5, 20.0], "rpm": [1.0, 1.0, 1.0]}, [2]),
    ],
    ids=[
        "by phase",
        "slow rows and unknown speeds are left out",
        "from the highest speed on",
        "with a tenth of the power at least",
        "no power at all",
        "little power is power",
        "no speed",
        "a missing speed is none",
    ],
)
def test_the_loaded_rows_are_the_scan_to_the_end(phases, columns, rows) -> None:
    assert loaded_rows(curve(phases, **columns), 10.0) == rows


def test_neither_an_unknown_speed_nor_negative_power_is_load() -> None:
    slow = curve("power_scan", speed_kmh=[None, 5.0])
    assert loaded_rows(slow, 0.5) == [1]
    braked = curve("", speed_kmh=[90.0, 80.0], power_kw=[-5.0, 0.0])
    assert loaded_rows(braked, 10.0) == [0, 1]


def test_no_rows_are_no_loaded_rows() -> None:
    assert loaded_rows(curve("", speed_kmh=[]), 10.0) == []


def powered(reported, shown, rated=100.0, **more):
    phases = ["accelerate"] + ["power_scan"] * len(shown)
    given = {
        "method": "lugdown",
        "vehicle": car(rated_power_kw=rated),
        "results": Results(max_wheel_power_kw=reported),
        "process": curve(phases, power_kw=[500.0, *shown]),
        **more,
    }
    return told(WheelPower(PowerParams()), inspected(**given))


@pytest.mark.parametrize(
    ("reported", "shown", "more", "named"),
    [
        (40.0, [40.0], {}, False),
        (39.9, [40.0], {}, True),
        (40.0, [20.0, 39.9, None], {}, True),
        (None, [39.9], {}, True),
        (39.9, [], {}, True),
        (None, [], {}, False),
        (10.0, [10.0], {"outcome": "fail"}, False),
        (10.0, [10.0], {"outcome": "aborted"}, True),
        (10.0, [10.0], {"method": "free_acceleration"}, False),
        (10.0, [10.0], {"rated": None}, False),
        (30.0, [30.0], {"registration": Registration(rated_power_kw=60.0)}, False),
        (45.0, [45.0], {"registration": Registration(rated_power_kw=120.0)}, True),
    ],
    ids=[
        "forty percent",
        "less is reported",
        "less is shown",
        "nothing is reported",
        "nothing is shown",
        "nothing is known",
        "failed for it",
        "aborted",
        "another method",
        "rated power unknown",
        "enough by the registration",
        "too little by the registration",
    ],
)
def test_the_wheels_reach_forty_percent_of_the_rated_power(
    reported, shown, more, named
) -> None:
    assert bool(powered(reported, shown, **more)) is named


@pytest.mark.parametrize(
    ("reported", "shown", "what"),
    [(25.6, 30.0, "上报"), (30.0, 25.6, "过程数据中"), (25.6, 25.6, "上报")],
    ids=["reported", "shown", "both"],
)
def test_the_lesser_power_is_told(reported, shown, what) -> None:
    (found,) = powered(reported, [shown])
    assert (found.rule, found.score) == ("wheel_power_low", 0.84)
    assert found.numbers == {"power": 25.6, "rated": 100.0}
    assert found.why == (
        f"{what}最大轮边功率 25.6 kW，仅为额定功率 100 kW 的 26%，低于 40% 仍未判不合格"
    )


def test_certainty_of_low_power_ends_below_one() -> None:
    assert [item.score for item in powered(5.0, [5.0])] == [0.99]


def rated(*tests, **params):
    return told(RatedPower(RatedParams(**params)), *tests)


def entered(report, power, number=1, known=None, **more):
    vehicle = {"number": number, "rated_power_kw": power} | more
    return inspected(
        report,
        vehicle=car(**vehicle),
        registration=Registration(rated_power_kw=known),
    )


@pytest.mark.parametrize(
    ("power", "known", "named"),
    [
        (110.0, 100.0, False),
        (111.0, 100.0, True),
        (90.0, 100.0, False),
        (89.0, 100.0, True),
        (None, 100.0, False),
        (50.0, None, False),
    ],
    ids=[
        "ten percent more",
        "eleven percent more",
        "ten percent less",
        "eleven percent less",
        "nothing entered",
        "nothing registered",
    ],
)
def test_the_rated_power_is_that_of_the_registration(power, known, named) -> None:
    found = rated(entered("R1", power, known=known))
    assert reports(found) == (["R1"] if named else [])


def test_what_was_entered_and_registered_is_told() -> None:
    (found,) = rated(entered("R1", 50.0, known=103.0))
    assert (found.rule, found.score) == ("rated_power_mismatch", 0.95)
    assert found.numbers == {"entered": 50.0, "known": 103.0}
    assert found.why == "录入额定功率 50 kW，登记为 103 kW，相差 -51%"


M = {"brand": "X", "model": "M", "engine_model": "E"}


@pytest.mark.parametrize(
    ("powers", "named"),
    [
        ((100, 100, 100, 60), 0),
        ((100, 100, 100, 100, 60), 1),
        ((100, 100, 100, 100, 60, 60), 0),
        ((100,) * 8 + (60,) * 2, 2),
        ((100,) * 7 + (60,) * 2, 0),
        ((100, 105, 95, 100, 91), 0),
    ],
    ids=[
        "three agree",
        "four agree",
        "four of six are under 80 percent",
        "eight of ten are 80 percent",
        "seven of nine are under it",
        "all are within ten percent",
    ],
)
def test_like_vehicles_stand_in_for_the_registration(powers, named) -> None:
    tests = [entered(f"R{n}", p, n, **M) for n, p in enumerate(powers)]
    assert len(rated(*tests)) == named


def test_like_vehicles_are_told_and_those_told_before_are_not_again() -> None:
    like = [entered(f"R{n}", 100.0, n, **M) for n in range(8)]
    odd = entered("ODD", 60.0, 8, model="m", brand="x", engine_model="e")
    other = entered("OTHER", 60.0, 9, **(M | {"engine_model": "E2"}))
    known = entered("KNOWN", 60.0, 10, known=100.0, **M)
    found = rated(*like, odd, other, known)
    assert [(item.report, item.score) for item in found] == [
        ("KNOWN", 0.95),
        ("ODD", 0.75),
    ]
    assert found[1].why == "录入额定功率 60 kW，同型号车辆为 100 kW，相差 -40%"


def test_the_registered_power_counts_among_like_vehicles() -> None:
    right = [entered(f"R{n}", 60.0, n, known=100.0, **M) for n in range(4)]
    found = rated(*right, entered("ODD", 60.0, 8, **M))
    assert reports(found) == ["R0", "R1", "R2", "R3", "ODD"]


def test_each_like_vehicle_has_one_voice() -> None:
    often = [entered(f"R{n}", 100.0, 1, **M) for n in range(9)]
    others = [entered(f"Q{n}", 60.0, n, **M) for n in (2, 3, 4, 5)]
    found = rated(*often, *others)
    assert len(found) == 9
    assert found[0].why.endswith("同型号车辆为 60 kW，相差 +67%")


@pytest.mark.parametrize(
    ("powers", "named"),
    [((100, 60), 0), ((100, 100, 60), 1), ((100, 109, 100), 0)],
    ids=["two tests", "three tests", "within ten percent"],
)
def test_a_vehicles_own_tests_agree(powers, named) -> None:
    found = rated(*(entered(f"R{n}", p) for n, p in enumerate(powers)))
    assert len(found) == named
    for item in found:
        assert item.score == 0.75
        assert item.why == "录入额定功率 60 kW，该车其他检验为 100 kW，相差 -40%"


def test_registered_vehicles_need_no_other_tests() -> None:
    tests = [entered(f"R{n}", p, known=60.0) for n, p in enumerate((60, 60, 60))]
    assert rated(*tests, entered("R9", 100.0)) == []


def test_a_model_without_a_name_is_no_model() -> None:
    tests = [
        inspected(f"R{n}", vehicle=Vehicle(vin=f"VIN000{n}", rated_power_kw=p))
        for n, p in enumerate((100.0, 100.0, 100.0, 100.0, 60.0))
    ]
    assert rated(*tests) == []
