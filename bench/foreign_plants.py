"""Frauds planted into tests in a foreign style, each by a formula of its own."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from bench.foreign_author import Author, Plant, Test, put_rows, rows_of


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


PLANTS: dict[str, Plant] = {
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
