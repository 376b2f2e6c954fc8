"""Vehicle tests in other hands' style, as JSON: none of it is made by our simulation.

The rules must not depend on how our own simulator draws noise, which optional fields it
fills or how finely it rounds. Each style here draws its curves by a formula of its own.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8))
DAY = datetime(2026, 9, 7, 8, 30, tzinfo=BEIJING)
Test = dict[str, Any]
ECE = (
    *((0, 0), (11, 0), (15, 15), (23, 15), (25, 10), (28, 0), (49, 0), (54, 15)),
    *((56, 15), (61, 32), (85, 32), (93, 10), (96, 0), (117, 0), (122, 15)),
    *((124, 15), (133, 35), (135, 35), (143, 50), (155, 50), (163, 35), (176, 35)),
    *((178, 32), (185, 10), (188, 0), (195, 0)),
)
OTHER = ((0, 0), (10, 0), (30, 30), (60, 30), (80, 50), (130, 50), (170, 0), (195, 0))
KINDS = (
    *("calid_cvn_shared", "obd_vin_mismatch", "rpm_roller_ratio_drift"),
    *("wheel_power_low", "rated_power_mismatch", "low_co_co2"),
    *("speed_out_of_tolerance", "rows_not_195", "test_too_short", "gas_constant"),
    *("environment_copied", "line_overlap", "odometer_backwards", "fast_retest"),
    *("station_shopping", "ev_tailpipe", "curve_copied", "calibration_overdue"),
)


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

    def write(self, count: int, each: int) -> None:
        """Write honest tests and plant ``each`` of every kind."""
        for place in range(count):
            diesel = place % 3 == 2
            line = 9 if diesel else 1 + place % 2
            self.tests.append(
                self.test(diesel=diesel, station=1 + place % 5, line=line)
            )
        for kind in KINDS:
            PLANTS[kind](self, each)

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


def _is(method: str) -> Callable[[Test], bool]:
    return lambda test: test["method"] == method


def _each_row(
    author: Author, count: int, method: str, kind: str, change: Callable[..., None]
) -> None:
    for test in author.pick(count, _is(method)):
        rows = [dict(row) for row in rows_of(test)]
        change(author.rng, rows)
        put_rows(test, rows)
        author.guilty(test, kind)


def _calid(author: Author, count: int) -> None:
    ecu = {"unit": "engine", "calid": "GHD-SUB-4-5000", "cvn": "38D61616"}
    for test in author.pick(max(count, 5)):
        test["obd"] = {**test["obd"], "ecus": [ecu]}
        author.guilty(test, "calid_cvn_shared")


def _vin(author: Author, count: int) -> None:
    for test in author.pick(count):
        test["obd"] = {**test["obd"], "vin": author._vin()}
        author.guilty(test, "obd_vin_mismatch")


def _drift(rng: random.Random, rows: list[Test]) -> None:
    size, start = rng.choice((-1, 1)) * rng.uniform(0.09, 0.2), 30
    for place, row in enumerate(rows[start:]):
        row["rpm"] = round(row["rpm"] * (1 + size * min(1.0, place / 8)))


def _weak(author: Author, count: int) -> None:
    for test in author.pick(count, _is("lugdown")):
        share = author.rng.uniform(0.2, 0.37) / 0.62
        rows = [dict(row) for row in rows_of(test)]
        for row in rows:
            row["power_kw"] = round(row["power_kw"] * share, 1)
        put_rows(test, rows)
        top = max(row["power_kw"] for row in rows)
        test["results"] = {**test["results"], "max_wheel_power_kw": top}
        author.guilty(test, "wheel_power_low")


def _rated(author: Author, count: int) -> None:
    fits = lambda test: "registration" in test and test["method"] == "lugdown"  # noqa: E731
    for test in author.pick(count, fits):
        power = round(test["vehicle"]["rated_power_kw"] * 0.55)
        test["vehicle"] = {**test["vehicle"], "rated_power_kw": power}
        author.guilty(test, "rated_power_mismatch")


def _air(rng: random.Random, rows: list[Test]) -> None:
    share = rng.uniform(0.15, 0.38)
    for row in rows[rng.choice((0, 40)) : rng.choice((120, 195))]:
        for name in ("co_pct", "co2_pct", "hc_ppm", "no_ppm"):
            row[name] = round(row[name] * share, 2)


def _drive(rng: random.Random, rows: list[Test]) -> None:
    start = rng.choice((62, 65, 100, 144))
    for row in rows[start : start + rng.randint(6, 12)]:
        row["speed_kmh"] = round(row["speed_kmh"] + rng.choice((5.0, 7.0)), 1)


def _cut(rng: random.Random, rows: list[Test]) -> None:
    del rows[rng.randrange(30, 120) :][: rng.randint(2, 20)]
    start = rng.randrange(30, 120)
    del rows[start : start + rng.randint(2, 20)]


def _short(author: Author, count: int) -> None:
    for test in author.pick(count, _is("vmas")):
        start = datetime.fromisoformat(test["started_at"])
        test["ended_at"] = (
            start + timedelta(seconds=author.rng.randint(30, 160))
        ).isoformat()
        author.guilty(test, "test_too_short")


def _stuck(rng: random.Random, rows: list[Test]) -> None:
    start, length = rng.choice((50, 90, 125)), rng.randint(25, 60)
    for row in rows[start : start + length]:
        for name in ("co_pct", "co2_pct", "hc_ppm", "no_ppm"):
            row[name] = rows[start][name]


def _weather(author: Author, count: int) -> None:
    found = author.pick(
        max(count, 5),
        lambda t: "environment" in t and t["station"] == "652702001",
    )
    for test in found:
        test["environment"] = found[0]["environment"]
        author.guilty(test, "environment_copied")


def _overlap(author: Author, count: int) -> None:
    for test in author.pick(count):
        start = datetime.fromisoformat(test["started_at"]) + timedelta(seconds=90)
        made = author.copy(test, start, "pass")
        made |= {"line": test["line"], "obd": {}, "vehicle": author.vehicle(False)}
        made.pop("registration", None)
        if test["method"] == "lugdown":
            made["vehicle"] = author.vehicle(True)
            made["results"] = {**made["results"], "max_wheel_power_kw": 90}
            rows = [{**row, "power_kw": 90.0} for row in rows_of(made)]
            put_rows(made, rows)
        author.guilty(made, "line_overlap")


def _later(test: Test, **after: float) -> datetime:
    return datetime.fromisoformat(test["ended_at"]) + timedelta(**after)


def _odometer(author: Author, count: int) -> None:
    for test in author.pick(count):
        made = author.copy(test, _later(test, days=180), "pass")
        made["vehicle"]["odometer_km"] = test["vehicle"]["odometer_km"] // 2
        author.guilty(made, "odometer_backwards")


def _fast(author: Author, count: int) -> None:
    for test in author.pick(count):
        test["verdict"] = {"overall": "fail"}
        made = author.copy(test, _later(test, minutes=author.rng.randint(1, 8)), "pass")
        author.guilty(made, "fast_retest")


def _shop(author: Author, count: int) -> None:
    for test in author.pick(count):
        test["verdict"] = {"overall": "fail"}
        made = author.copy(test, _later(test, days=author.rng.randint(1, 40)), "pass")
        made["station"] = "652723001"
        author.guilty(made, "station_shopping")


def _electric(author: Author, count: int) -> None:
    for test in author.pick(count, _is("vmas")):
        fuel = "电" if author.style.words else "C"
        test["vehicle"] = {**test["vehicle"], "fuel": fuel}
        author.guilty(test, "ev_tailpipe")


def _copied(author: Author, count: int) -> None:
    order = sorted(author.pick(2 * count, _is("vmas")), key=lambda t: t["started_at"])
    for source, test in zip(order[:count], order[count:], strict=False):
        blur = author.rng.choice((0.0, 0.0, 0.003))
        rows = [dict(row) for row in rows_of(source)]
        for row in rows:
            row["co2_pct"] = round(row["co2_pct"] * (1 + author.rng.gauss(0, blur)), 2)
        put_rows(test, rows)
        author.guilty(test, "curve_copied")


def _overdue(author: Author, count: int) -> None:
    for test in author.pick(count, lambda t: "instruments" in t):
        (item,) = test["instruments"]
        late = author.rng.random() < 0.5
        old = (
            datetime.fromisoformat(test["started_at"]) - timedelta(days=3)
        ).isoformat()
        change = {"verified_until": "2026-08-20"} if late else {"checked_at": old}
        test["instruments"] = [{**item, **change}]
        author.guilty(test, "calibration_overdue")


PLANTS: dict[str, Callable[[Author, int], None]] = {
    "calid_cvn_shared": _calid,
    "obd_vin_mismatch": _vin,
    "rpm_roller_ratio_drift": lambda a, n: _each_row(
        a, n, "lugdown", "rpm_roller_ratio_drift", _drift
    ),
    "wheel_power_low": _weak,
    "rated_power_mismatch": _rated,
    "low_co_co2": lambda a, n: _each_row(a, n, "vmas", "low_co_co2", _air),
    "speed_out_of_tolerance": lambda a, n: _each_row(
        a, n, "vmas", "speed_out_of_tolerance", _drive
    ),
    "rows_not_195": lambda a, n: _each_row(a, n, "vmas", "rows_not_195", _cut),
    "test_too_short": _short,
    "gas_constant": lambda a, n: _each_row(a, n, "vmas", "gas_constant", _stuck),
    "environment_copied": _weather,
    "line_overlap": _overlap,
    "odometer_backwards": _odometer,
    "fast_retest": _fast,
    "station_shopping": _shop,
    "ev_tailpipe": _electric,
    "curve_copied": _copied,
    "calibration_overdue": _overdue,
}


def written(style: Style, *, seed: int, count: int, each: int) -> Author:
    """Return an author who has written ``count`` tests and planted frauds."""
    author = Author(style, seed)
    author.write(count, each)
    author.tests.sort(key=lambda test: test["ended_at"])
    return author
