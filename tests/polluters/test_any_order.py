"""Frames shuffled, repeated and late: the same means, exceedances, rates, findings."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import (
    ClosedPeriod,
    DirtyHour,
    Exceedance,
    Finding,
    Latest,
    Logger,
    Mean,
    RawFrame,
    Reading,
    Shortfall,
)
from polluters.selectors import rates
from polluters.services import closing, findings
from tests import factories
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import take

pytestmark = pytest.mark.django_db
HOURS, DAY = 2, timedelta(days=1)


def day_start() -> datetime:
    """Return the start of the day before yesterday in Beijing."""
    local = clock.beijing(clock.now()) - 2 * DAY
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def kiln() -> Logger:
    logger = factories.logger()
    logger.outlet.reference_o2 = 9.0
    logger.outlet.save()
    factories.point(logger, "a21002", high=100.0, converted=True)
    factories.point(logger, "a19001", high=None, range_high=25)
    factories.point(logger, "a21026", high=40.0)
    return logger


def frames_of(logger: Logger, day: datetime) -> list[bytes]:
    """Two hours of minutes: the first over its limit, the second with calibration."""
    rng = random.Random(4)
    sent = []
    for minute in range(HOURS * 60):
        nox = rng.uniform(110, 130) if minute < 60 else rng.uniform(50, 60)
        flag = "C" if 70 <= minute < 80 else "N"
        sent.append(
            data_frame(
                logger,
                day + timedelta(minutes=minute),
                f"a21002-Avg={nox:.3f},a21002-Flag={flag};"
                f"a19001-Avg={rng.uniform(8, 11):.3f},a19001-Flag=N;"
                f"a21026-Avg={rng.uniform(10, 50):.3f},a21026-Flag=N",
                cn="2051",
            )
        )
    return sent


def play(groups: list[list[bytes]], day: datetime) -> tuple[Any, Any]:
    """Send three groups: in time, after the hours, after the day; close in between."""
    for model in (Exceedance, Mean, DirtyHour, ClosedPeriod, Latest, Reading, RawFrame):
        model.objects.all().delete()
    moments = [
        day + timedelta(hours=HOURS),
        day + timedelta(hours=HOURS + 3),
        day + DAY + timedelta(hours=3),
    ]
    for group, moment in zip(groups, moments, strict=True):
        if group:
            take(*group, at=moment)
        if moment == moments[0]:
            for hour in range(HOURS):
                start = day + timedelta(hours=hour)
                closing.close_hour(hour=start, now=moment)
        if moment == moments[1]:
            closing.close_day(day=day, now=day + DAY + timedelta(hours=2))
        closing.mend_hours(now=moment)
    closing.settle(now=closing.settle_time(day) + timedelta(minutes=1))
    assert DirtyHour.objects.count() == 0
    means = Mean.objects.order_by("point_id", "period", "time").values_list(
        "point_id", "period", "time", "computed", "computed_converted", "low", "high",
        "due", "got", "valid_count", "valid", "flags",
    )  # fmt: skip
    judged = Exceedance.objects.filter(state__in=Exceedance.STANDING).order_by(
        "point_id", "time"
    )
    kept = judged.values_list("point_id", "averaging", "time", "value", "state")
    return list(means), list(kept)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_means_and_exceedances(kiln: Logger, seed: int) -> None:
    day, rng = day_start(), random.Random(seed)
    frames = frames_of(kiln, day)
    straight = play([frames, [], []], day)
    assert len(straight[0]) == 9, "three points: two hours and a day each"
    assert [row[4] for row in straight[1]] == ["exceeded"]
    mixed = frames + rng.sample(frames, 30)
    rng.shuffle(mixed)
    groups: list[list[bytes]] = [[], [], []]
    for frame in mixed:
        groups[rng.choice([0, 0, 1, 2])].append(frame)
    assert play(groups, day) == straight


DAYS, HOUR, STEP = 3, timedelta(hours=1), timedelta(minutes=10)
HOURS_OF_DAYS = DAYS * 24
STUCK, GAP, ZERO = range(300, 345), range(198, 234), range(360, 380)


def hours_of(logger: Logger, start: datetime) -> list[list[bytes]]:
    """Three days of ten-minute values: one held, one gone for six hours, one at zero."""
    rng = random.Random(9)
    hours: list[list[bytes]] = [[] for _ in range(HOURS_OF_DAYS)]
    for index in range(DAYS * 144):
        nox = 60.0 if index in STUCK else rng.uniform(40, 60)
        sulphur = 0.0 if index in ZERO else rng.uniform(10, 30)
        parts = [f"a21002-Avg={nox:.3f},a21002-Flag=N"]
        if index not in GAP:
            parts.append(f"a21026-Avg={sulphur:.3f},a21026-Flag=N")
        frame = data_frame(logger, start + index * STEP, ";".join(parts), cn="2051")
        hours[index // 6].append(frame)
    return hours


def live(groups: list[list[bytes]], logger: Logger, start: datetime) -> Any:
    """Send a group each hour, one two days after the last and one after four.

    Everything that the running platform does then is done each time.
    """
    for model in (
        Finding, Shortfall, Exceedance, Mean, DirtyHour, ClosedPeriod, Latest, Reading,
        RawFrame,
    ):  # fmt: skip
        model.objects.all().delete()
    for number in range(HOURS_OF_DAYS):
        hour = start + number * HOUR
        if groups[number]:
            take(*groups[number], at=hour + HOUR + timedelta(seconds=3))
        closing.close_hour(hour=hour, now=hour + HOUR)
        if number % 24 == 23:
            moment = hour + 2 * HOUR
            closing.close_day(day=hour + HOUR - DAY, now=moment)
            closing.mend_hours(now=moment)
            findings.analyse_logger(logger=logger, now=moment)
    for late, group in zip((2, 4), groups[HOURS_OF_DAYS:], strict=True):
        end = start + (DAYS + late) * DAY
        if group:
            take(*group, at=end)
        closing.mend_hours(now=end)
        findings.analyse_logger(logger=logger, now=end)
    rate = [
        (number, row.point.pk, row.rate)
        for number in range(DAYS)
        for row in rates.point_rates(
            None, span="day", day=(start + number * DAY).date(), now=end
        )
    ]
    told = Finding.objects.filter(state="open").order_by("check_code", "begin")
    kept = told.values_list("check_code", "factor", "begin", "end", "severity", "why")
    return rate, list(kept)


def test_rates_and_findings() -> None:
    logger = factories.logger(minute_interval=10)
    factories.point(logger, "a21002", high=100.0)
    factories.point(logger, "a21026", high=None)
    start = day_start() - 6 * DAY
    hours = hours_of(logger, start)
    straight = live([*hours, [], []], logger, start)
    rate, told = straight
    assert {row[0] for row in told} >= {"constant", "missing", "zero"}
    assert [
        (r.due, r.got) for number, _, r in rate if number == 1
    ] == [(24, 24), (24, 18)]  # fmt: skip
    for seed in (1, 2):
        assert live(mixed(hours, random.Random(seed)), logger, start) == straight


def mixed(hours: list[list[bytes]], rng: random.Random) -> list[list[bytes]]:
    """Return the frames in any order: two in five days late, one in five twice."""
    last = len(hours)
    groups: list[list[bytes]] = [[] for _ in range(last + 2)]
    for number, frames in enumerate(hours):
        for frame in frames:
            groups[rng.choice([number, number, number, last, last + 1])].append(frame)
            if rng.random() < 0.2:
                groups[rng.choice([number, last, last + 1])].append(frame)
    for group in groups:
        rng.shuffle(group)
    return groups


def test_oxygen_that_comes_late_converts_the_hour_anew(kiln: Logger) -> None:
    day = day_start()
    frames = frames_of(kiln, day)
    straight = play([frames, [], []], day)
    without = [
        data_frame(kiln, day + timedelta(minutes=n), f"{nox};{sulphur}", cn="2051")
        for n, (nox, _, sulphur) in enumerate(map(parts, frames))
    ]
    alone = [
        data_frame(kiln, day + timedelta(minutes=n), part, cn="2051", qn=day + DAY)
        for n, (_, part, _) in enumerate(map(parts, frames))
    ]
    assert play([without, [], alone], day) == straight


def parts(frame: bytes) -> tuple[str, str, str]:
    body = frame.split(b"&&")[1].decode().split(";")
    return body[1], body[2], body[3]


def test_recomputing_any_window_gives_the_same(kiln: Logger, capsys) -> None:
    day = day_start()
    straight = play([frames_of(kiln, day), [], []], day)
    Mean.objects.filter(point__pollutant__code="a21002").update(computed=1.0)
    call_command(
        "recompute_means",
        "--from", f"{day:%Y-%m-%d}",
        "--to", f"{day + DAY:%Y-%m-%d}",
        "--mn", kiln.mn,
    )  # fmt: skip
    assert "点位 3 个，时段 3 个，均值 9 条，与此前不同 3 条" in capsys.readouterr().out
    kept = Mean.objects.order_by("point_id", "period", "time")
    assert [m.computed for m in kept] == [row[3] for row in straight[0]]
    assert AuditEntry.objects.get(act="means.recompute").detail["changed"] == 3
    call_command("recompute_means", "--from", f"{day:%Y-%m-%d}", "--to", "2100-01-01")
    assert "与此前不同 0 条" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "gestern", "--to", "2026-01-02"), "不是日期"),
        (("--from", "2026-02-30", "--to", "2026-03-02"), "不是日期"),
        (("--from", "2026-01-02", "--to", "2026-01-02"), "须晚于"),
        (("--from", "2026-01-02", "--to", "2026-01-03", "--mn", "X"), "没有符合条件"),
    ],
)
def test_bad_spans_are_refused(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("recompute_means", *arguments)
