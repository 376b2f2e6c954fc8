"""Frames shuffled, repeated and late: the same means and exceedances in the end."""

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
    Latest,
    Logger,
    Mean,
    RawFrame,
    Reading,
)
from polluters.services import closing
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
