"""Who may read which finding, batches and declared stops: no database."""

from datetime import datetime

import numpy as np

from polluters.domain.checks import Series, Station, run_checks
from polluters.domain.checks.profile import make_profile
from polluters.domain.hj212.frame import BEIJING
from polluters.domain.matters import KNOWN, TOLD

START = datetime(2026, 3, 1, tzinfo=BEIJING)


def test_no_suspicion_is_told_to_the_one_it_concerns() -> None:
    assert not TOLD & {"constant", "flat_top", "backdated_mark", "parameter_undeclared"}
    assert all(check.text and check.name for check in KNOWN.values())


def series(
    code: str, values: np.ndarray, flag: str = "N", interval: int = 600
) -> Series:
    times = int(START.timestamp()) + interval * np.arange(len(values), dtype=np.int64)
    flags = np.full(len(values), ord(flag), dtype=np.uint8)
    return Series(code, "2051", times, values.astype(float), flags, interval)


def test_holds_are_known_by_their_time_though_single_values_outnumber_them() -> None:
    rng = np.random.default_rng(3)
    held = np.repeat(np.round(rng.uniform(20, 40, 60), 2), 12)
    loose = np.round(rng.uniform(20, 40, 150), 2)
    profile = make_profile(series("w01018", np.concatenate((held, loose, held))), [])
    assert profile.batch == 7200
    assert (
        make_profile(series("w01018", np.round(rng.uniform(20, 40, 900), 2)), []).batch
        == 0
    )


def test_a_stop_declared_elsewhere_is_held_against_the_running_plant() -> None:
    rng = np.random.default_rng(4)
    count = 144 * 10
    load = 1 + 0.1 * rng.standard_normal(count)
    running = {
        "a00000": series("a00000", 50_000 * load),
        "a19001": series("a19001", 9 + 0.3 * rng.standard_normal(count)),
        "a01012": series("a01012", 120 + 3 * rng.standard_normal(count)),
    }
    begin = int(START.timestamp()) + 5 * 86_400
    station = Station(
        "TEST", "gas", series={code: {"2051": one} for code, one in running.items()},
        declared=((begin, begin + 8 * 3600),),
    )  # fmt: skip
    found = [one for one in run_checks(station) if one.check == "declared_stop_running"]
    assert len(found) == 1
    assert "流量" in found[0].why
    quiet = Station("TEST", "gas", series=station.series)
    assert run_checks(quiet) == []
