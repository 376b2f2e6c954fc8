"""When a listed vehicle leaves the watch list, and how urgent a match is."""

from datetime import date, datetime, timedelta

import pytest

from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.watch import Standing, clean_until, exit_words, lacks, severity_of

TRIGGERED = datetime(2026, 5, 20, 12, tzinfo=BEIJING)
SECOND = timedelta(seconds=1)


def standing(trigger: str = "captured", **more: object) -> Standing:
    values = {"needs_retest": True, "clean_months": 6, "last_trigger_at": TRIGGERED}
    return Standing(trigger, **(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("passed_at", "retested"),
    [
        (None, False),
        (TRIGGERED, False),
        (TRIGGERED - SECOND, False),
        (TRIGGERED + SECOND, True),
    ],
    ids=["never", "with-it", "before", "after"],
)
def test_only_a_test_passed_after_the_trigger_counts(
    passed_at: datetime | None, retested: bool
) -> None:
    now = datetime(2027, 1, 1, tzinfo=BEIJING)
    assert lacks(standing(passed_at=passed_at), now=now) == (
        [] if retested else ["复检合格"]
    )
    without = standing(passed_at=passed_at, needs_retest=False)
    assert lacks(without, now=now) == []


@pytest.mark.parametrize(
    ("now", "missing"),
    [
        (datetime(2026, 11, 19, 23, 59, tzinfo=BEIJING), ["无新增异常至 2026-11-20"]),
        (datetime(2026, 11, 20, tzinfo=BEIJING), []),
    ],
    ids=["day-before", "the-day"],
)
def test_the_clean_months_end_on_the_same_day_of_the_month(
    now: datetime, missing: list[str]
) -> None:
    assert lacks(standing(needs_retest=False), now=now) == missing
    assert clean_until(standing()) == date(2026, 11, 20)
    assert clean_until(standing(clean_months=0)) == date(2026, 5, 20)


@pytest.mark.parametrize(
    ("until", "lacking"),
    [(date(2026, 6, 30), True), (date(2026, 7, 1), False), (None, False)],
    ids=["expired", "last-day", "unknown"],
)
def test_an_overdue_vehicle_needs_a_new_date_or_a_test(
    until: date | None, lacking: bool
) -> None:
    now = datetime(2026, 7, 1, 12, tzinfo=BEIJING)
    given = {"needs_retest": False, "clean_months": 0, "inspection_until": until}
    overdue = standing("overdue", **given)
    assert lacks(overdue, now=now) == (["检验有效期更新"] if lacking else [])
    assert lacks(standing("captured", **given), now=now) == []
    tested = standing("overdue", passed_at=TRIGGERED + SECOND, **given)
    assert lacks(tested, now=now) == []


@pytest.mark.parametrize(
    ("retest", "months", "words"),
    [
        (True, 6, "复检合格，连续 6 个月无新增异常"),
        (True, 0, "复检合格"),
        (False, 1, "连续 1 个月无新增异常"),
        (False, 0, "触发情形已消除"),
    ],
)
def test_the_words_of_an_exit(retest: bool, months: int, words: str) -> None:
    assert exit_words(standing(needs_retest=retest, clean_months=months)) == words


@pytest.mark.parametrize(
    ("triggers", "severity"),
    [
        ([], "minor"), (["captured"], "minor"), (["captured", "finding"], "major"),
        (["repeated"], "major"), (["obd_tamper"], "major"), (["not_retested"], "major"),
    ],
)  # fmt: skip
def test_a_grave_reason_makes_a_match_major(triggers: list[str], severity: str) -> None:
    assert severity_of(triggers) == severity
