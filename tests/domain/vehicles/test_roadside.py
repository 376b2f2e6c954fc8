"""Roadside checks: readings that contradict the verdict, and the phone's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from vehicles.domain.roadside import Reading, Times, faults, over_limit, true_time

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def smoke(k: float | None, limit: float | None, verdict: str = "fail") -> Reading:
    return Reading("smoke_meter", verdict, k, limit)


def level(ringelmann: int | None, verdict: str = "fail") -> Reading:
    return Reading("ringelmann", verdict, ringelmann=ringelmann)


@pytest.mark.parametrize(
    ("reading", "over"),
    [
        (smoke(1.2, 1.2), False),
        (smoke(1.21, 1.2), True),
        (smoke(None, 1.2), None),
        (smoke(1.2, None), None),
        (level(0), False),
        (level(1), True),
        (level(2), True),
        (level(None), None),
        (Reading("obd", "fail", 9.0, 1.0, 5), None),
    ],
)
def test_over_is_more_than_the_limit_or_level_one(
    reading: Reading, over: bool | None
) -> None:
    assert over_limit(reading) is over


K_RANGE = "应在 0～30 m⁻¹ 之间，请核对读数"
LEVELS = "应为 0～5 级"


@pytest.mark.parametrize(
    ("reading", "wrong"),
    [
        (smoke(1.21, 1.2), {}),
        (smoke(30, 30, "pass"), {}),
        (smoke(0, 0, "pass"), {}),
        (smoke(30.01, 1.2), {"smoke_k": K_RANGE}),
        (smoke(-0.01, 1.2), {"smoke_k": K_RANGE}),
        (smoke(1, 30.01), {"limit_k": K_RANGE}),
        (smoke(1, -0.01), {"limit_k": K_RANGE}),
        (smoke(None, 1.2), {"smoke_k": "请填写光吸收系数 k"}),
        (smoke(9, None), {}),
        (smoke(9, None, "pass"), {}),
        (level(5), {}),
        (level(6), {"ringelmann": LEVELS}),
        (level(0, "pass"), {}),
        (level(-1, "pass"), {"ringelmann": LEVELS}),
        (level(None), {"ringelmann": "请选择林格曼级"}),
        (Reading("obd", "pass", obd_fault="无"), {}),
        (Reading("obd", "pass"), {"obd_fault": "请填写 OBD 读数；无故障填“无”"}),
        (Reading("obd", "pass", obd_fault=" "), {"obd_fault": "请填写 OBD 读数；无故障填“无”"}),
        (Reading("look", ""), {"verdict": "请选择结论"}),
        (Reading("look", "fail"), {}),
        (smoke(1.3, 1.2, "pass"), {"verdict": "读数超过限值，结论应为不合格"}),
        (level(1, "pass"), {"verdict": "读数超过限值，结论应为不合格"}),
        (level(7, "pass"), {"ringelmann": LEVELS}),
        (
            smoke(1.2, 1.2),
            {"note": "读数未超限值而判不合格，请写明依据（如拆除后处理装置）"},
        ),
        (Reading("smoke_meter", "fail", 1.2, 1.2, note="拆除 DPF"), {}),
        (smoke(1.2, 1.2, ""), {"verdict": "请选择结论"}),
    ],
)  # fmt: skip
def test_a_reading_is_whole_in_range_and_agrees_with_its_verdict(
    reading: Reading, wrong: dict[str, str]
) -> None:
    assert faults(reading) == wrong


@pytest.mark.parametrize(
    ("ahead_s", "moved"),
    [
        (300, False),
        (301, True),
        (-300, False),
        (-301, True),
        (0, False),
        (86_400, True),
    ],
)
def test_a_phone_more_than_five_minutes_wrong_is_corrected(
    ahead_s: int, moved: bool
) -> None:
    at = NOW - 400 * SECOND
    found = true_time(at, NOW + ahead_s * SECOND, NOW)
    assert found == Times(at - ahead_s * SECOND if moved else at, ahead_s)


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        (NOW + 300 * SECOND, ""),
        (NOW + 301 * SECOND, "检查时间在将来，请核对手机时间"),
        (NOW - 30 * DAY, ""),
        (NOW - 30 * DAY - SECOND, "检查时间早于 30 天前，请核对手机时间"),
    ],
    ids=["five-minutes", "more", "thirty-days", "older"],
)
def test_a_check_lies_between_thirty_days_ago_and_five_minutes_ahead(
    at: datetime, fault: str
) -> None:
    assert true_time(at, None, NOW) == Times(at, None, fault)
