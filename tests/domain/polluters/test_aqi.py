"""The daily AQI: corners of the table, levels, the primary pollutant, what is said."""

from datetime import date

import pytest

from polluters.domain.aqi import (
    TABLE,
    Aqi,
    Breakpoint,
    Edition,
    daily_aqi,
    edition_on,
    good_share,
    part_of,
)

OLD, NEW = date(2025, 5, 1), date(2026, 3, 1)
WHOLE = {"SO2": 20.0, "NO2": 40.0, "PM10": 150.0, "PM2.5": 75.0, "CO": 1.0, "O3": 100.0}


def corners(*pairs: tuple[int, float]) -> list[Breakpoint]:
    return [Breakpoint("X", OLD, "PM2.5", iaqi, c, "") for iaqi, c in pairs]


LINE = corners((0, 0), (50, 35), (100, 75), (500, 500))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0, 0), (35, 50), (75, 100), (500, 500), (501, 500), (17.5, 25), (18, 26),
        (55, 75), (55.1, 76), (-0.1, None), (float("nan"), None), (float("inf"), None),
        (0.01, 1), (35.1, 51), (287.5, 300),
    ],
)  # fmt: skip
def test_between_two_corners_the_index_rises_evenly_and_is_rounded_up(
    value: float, wanted: int | None
) -> None:
    assert part_of(value, LINE) == wanted
    assert part_of(value, LINE[::-1]) == wanted


@pytest.mark.parametrize(
    ("pollutant", "value", "iaqi"),
    [
        ("PM2.5", 35, 50), ("PM2.5", 75, 100), ("PM2.5", 115, 150), ("PM2.5", 150, 200),
        ("PM2.5", 250, 300), ("PM2.5", 350, 400), ("PM2.5", 500, 500), ("PM10", 50, 50),
        ("PM10", 150, 100), ("PM10", 250, 150), ("SO2", 50, 50), ("SO2", 150, 100),
        ("NO2", 40, 50), ("NO2", 80, 100), ("CO", 2, 50), ("CO", 4, 100), ("O3", 100, 50),
        ("O3", 160, 100), ("O3", 215, 150),
    ],
)  # fmt: skip
def test_corners_of_the_table_of_2012(pollutant: str, value: float, iaqi: int) -> None:
    found = daily_aqi({pollutant: value}, day=OLD)
    assert found is not None
    assert found.value == iaqi


@pytest.mark.parametrize(
    ("value", "level", "good"),
    [
        (50, "优", True), (51, "良", True), (100, "良", True), (101, "轻度污染", False),
        (150, "轻度污染", False), (151, "中度污染", False), (200, "中度污染", False),
        (201, "重度污染", False), (300, "重度污染", False), (301, "严重污染", False),
    ],
)  # fmt: skip
def test_levels_of_the_index(value: int, level: str, good: bool) -> None:
    line = corners((0, 0), (500, 500))
    found = daily_aqi({"PM2.5": float(value)}, day=OLD, table=line)
    assert found is not None
    assert (found.value, found.level, found.good) == (value, level, good)


@pytest.mark.parametrize(
    ("change", "primary"),
    [
        ({}, ("PM10", "PM2.5")), ({"PM10": 140}, ("PM2.5",)),
        ({"PM10": 40, "PM2.5": 35, "O3": 90}, ()), ({"PM10": 40, "PM2.5": 36, "O3": 90}, ("PM2.5",)),
    ],
)  # fmt: skip
def test_what_sets_an_index_over_50_is_primary(
    change: dict[str, float], primary: tuple[str, ...]
) -> None:
    found = daily_aqi(WHOLE | change, day=OLD)
    assert found is not None
    assert found.primary == primary


def test_the_version_in_force_on_the_day_is_used() -> None:
    old = edition_on(OLD, TABLE)
    new = edition_on(NEW, TABLE)
    assert old is not None
    assert new is not None
    assert (old.version, new.version) == ("HJ 633-2012", "HJ 633-2026")
    assert edition_on(date(2026, 2, 28), TABLE) == old
    assert edition_on(old.valid_from, TABLE) == old
    assert edition_on(date(2010, 1, 1), TABLE) is None
    assert daily_aqi(WHOLE, day=date(2010, 1, 1)) is None
    assert (old.unread, old.kept) == (0, 0)
    assert new.unread > 0
    assert new.kept < new.unread


def test_what_is_not_certain_is_said() -> None:
    plain = daily_aqi(WHOLE, day=OLD)
    assert plain is not None
    assert plain.notes == ()
    assert plain.parts["NO2"] == 50
    part = daily_aqi({"PM2.5": 36, "CO": -1}, day=OLD)
    assert part is not None
    assert part.notes == ("缺少 CO、NO2、O3、PM10、SO2，指数仅供参考",)
    new = daily_aqi(WHOLE, day=NEW)
    edition = edition_on(NEW, TABLE)
    assert new is not None
    assert edition is not None
    assert new.notes == (
        f"HJ 633-2026 分指数表有 {edition.unread} 档待与标准原文核对"
        f"（其中 {edition.kept} 档沿用旧版），以官方 AQI 为准",
    )
    rows = [row for row in TABLE if row.version == "HJ 633-2012"]
    late = daily_aqi(WHOLE, day=NEW, table=rows)
    assert late is not None
    assert late.notes == ("2026-03-01 起的新版分指数表尚未录入，按旧版计算",)
    before = daily_aqi(WHOLE, day=date(2026, 2, 28), table=rows)
    assert before is not None
    assert before.notes == ()


def test_a_renewed_table_that_was_read_needs_no_word() -> None:
    line = [
        Breakpoint("HJ 633-2026", NEW, "PM2.5", iaqi, float(iaqi), "标准原文")
        for iaqi in (0, 500)
    ]
    found = daily_aqi({"PM2.5": 60.0}, day=NEW, table=line)
    assert found is not None
    assert found.notes == ()
    plain = Edition(NEW, "X", {})
    assert (plain.unread, plain.kept) == (0, 0)


def test_nothing_gives_no_index_and_the_unknown_is_refused() -> None:
    assert daily_aqi({}, day=OLD) is None
    assert daily_aqi({"SO2": -1.0}, day=OLD) is None
    with pytest.raises(KeyError, match="A、B"):
        daily_aqi({"B": 1.0, "A": 1.0, "CO": 1.0}, day=OLD)


def test_the_share_of_good_days() -> None:
    def day(value: int) -> Aqi:
        return Aqi(value, "", (), {}, "", ())

    assert good_share([day(100), day(101), None, day(3)]) == pytest.approx(2 / 3)
    assert good_share([None]) is None
    assert good_share([day(101)]) == 0
