"""What a logger was told with a 9014 is stored, once, whatever dies in between.

The fast form; ``bin/bench faults`` runs the same with 100,000 frames and twenty kills.
"""

import time
from datetime import timedelta

import pytest

from bench.fleet import Fleet

FRAMES = 3_000


def fleet_of(lab, frames=FRAMES, **options):
    return Fleet(
        lab.bed.variables["MQTT_URL"],
        loggers=lab.loggers,
        backlog=frames // lab.loggers,
        **({"over": 3, "patience_s": 2.0} | options),
    )


def test_kill_of_intake_at_random_moments(lab):
    lab.start_intake()
    fleet = fleet_of(lab, rate=300)

    def kill():
        time.sleep(lab.rng.uniform(0.3, 3))
        lab.kill_intake()
        lab.start_intake()

    lab.during(fleet, [kill] * 4, live_s=8, give_up_s=120)
    verdict = lab.judge(fleet, FRAMES)
    assert verdict.clean, verdict
    assert len(fleet.tally.acknowledged) >= FRAMES
    assert verdict.resent > 0  # the kills did bite


@pytest.mark.parametrize("kill", [False, True], ids=["restart", "kill"])
@pytest.mark.parametrize("store", ["postgres", "mqtt", "valkey"])
def test_a_store_goes_away_while_data_flow(lab, store, kill):
    lab.start_intake()
    fleet = fleet_of(lab, frames=2_000)

    def away():
        lab.wait_progress(fleet, 300)
        server = getattr(lab.bed.stores, store)
        server.kill() if kill else server.stop()
        time.sleep(1.5)
        server.start()

    lab.during(fleet, [away], live_s=6, give_up_s=120)
    verdict = lab.judge(fleet, 2_000)
    assert verdict.clean, verdict
    assert lab.intakes["ingest-1"].poll() is None  # it waited, it did not die


def test_power_cut(lab):
    lab.start_intake()
    fleet = fleet_of(lab)

    def cut():
        lab.wait_progress(fleet, 600)
        lab.crash_all()

    lab.during(fleet, [cut, cut], live_s=8, give_up_s=150)
    verdict = lab.judge(fleet, FRAMES)
    assert verdict.clean, verdict


def test_backlog_is_flushed_while_live_data_go_on(lab):
    hours = 6
    fleet = fleet_of(
        lab,
        frames=60 * hours * lab.loggers,
        spread=timedelta(minutes=1),
        cn="2051",
        patience_s=15.0,
    )
    lab.start_intake()
    lab.during(fleet, [], live_s=8, give_up_s=120)
    verdict = lab.judge(fleet, 60 * hours * lab.loggers)
    assert verdict.clean, verdict
    assert verdict.live_lag_s <= 60
    assert len(fleet.tally.live_lag) >= 3 * 7


def test_the_same_frames_again_and_shuffled_change_nothing(lab):
    lab.start_intake()
    first = fleet_of(lab, frames=400, over=0, seed=5)
    lab.during(first, [], give_up_s=60)
    before = rows(lab)
    for _ in range(2):
        again = fleet_of(lab, frames=400, over=0, seed=5, start=first.start)
        lab.during(again, [], give_up_s=60)
    assert rows(lab) == before
    assert len(before[0]) == 400


def rows(lab):
    return [
        sorted(map(str, lab.sql(statement)))
        for statement in (
            "SELECT logger_id, device_time, encode(digest, 'hex') FROM polluters_rawframe",
            "SELECT point_id, period, time, value, flag FROM polluters_reading",
            "SELECT point_id, time, value FROM polluters_readingrevision",
            "SELECT point_id, time, value FROM polluters_latest",
        )
    ]
