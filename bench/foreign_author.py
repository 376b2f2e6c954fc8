"""Whoever writes vehicle tests in another hand's style: form, noise, cycle, fields."""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8))
DAY = datetime(2026, 9, 7, 8, 30, tzinfo=BEIJING)
Test = dict[str, Any]
Plant = Callable[["Author", int], None]
ECE = (
    *((0, 0), (11, 0), (15, 15), (23, 15), (25, 10), (28, 0), (49, 0), (54, 15)),
    *((56, 15), (61, 32), (85, 32), (93, 10), (96, 0), (117, 0), (122, 15)),
    *((124, 15), (133, 35), (135, 35), (143, 50), (155, 50), (163, 35), (176, 35)),
    *((178, 32), (185, 10), (188, 0), (195, 0)),
)
OTHER = ((0, 0), (10, 0), (30, 30), (60, 30), (80, 50), (130, 50), (170, 0), (195, 0))


@dataclass(frozen=True, slots=True)
class Style:
    """How somebody else's tests look."""

    name: str
    target: bool = True
    phases: bool = True
    columns: bool = False
    sparse: bool = False
    noise: float = 1.0
    memory: float = 0.0
    coarse: bool = False
    cycle: tuple[tuple[int, int], ...] = ECE
    words: bool = False
    first: int = 0
    shared: float = 0.0


STYLES = (
    Style("plain"),
    Style("sparse", target=False, phases=False, sparse=True, first=1),
    Style("smooth", memory=0.9, columns=True, words=True),
    Style("coarse", coarse=True, target=False, noise=0.6),
    Style("own_cycle", target=False, cycle=OTHER, noise=1.5, phases=False),
    Style("shared_form", shared=1.0, memory=0.5, noise=0.5),
)


def speed_at(cycle: tuple[tuple[int, int], ...], second: float) -> float:
    """Return the set speed of a cycle at a second."""
    for (t0, v0), (t1, v1) in zip(cycle, cycle[1:], strict=False):
        if t0 <= second <= t1:
            return v0 + (v1 - v0) * (second - t0) / (t1 - t0)
    return 0.0


class Author:
    """Writes honest tests in a style, then plants frauds into some of them."""

    def __init__(self, style: Style, seed: int) -> None:
        self.style, self.rng = style, random.Random(f"{style.name}/{seed}")
        self.tests: list[Test] = []
        self.truth: set[tuple[str, str]] = set()
        self.free: dict[tuple[str, str], datetime] = {}
        self.used: set[int] = set()
        self.serial = 0

    def noise(self, rows: int, sigma: float) -> list[float]:
        """Return noise with the style's memory."""
        keep, value, out = self.style.memory, self.rng.gauss(0, sigma), []
        for _ in range(rows):
            fresh = self.rng.gauss(0, sigma * self.style.noise)
            value = keep * value + math.sqrt(1 - keep * keep) * fresh
            out.append(value)
        return out

    def _vin(self) -> str:
        letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
        return "L" + "".join(self.rng.choice(letters) for _ in range(16))

    def vehicle(self, diesel: bool) -> Test:
        """Return a made-up vehicle."""
        rng, self.serial = self.rng, self.serial + 1
        brand = rng.choice("甲乙丙丁戊")
        power = rng.choice((66, 75, 90, 110)) if not diesel else rng.choice((85, 132))
        fuel = "B" if diesel else "A"
        made: Test = {
            "plate": f"新E{self.serial:05d}",
            "plate_color": "yellow" if diesel else "blue",
            "vin": self._vin(),
            "fuel": ("柴油" if diesel else "汽油") if self.style.words else fuel,
            "emission_stage": rng.choice((4, 5, 6)),
            "rated_power_kw": power,
            "odometer_km": rng.randrange(8000, 300_000),
        }
        if not self.style.sparse:
            made |= {
                "brand": brand,
                "model": f"{brand}{power}{rng.randrange(3)}",
                "registered_on": date(rng.randint(2012, 2024), 5, 1).isoformat(),
                "gross_mass_kg": 8000 if diesel else 1600,
            }
        return made

    def petrol_rows(self) -> list[Test]:
        """Return 195 rows of a petrol test."""
        style, rng, rows = self.style, self.rng, []
        wobble = self.noise(195, 0.4)
        gas = {n: self.noise(195, 1.0) for n in ("co", "co2", "hc", "no")}
        level = rng.uniform(0.5, 1.5)
        gear = rng.uniform(38, 46)
        for second in range(195):
            wanted = speed_at(style.cycle, second)
            speed = max(0.0, wanted + (wobble[second] if wanted else 0.0))
            common = style.shared * math.sin(second / 6.0)
            row: Test = {
                "t": second + style.first,
                "speed_kmh": round(speed, 1),
                "rpm": round(780 + speed * gear + rng.gauss(0, 15)),
                "co_pct": round(
                    max(0.0, level * (0.12 + 0.02 * gas["co"][second] + 0.04 * common)),
                    2 if style.coarse else 3,
                ),
                "co2_pct": round(
                    13.9 + 0.25 * gas["co2"][second] + 0.5 * common,
                    1 if style.coarse else 2,
                ),
                "hc_ppm": round(
                    max(0.0, level * (25 + 4 * gas["hc"][second] + 6 * common))
                ),
                "no_ppm": round(
                    max(0.0, level * (60 + speed * 3 + 12 * gas["no"][second]))
                ),
            }
            if style.target:
                row["target_speed_kmh"] = round(wanted, 1)
            if style.phases:
                row["phase"] = "cycle"
            rows.append(row)
        return rows

    def diesel_rows(self, power: float) -> list[Test]:
        """Return the rows of a lugdown test."""
        style, rng, rows = self.style, self.rng, []
        plan = (
            ("accelerate", 12),
            ("power_scan", 25),
            ("point_100", 10),
            ("point_80", 10),
        )
        smoke = self.noise(57, 1.0)
        pull = self.noise(57, 1.0)
        level, ratio, second = rng.uniform(0.1, 0.6), rng.uniform(26, 33), 0
        for phase, length in plan:
            for step in range(length):
                share = step / length
                speed = {
                    "accelerate": 72 * share,
                    "power_scan": 72 - 10 * share,
                    "point_100": 66.0,
                    "point_80": 53.0,
                }[phase] + rng.gauss(0, 0.2)
                load = 0.2 if phase == "accelerate" else rng.uniform(0.97, 1.0)
                row: Test = {
                    "t": second + style.first,
                    "speed_kmh": round(max(speed, 0.0), 1),
                    "rpm": round(max(700, speed * ratio * (1 + rng.gauss(0, 0.006)))),
                    "power_kw": round(power * 0.62 * load + 0.4 * pull[second], 1),
                    "k_m1": round(max(0.01, level * (1 + 0.15 * smoke[second])), 2),
                    "nox_ppm": round(600 * load + rng.gauss(0, 12)),
                }
                if style.phases:
                    row["phase"] = phase
                rows.append(row)
                second += 1
        return rows

    def test(self, *, diesel: bool, station: int, line: int) -> Test:
        """Return one honest test on the next free time of a line."""
        rng = self.rng
        key = (f"65270{station}001", f"{line:02d}")
        start = self.free.get(key, DAY + timedelta(seconds=rng.randrange(900)))
        car = self.vehicle(diesel)
        rows = self.diesel_rows(car["rated_power_kw"]) if diesel else self.petrol_rows()
        ended = start + timedelta(seconds=len(rows) + rng.randint(60, 150))
        self.free[key] = ended + timedelta(seconds=rng.randint(120, 1500))
        results: Test = (
            {
                "k100_m1": round(rows[42]["k_m1"], 2),
                "k80_m1": round(rows[52]["k_m1"], 2),
                "nox80_ppm": 612,
                "max_wheel_power_kw": max(row["power_kw"] for row in rows),
            }
            if diesel
            else {"co_g_km": 1.1, "hc_g_km": 0.2, "nox_g_km": 0.3}
        )
        made: Test = {
            "report": f"F{len(self.tests) + 1:07d}",
            "session": f"s{len(self.tests) + 1}",
            "station": key[0],
            "line": key[1],
            "method": "lugdown" if diesel else "vmas",
            "started_at": start.isoformat(),
            "ended_at": ended.isoformat(),
            "vehicle": car,
            "obd": {
                "communication": True,
                "vin": car["vin"],
                "ecus": [
                    {"unit": "engine", "calid": self._calid(car), "cvn": self._cvn()}
                ],
            },
            "results": results,
            "verdict": {"overall": "合格" if self.style.words else "pass"},
            "process": {"columns": _columns(rows)}
            if self.style.columns
            else {"rows": rows},
        }
        if not self.style.sparse:
            made["environment"] = {
                "temperature_c": round(rng.uniform(12, 30), 1),
                "humidity_pct": round(rng.uniform(20, 70), 1),
                "pressure_kpa": round(rng.uniform(93, 95), 1),
            }
            made["registration"] = {
                "vin": car["vin"],
                "rated_power_kw": car["rated_power_kw"],
            }
            made["instruments"] = [
                {
                    "kind": "gas_analyser",
                    "serial": f"G{key[0]}{key[1]}",
                    "verified_until": "2027-03-01",
                    "checked_at": start.replace(hour=8, minute=0, second=0).isoformat(),
                    "check_passed": True,
                }
            ]
        return made

    def _calid(self, car: Test) -> str:
        name = car.get("model") or car["vin"]
        return f"C{random.Random(name).randrange(10**9):09d}"

    def _cvn(self) -> str:
        return f"{self.rng.randrange(16**8):08X}"

    def write(self, count: int, each: int, plants: Iterable[Plant]) -> None:
        """Write honest tests and plant ``each`` of every kind."""
        for place in range(count):
            diesel = place % 3 == 2
            line = 9 if diesel else 1 + place % 2
            self.tests.append(
                self.test(diesel=diesel, station=1 + place % 5, line=line)
            )
        for plant in plants:
            plant(self, each)

    def pick(self, count: int, fits: Callable[[Test], bool] = bool) -> list[Test]:
        """Return tests that no plant has touched."""
        places = [
            place
            for place, test in enumerate(self.tests)
            if place not in self.used and fits(test)
        ]
        chosen = self.rng.sample(places, min(count, len(places)))
        self.used.update(chosen)
        return [self.tests[place] for place in chosen]

    def guilty(self, test: Test, kind: str) -> None:
        """Remember what must be found."""
        self.truth.add((test["report"], kind))

    def copy(self, test: Test, start: datetime, outcome: str) -> Test:
        """Return a later visit of the same vehicle with fresh curves, appended."""
        fresh = self.test(
            diesel=test["method"] == "lugdown",
            station=1,
            line=50 + len(self.tests) % 40,
        )
        length = datetime.fromisoformat(fresh["ended_at"]) - datetime.fromisoformat(
            fresh["started_at"]
        )
        made = {
            **fresh,
            "station": test["station"],
            "vehicle": {**test["vehicle"]},
            "obd": test["obd"],
            "started_at": start.isoformat(),
            "ended_at": (start + length).isoformat(),
            "verdict": {"overall": outcome},
        }
        made.pop("instruments", None)
        if "registration" in test:
            made["registration"] = test["registration"]
        made["vehicle"]["odometer_km"] = test["vehicle"]["odometer_km"] + 20
        self.used.add(len(self.tests))
        self.tests.append(made)
        return made


def _columns(rows: list[Test]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in rows[0]}


def rows_of(test: Test) -> list[Test]:
    """Return a test's rows, whatever its form."""
    process = test["process"]
    if "rows" in process:
        rows: list[Test] = process["rows"]
        return rows
    table = process["columns"]
    return [
        dict(zip(table, values, strict=True))
        for values in zip(*table.values(), strict=True)
    ]


def put_rows(test: Test, rows: list[Test]) -> None:
    """Put rows back in the test's own form."""
    form = "rows" if "rows" in test["process"] else "columns"
    test["process"] = {form: rows if form == "rows" else _columns(rows)}
