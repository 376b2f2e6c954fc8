"""What is planted into honest data, one function a kind."""

from collections.abc import Callable

import numpy as np

from bench.honest import DAY, HOUR, START, C, F, M, N, Plant
from bench.planting import (
    STRENGTH,
    Planted,
    Rng,
    done,
    hours,
    long_of,
    pollutant_of,
    quiet,
)
from polluters.domain.checks import Event, Repeat


def constant(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 4, 24, 5))
    if part is None:
        return None
    values, flags = plant.values[code], plant.flags[code]
    values[part] = values[part.start]
    flags[part] = N
    return done("constant", plant, code, part)


def zero(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 2, 12, 2))
    if part is None:
        return None
    plant.values[code][part] = 0.0
    plant.flags[code][part] = N
    return done("zero", plant, code, part)


def negative(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 0.5, 6))
    if part is None:
        return None
    count = part.stop - part.start
    typical = float(np.median(plant.values[code]))
    values = -typical * rng.uniform(0.1, 0.6) * rng.uniform(0.5, 1.5, count)
    plant.values[code][part] = np.round(values, plant.decimals[code])
    plant.flags[code][part] = N
    return done("negative", plant, code, part)


def over_range(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 0.5, 4))
    if part is None:
        return None
    top = plant.ranges[code][1] * rng.uniform(1.02, 1.5)
    plant.values[code][part] = np.round(
        top * rng.uniform(1, 1.05, part.stop - part.start), 2
    )
    plant.flags[code][part] = N
    return done("over_range", plant, code, part)


def step(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 3, 24, 5))
    if part is None:
        return None
    factor = np.exp(
        rng.choice([-1, 1]) * rng.uniform(np.log(2.5), np.log(6)) * STRENGTH["size"]
    )
    values = plant.values[code]
    top = plant.ranges[code][1] * 0.95
    values[part] = np.round(
        np.minimum(values[part] * factor, top), plant.decimals[code]
    )
    return done("step", plant, code, part)


def joint_step(plant: Plant, rng: Rng) -> Planted | None:
    codes = [c for c in plant.limits if c != "w01017"]
    part = quiet(plant, rng, long_of(plant, rng, 3, 24, 5))
    if part is None:
        return None
    factor = np.exp(rng.choice([-1, 1]) * rng.uniform(np.log(2), np.log(4)))
    for code in codes:
        values = plant.values[code]
        top = plant.ranges[code][1] * 0.95
        values[part] = np.round(
            np.minimum(values[part] * factor, top), plant.decimals[code]
        )
    return done("joint_step", plant, "", part)


def flat_top(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 6, 24, 14))
    if part is None:
        return None
    values = plant.values[code]
    limit = plant.limits[code] * rng.uniform(0.96, 0.995)
    if rng.random() < 0.5:
        level = max(float(np.median(values[part])), 1e-3)
        lifted = values[part] / level * limit * rng.uniform(1.0, 1.2)
        shaped = np.minimum(lifted, limit)
    else:
        own = rng.uniform(0.001, 0.01)
        shaped = limit * (1 - own * np.abs(rng.standard_normal(part.stop - part.start)))
    if plant.cycle:
        per = max(plant.cycle // plant.interval, 1)
        shaped = shaped[np.arange(len(shaped)) // per * per]
    values[part] = np.round(shaped, plant.decimals[code])
    plant.flags[code][part] = N
    return done("flat_top", plant, code, part)


def too_smooth(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 8, 24, 24))
    if part is None:
        return None
    values = plant.values[code]
    count = part.stop - part.start
    slope = np.linspace(0.9, rng.uniform(0.95, 1.2), count)
    level = float(np.median(values[part]))
    moved = np.abs(np.diff(values))
    tiny = float(np.nanmedian(moved[moved > 0])) * 0.05
    shaped = level * slope + tiny * rng.standard_normal(count)
    if plant.cycle:
        per = max(plant.cycle // plant.interval, 1)
        shaped = shaped[np.arange(count) // per * per]
    values[part] = np.round(shaped, plant.decimals[code] + 1)
    plant.flags[code][part] = N
    return done("too_smooth", plant, code, part)


def periodic(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    values = plant.values[code]
    length = max(hours(rng, 12, 36), 40 * plant.interval, 12 * plant.cycle)
    part = quiet(plant, rng, length)
    if part is None:
        return None
    count = part.stop - part.start
    if rng.random() < 0.5 or plant.cycle:
        back = max(DAY // plant.interval, count)
        if part.start - back < 0:
            return None
        values[part] = values[part.start - back : part.stop - back]
        plant.flags[code][part] = plant.flags[code][
            part.start - back : part.stop - back
        ]
    else:
        period = max(rng.uniform(0.5, 3) * HOUR, 6 * plant.interval)
        wave = np.sin(
            2 * np.pi * (plant.times[part] - plant.times[part.start]) / period
        )
        level = float(np.median(values[part]))
        shaped = level * (1 + 0.3 * wave + 0.01 * rng.standard_normal(count))
        values[part] = np.round(shaped, plant.decimals[code])
        plant.flags[code][part] = N
    return done("periodic", plant, code, part)


def missing(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 3, 24, 3))
    if part is None:
        return None
    mask = plant.dropped.setdefault(code, np.zeros(len(plant.times), bool))
    mask[part] = True
    return done("missing", plant, code, part)


def offline(plant: Plant, rng: Rng) -> Planted | None:
    part = quiet(plant, rng, long_of(plant, rng, 6, 36))
    if part is None:
        return None
    mask = plant.dropped.setdefault("", np.zeros(len(plant.times), bool))
    mask[part] = True
    return done("offline", plant, "", part)


def clock_skew(plant: Plant, rng: Rng) -> Planted | None:
    part = quiet(plant, rng, max(hours(rng, 2, 12), 8 * plant.interval))
    if part is None:
        return None
    # DataTime is wrong by some minutes; on the grid of keys only sending shows it.
    minutes = float(rng.choice([-1, 1]) * rng.uniform(2, 15))
    plant.sent[part] = plant.times[part] + int(minutes * 60) + rng.integers(1, 4)
    late = plant.sent - plant.times
    base = plant.interval if plant.interval > 60 else 0
    plant.sent[part] += base
    before = slice(max(part.start - 20, 0), part.start)
    after = slice(part.stop, part.stop + 20)
    for side in (before, after):
        if np.any(np.abs(late[side] - base) > 60):
            plant.sent[side] = plant.times[side] + base + 2
    return done("clock_skew", plant, "", part)


def future_time(plant: Plant, rng: Rng) -> Planted | None:
    part = quiet(plant, rng, 6 * plant.interval)
    if part is None:
        return None
    count = int(rng.integers(1, 5))
    part = slice(part.start, part.start + count)
    found = done("future_time", plant, "", part)
    plant.sent[part] = plant.times[part] - int(rng.uniform(1, 30) * DAY)
    return Planted(found.kind, found.mn, "", int(plant.sent[part].min()), found.end)


def tn_below_nh3n(plant: Plant, rng: Rng) -> Planted | None:
    if "w21001" not in plant.values:
        return None
    part = quiet(plant, rng, long_of(plant, rng, 6, 36, 3))
    if part is None:
        return None
    factor = rng.uniform(0.3, 0.85)
    values = plant.values["w21003"][part] * factor
    plant.values["w21001"][part] = np.round(values, 2)
    return done("tn_below_nh3n", plant, "w21001", part)


def cod_below_bod(plant: Plant, rng: Rng) -> Planted | None:
    if "w01017" not in plant.values:
        return None
    part = quiet(plant, rng, long_of(plant, rng, 6, 36, 3))
    if part is None:
        return None
    factor = rng.uniform(1.15, 1.8)
    plant.values["w01017"][part] = np.round(plant.values["w01018"][part] * factor, 2)
    return done("cod_below_bod", plant, "w01018", part)


def flow_zero(plant: Plant, rng: Rng) -> Planted | None:
    code = "a00000" if plant.medium == "gas" else "w00000"
    part = quiet(plant, rng, long_of(plant, rng, 2, 12))
    if part is None:
        return None
    plant.values[code][part] = 0.0
    return done("flow_zero", plant, code, part)


def o2_high(plant: Plant, rng: Rng) -> Planted | None:
    if "a19001" not in plant.values:
        return None
    part = quiet(plant, rng, long_of(plant, rng, 2, 10))
    if part is None:
        return None
    usual = float(np.median(plant.values["a19001"]))
    level = usual + (20.5 - usual) * rng.uniform(0.5, 0.95)
    count = part.stop - part.start
    plant.values["a19001"][part] = np.round(level + rng.normal(0, 0.15, count), 2)
    return done("o2_high", plant, "a19001", part)


def converted_mismatch(plant: Plant, rng: Rng) -> Planted | None:
    if plant.reference is None:
        return None
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 2, 24))
    if part is None:
        return None
    scale = plant.scale.setdefault(code, np.ones(len(plant.times)))
    scale[part] = rng.choice([rng.uniform(0.6, 0.95), rng.uniform(1.05, 1.3)])
    return done("converted_mismatch", plant, code, part)


def mean_mismatch(plant: Plant, rng: Rng) -> Planted | None:
    if plant.interval > 600 or not plant.hourly:
        return None
    code = str(rng.choice(list(plant.hourly)))
    part = quiet(plant, rng, long_of(plant, rng, 4, 24))
    if part is None:
        return None
    times, means = plant.hourly[code]
    inside = (times >= plant.times[part.start]) & (times < plant.times[part.stop - 1])
    means[inside] = np.round(
        means[inside] * rng.uniform(0.6, 0.93), plant.decimals[code]
    )
    return done("mean_mismatch", plant, code, part)


def flag_hiding(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 3, 8, 3))
    if part is None:
        return None
    values = plant.values[code]
    lead = slice(max(part.start - max(HOUR // plant.interval, 2), 0), part.start)
    over = plant.limits[code] * rng.uniform(1.1, 1.6)
    level = float(np.median(values[part]))
    values[part] = np.round(values[part] / level * over, plant.decimals[code])
    values[lead] = np.round(values[lead] / level * over * 0.97, plant.decimals[code])
    plant.flags[code][part] = M
    return done("flag_abuse", plant, code, part)


def flag_long(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, hours(rng, 30, 72))
    if part is None:
        return None
    plant.flags[code][part] = M
    return done("flag_abuse", plant, code, part)


def declared_stop_running(plant: Plant, rng: Rng) -> Planted | None:
    part = quiet(plant, rng, long_of(plant, rng, 4, 36))
    if part is None:
        return None
    for code in plant.flags:
        plant.flags[code][part] = F
    return done("declared_stop_running", plant, "", part)


def changed(plant: Plant, rng: Rng) -> Planted | None:
    code = pollutant_of(plant, rng)
    part = quiet(plant, rng, long_of(plant, rng, 1, 6))
    if part is None:
        return None
    for at in range(part.start, part.stop):
        first = float(plant.values[code][at])
        if np.isfinite(first) and first > 0:
            other = round(first * float(rng.uniform(0.3, 0.8)), plant.decimals[code])
            sent = int(plant.sent[at]) + 3600
            plant.repeats.append(
                Repeat(code, plant.period, int(plant.times[at]), first, other, sent)
            )
    return done("changed", plant, code, part)


def calibration_unplanned(plant: Plant, rng: Rng) -> Planted | None:
    habits = [np.flatnonzero(flags == C) for flags in plant.flags.values()]
    if plant.interval >= HOUR or not any(len(h) for h in habits):
        return None
    day = int(rng.integers(3, (plant.times[-1] - START) // DAY - 3))
    begin = START + day * DAY + int(rng.uniform(22, 28) * HOUR)
    part = slice(
        *np.searchsorted(plant.times, (begin, begin + int(rng.uniform(0.5, 2) * HOUR)))
    )
    moments = np.concatenate([(plant.times[h] + 8 * HOUR) % DAY for h in habits])
    here = (begin + 8 * HOUR) % DAY
    apart = np.abs(moments - here)
    if np.any(np.minimum(apart, DAY - apart) < 4 * HOUR):
        return None
    if any(np.any(plant.flags[code][part] != N) for code in plant.limits):
        return None
    for code in plant.limits:
        plant.flags[code][part] = C
        plant.values[code][part] = 0.8 * plant.ranges[code][1]
    return done("calibration_unplanned", plant, "", part)


def station_event(plant: Plant, rng: Rng) -> Planted | None:
    part = quiet(plant, rng, 2 * HOUR)
    if part is None:
        return None
    text = str(rng.choice(["//站房断电//", "//门禁开启//", "//修改量程参数//"]))
    time = int(plant.times[part.start])
    plant.events.append(Event(time, "i11001", text))
    return Planted("station_event", plant.mn, "", time, time + 60)


PLANTS: dict[str, Callable[[Plant, Rng], Planted | None]] = {
    "constant": constant,
    "zero": zero,
    "negative": negative,
    "over_range": over_range,
    "step": step,
    "joint_step": joint_step,
    "flat_top": flat_top,
    "too_smooth": too_smooth,
    "periodic": periodic,
    "missing": missing,
    "offline": offline,
    "clock_skew": clock_skew,
    "future_time": future_time,
    "tn_below_nh3n": tn_below_nh3n,
    "cod_below_bod": cod_below_bod,
    "flow_zero": flow_zero,
    "o2_high": o2_high,
    "converted_mismatch": converted_mismatch,
    "mean_mismatch": mean_mismatch,
    "flag_abuse": flag_hiding,
    "flag_long": flag_long,
    "declared_stop_running": declared_stop_running,
    "changed": changed,
    "calibration_unplanned": calibration_unplanned,
    "station_event": station_event,
}
