"""Draws honest plants from regimes: levels, cycles, holds, stops, gaps, habits."""

import numpy as np

from bench.honest import DAY, HOUR, START, C, D, F, M, N, Plant, Regime, T, wander

GAS = (
    # code, low, high of the typical level, relative noise, decimals, range
    ("a34013", 3, 25, 1.0, 2), ("a21026", 8, 120, 1.4, 2), ("a21002", 40, 220, 1.0, 2),
)  # fmt: skip
WATER = (
    ("w01018", 20, 70, 1.0, 2), ("w21003", 0.8, 8, 1.0, 3),
    ("w21011", 0.15, 0.6, 0.8, 3),
)  # fmt: skip


class Maker:
    """Draws plants of one regime from one seed."""

    def __init__(self, regime: Regime, seed: int) -> None:
        self.regime = regime
        self.rng = np.random.default_rng(seed)

    def draw(self, name: str, days: int, medium: str) -> Plant:
        """Return an honest plant with a record of ``days``."""
        rng, regime = self.rng, self.regime
        intervals = regime.intervals
        if medium == "water":
            intervals = tuple(i for i in intervals if i >= 300) or (600,)
        interval = int(rng.choice(intervals))
        times = START + np.arange(0, days * DAY, interval, dtype=np.int64)
        base = interval if interval > 60 else 0
        sent = times + base + rng.integers(1, 5, len(times))
        plant = Plant(name, medium, interval, times, sent)
        memory = rng.uniform(*regime.memory) ** (
            interval / 300 if interval > 300 else 1
        )
        self.memory = float(memory)
        self.load = self._load(times)
        if medium == "gas":
            self._gas(plant)
        else:
            self._water(plant)
        for code in plant.values:
            plant.flags[code] = np.full(len(times), N, np.uint8)
        self._stops(plant)
        self._faults(plant)
        self._calibrations(plant)
        self._maintenance(plant)
        self._late(plant)
        self._over(plant)
        for code, digits in plant.decimals.items():
            less = 1 if regime.coarse and digits > 0 else 0
            plant.values[code] = np.round(plant.values[code], digits - less)
        self._lose(plant)
        return plant

    def _lose(self, plant: Plant) -> None:
        """Lose single frames and short spans that never arrive."""
        gone = self.rng.random(len(plant.times)) < self.regime.loss
        for begin, end in self._spans(plant, self.regime.holes, 0.2, 1.5):
            gone[slice(*np.searchsorted(plant.times, (begin, end)))] = True
        if gone.any():
            plant.dropped[""] = gone

    def _load(self, times: np.ndarray) -> np.ndarray:
        rng, regime = self.rng, self.regime
        hour = (times + 8 * HOUR) % DAY / HOUR
        amplitude = rng.uniform(*regime.daily)
        load = 1 + amplitude * np.sin(2 * np.pi * (hour - rng.uniform(0, 24)) / 24)
        week = (times + 8 * HOUR) // DAY % 7
        load = load * np.where(week < 2, 1 - rng.uniform(0, amplitude + 1e-9), 1.0)
        for _ in range(
            rng.poisson(regime.load_steps * len(times) * (times[1] - times[0]) / DAY)
        ):
            at = rng.integers(0, len(times))
            load[at:] = load[at:] * rng.uniform(0.8, 1.25)
        if regime.shifts:
            load = np.where(
                (hour >= 8) & (hour < 20), load, load * rng.uniform(0.55, 0.8)
            )
        load = np.clip(load, 0.4, 1.6)
        return load * (1 + 0.02 * wander(rng, len(times), 0.98, False))

    def _noise(self, relative: float) -> np.ndarray:
        raw = wander(self.rng, len(self.load), self.memory, self.regime.tails)
        fine = self.rng.standard_normal(len(self.load))
        mixed = np.exp(relative * (0.9 * raw + 0.3 * fine) - relative**2 / 2)
        if self.regime.spikes:
            where = self.rng.random(len(mixed)) < self.regime.spikes
            mixed[where] *= self.rng.uniform(1.5, 4, int(where.sum()))
        result: np.ndarray = mixed
        return result

    def _slow(self) -> np.ndarray:
        """Return a drift over weeks, if the regime has one."""
        count = len(self.load)
        if not self.regime.drift:
            return np.ones(count)
        phase = self.rng.uniform(0, 2 * np.pi)
        return 1 + self.regime.drift * np.sin(np.linspace(0, 4 * np.pi, count) + phase)

    def _gas(self, plant: Plant) -> None:
        rng = self.rng
        noise = rng.uniform(*self.regime.noise)
        reference = float(rng.choice([6, 9, 10, 11]))
        plant.reference = reference
        level = reference + rng.uniform(-1, 2)
        oxygen = (
            level
            + 0.8 * (1 - self.load) * 4
            + 0.25 * wander(rng, len(self.load), self.memory, False)
        )
        flow = rng.uniform(2e4, 4e5)
        warm = rng.uniform(60, 150)
        plant.values["a19001"] = np.clip(oxygen, 1, 18)
        plant.values["a00000"] = (
            flow
            * self.load
            * np.exp(0.03 * wander(rng, len(self.load), self.memory, False))
        )
        plant.values["a01012"] = warm * (0.9 + 0.1 * self.load) + rng.normal(
            0, 0.6, len(self.load)
        )
        plant.values["a01014"] = rng.uniform(5, 15) + rng.normal(0, 0.3, len(self.load))
        plant.decimals |= {"a19001": 2, "a00000": 0, "a01012": 1, "a01014": 2}
        plant.ranges |= {
            "a19001": (0, 25), "a00000": (0, flow * 3), "a01012": (0, 300),
            "a01014": (0, 40),
        }  # fmt: skip
        for code, low, high, rough, digits in GAS:
            typical = rng.uniform(low, high)
            plant.values[code] = (
                typical * self.load**0.6 * self._noise(noise * rough) * self._slow()
            )
            plant.decimals[code] = digits
            if self.regime.low_so2 and code == "a21026":
                raw = wander(rng, len(self.load), self.memory, False)
                plant.values[code] = np.maximum(1.0 + 1.2 * raw, 0)
                plant.decimals[code] = 1
            if self.regime.update > 1 and plant.interval <= 300:
                held = (
                    np.arange(len(self.load)) // self.regime.update * self.regime.update
                )
                plant.values[code] = plant.values[code][held]
            top = typical * rng.uniform(1.8, 3.5) * (1 + 3 * noise)
            plant.limits[code] = float(np.ceil(top))
            plant.ranges[code] = (0.0, float(np.ceil(max(8 * typical, 2.5 * top))))

    def _water(self, plant: Plant) -> None:
        rng = self.rng
        noise = rng.uniform(*self.regime.noise)
        flow = rng.uniform(15, 250)
        plant.cycle = int(rng.choice(self.regime.cycles))
        plant.values["w00000"] = flow * self.load * self._noise(0.08)
        if self.regime.night_pump:
            hour = (plant.times + 8 * HOUR) % DAY / HOUR
            late = self.rng.uniform(22, 24) + self.rng.normal(0, 0.3, len(hour))
            plant.values["w00000"][(hour > late) | (hour < 5)] = 0.0
        plant.values["w01001"] = 7.4 + 0.1 * wander(rng, len(self.load), 0.95, False)
        plant.values["w01010"] = (
            17 + 1.5 * (self.load - 1) + rng.normal(0, 0.1, len(self.load))
        )
        plant.decimals |= {"w00000": 2, "w01001": 2, "w01010": 1}
        plant.ranges |= {"w00000": (0, flow * 5), "w01001": (0, 14), "w01010": (0, 50)}
        batch = self._batches(plant)
        nitrogen = 0.0
        for code, low, high, rough, digits in WATER:
            typical = rng.uniform(low, high)
            self._batch_factor(plant, code, typical, noise * rough, digits, batch)
            nitrogen = typical if code == "w21003" else nitrogen
        total = nitrogen * rng.uniform(1.5, 3) + rng.uniform(2, 6)
        self._batch_factor(plant, "w21001", total, noise, 2, batch)
        if rng.random() < 0.5:
            cod = float(np.median(plant.values["w01018"]))
            self._batch_factor(plant, "w01017", cod * 0.35, noise, 2, batch)

    def _batches(self, plant: Plant) -> np.ndarray:
        """Return for each sample the index at which its batch began."""
        per = max(plant.cycle // plant.interval, 1)
        count = len(plant.times)
        if self.regime.random_hold:
            starts = np.cumsum(self.rng.integers(max(per // 2, 1), per * 2 + 1, count))
            starts = np.concatenate(([0], starts[starts < count]))
        else:
            starts = np.arange(self.rng.integers(0, per), count, per)
            starts = np.unique(np.concatenate(([0], starts)))
        return starts[np.searchsorted(starts, np.arange(count), side="right") - 1]

    def _batch_factor(
        self,
        plant: Plant,
        code: str,
        typical: float,
        noise: float,
        digits: int,
        batch: np.ndarray,
    ) -> None:
        raw = self.rng.standard_normal(len(batch))
        level = typical * self.load**0.3 * np.exp(noise * raw - noise**2 / 2)
        plant.values[code] = level[batch]
        plant.decimals[code] = digits
        plant.limits[code] = float(
            np.ceil(typical * self.rng.uniform(1.8, 3) * 10) / 10
        )
        plant.ranges[code] = (0.0, float(np.ceil(typical * 10)))
        if self.regime.sample_time and plant.interval < plant.cycle:
            plant.sampled[code] = plant.times[batch]

    def _spans(
        self, plant: Plant, a_month: float, low_h: float, high_h: float
    ) -> list[tuple[int, int]]:
        days = len(plant.times) * plant.interval / DAY
        found = []
        for _ in range(self.rng.poisson(a_month * days / 30)):
            begin = START + int(self.rng.uniform(0, days * DAY))
            length = int(np.exp(self.rng.uniform(np.log(low_h), np.log(high_h))) * HOUR)
            found.append((begin, begin + max(length, 2 * plant.interval)))
        return found

    def _stops(self, plant: Plant) -> None:
        rng = self.rng
        for begin, end in self._spans(plant, self.regime.stops, 4, 72):
            low, high = np.searchsorted(plant.times, (begin, end))
            ramp = max(self.regime.ramp_s // plant.interval, 0)
            fade = np.ones(len(plant.times))
            fade[low:high] = 0.0
            if ramp:
                before = slice(max(low - ramp, 0), low)
                fade[before] = np.linspace(1, 0.2, low - before.start)
                after = slice(high, min(high + ramp, len(fade)))
                fade[after] = np.linspace(0.2, 1, after.stop - high)
            for code, values in plant.values.items():
                plant.flags[code][low:high] = F
                self._stopped(plant, code, values, fade, slice(low, high))
            rng.random()

    def _stopped(
        self, plant: Plant, code: str, values: np.ndarray, fade: np.ndarray, part: slice
    ) -> None:
        quiet = np.abs(self.rng.normal(0, 0.004, len(values)))
        if code == "a19001":
            values[:] = 20.9 - (20.9 - values) * fade
        elif code == "a01012":
            values[:] = 15 + (values - 15) * (0.15 + 0.85 * fade)
        elif code in ("w01001", "w01010") or (
            plant.medium == "water" and code != "w00000"
        ):
            if len(values[part]):
                values[part] = values[max(part.start - 1, 0)]
                if code in plant.sampled:
                    own = plant.sampled[code]
                    own[part] = own[max(part.start - 1, 0)]
        elif self.regime.stop_style == "zero":
            values[:] = values * fade
        else:
            values[:] = values * fade + quiet * (1 - fade) * plant.ranges[code][1] * 0.1

    def _faults(self, plant: Plant) -> None:
        for begin, end in self._spans(plant, self.regime.faults, 1, 12):
            code = str(self.rng.choice(list(plant.limits)))
            part = slice(*np.searchsorted(plant.times, (begin, end)))
            plant.flags[code][part] = D
            plant.values[code][part] = self.rng.choice([0.0, np.nan])

    def _maintenance(self, plant: Plant) -> None:
        for begin, end in self._spans(plant, self.regime.maintenance, 0.5, 4):
            day = begin - (begin + 8 * HOUR) % DAY
            begin, length = day + int(self.rng.uniform(9, 15) * HOUR), end - begin
            part = slice(*np.searchsorted(plant.times, (begin, begin + length)))
            for code in plant.limits:
                plant.flags[code][part] = M
                if self.rng.random() < 0.5:
                    plant.values[code][part] *= self.rng.uniform(0, 0.6)

    def _calibrations(self, plant: Plant) -> None:
        style = self.regime.calibration
        if style == "none" or plant.interval >= HOUR:
            return
        hour = self.rng.uniform(0, 24) if style == "daily" else self.rng.uniform(9, 16)
        every = 1 if style == "daily" else 7
        length = int(self.rng.uniform(15, 45) * 60)
        first = START - 8 * HOUR + 8 * HOUR + int(hour * HOUR)
        for begin in range(first, int(plant.times[-1]), every * DAY):
            jitter = (
                int(self.rng.normal(0, 120))
                if style == "daily"
                else int(self.rng.uniform(-2, 2) * HOUR)
            )
            part = slice(
                *np.searchsorted(plant.times, (begin + jitter, begin + jitter + length))
            )
            half = (part.start + part.stop) // 2
            for code in plant.limits:
                if plant.medium == "water" and self.rng.random() < 0.5:
                    continue
                own = plant.flags[code]
                own[part] = np.where(own[part] == N, C, own[part])
                plant.values[code][part.start : half] = 0.0
                plant.values[code][half : part.stop] = 0.8 * plant.ranges[code][1]

    def _over(self, plant: Plant) -> None:
        """Flag what is over the range, as an honest logger does."""
        for code, values in plant.values.items():
            over = (values > plant.ranges[code][1]) & (plant.flags[code] == N)
            plant.flags[code][over] = T
            values[over] = plant.ranges[code][1]

    def _late(self, plant: Plant) -> None:
        """Let some hours arrive late: the series are whole, only sending differs."""
        for begin, end in self._spans(plant, self.regime.gaps, 0.5, 10):
            part = slice(*np.searchsorted(plant.times, (begin, end)))
            count = part.stop - part.start
            if count > 0:
                resume = plant.times[part.stop - 1] + plant.interval
                plant.sent[part] = resume + np.arange(count) * 2 + 5
