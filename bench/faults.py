"""Kill and restart everything while loggers report; every 9014 must have been true."""

import time
from datetime import timedelta

from bench.faultlab import Lab, Verdict
from bench.figures import Figure, figure
from bench.fleet import Fleet
from bench.services import bed

KILLS, QUICK_KILLS = 50, 20
LOGGERS = 50
LAG_MUST_S = 60


def run(quick: bool = False) -> list[Figure]:
    """Run the kills, the restarts and the backlog one after the other on one bed."""
    with bed() as running:
        lab = Lab(running, LOGGERS)
        lab.prepare()
        began = time.monotonic()
        kills = QUICK_KILLS if quick else KILLS
        parts = [_kills(lab, 6_000 if quick else 200_000, kills)]
        if not quick:
            parts.append(_restarts(lab, 40_000))
            parts.append(_power_cuts(lab, 20_000))
        parts.append(_backlog(lab, hours=2 if quick else 72))
        lab.stop_intakes()
    return _figures(parts, kills, time.monotonic() - began)


def _figures(parts: list[Verdict], kills: int, seconds: float) -> list[Figure]:
    def total(name: str) -> int:
        return sum(int(getattr(part, name)) for part in parts)

    return [
        figure("kills", total("kills"), "", f">={kills}"),
        figure("lost", total("lost"), "frames", "=0"),
        figure("duplicated", total("duplicated"), "frames", "=0"),
        figure("readings_wrong", total("readings_wrong"), "readings", "=0"),
        figure("alerts_missing", total("alerts_missing"), "", "=0"),
        figure("alerts_doubled", total("alerts_doubled"), "", "=0"),
        figure("live_lag_s", parts[-1].live_lag_s, "s", f"<={LAG_MUST_S}"),
        figure("frames", total("sent"), "frames"),
        figure("resent", total("resent"), "frames"),
        figure("seconds", seconds, "s"),
    ]


def _fleet(lab: Lab, frames: int, **options: float) -> Fleet:
    lab.stop_intakes()
    lab.empty()
    lab.start_intake()
    lab.kills = 0
    return Fleet(
        lab.bed.variables["MQTT_URL"],
        loggers=lab.loggers,
        backlog=frames // lab.loggers,
        over=5,
        **options,  # type: ignore[arg-type]
    )


def _kills(lab: Lab, frames: int, count: int) -> Verdict:
    """SIGKILL of intake at ``count`` random moments, some of them while it starts."""
    fleet = _fleet(lab, frames, rate=frames / 45 if frames < 20_000 else 0.0)

    def kill() -> None:
        time.sleep(lab.rng.uniform(0.2, 3.2 if frames < 20_000 else 9.0))
        lab.kill_intake()
        lab.start_intake()

    lab.during(fleet, [kill] * count, live_s=30)
    return lab.judge(fleet, frames)


def _restarts(lab: Lab, frames: int) -> Verdict:
    """Each store stopped in order and killed, while frames come in."""
    stores = lab.bed.stores
    fleet = _fleet(lab, frames)

    def restart(name: str, *, kill: bool) -> None:
        server = getattr(stores, name)
        lab.wait_progress(fleet, 2_000)
        server.kill() if kill else server.stop()
        time.sleep(lab.rng.uniform(0.5, 4))
        server.start()
        lab.kills += kill

    acts = [
        lambda name=name, kill=kill: restart(name, kill=kill)
        for kill in (False, True)
        for name in ("postgres", "mqtt", "valkey")
    ]
    lab.during(fleet, acts, live_s=40)
    return lab.judge(fleet, frames)


def _power_cuts(lab: Lab, frames: int) -> Verdict:
    """Everything killed at once, three times."""
    fleet = _fleet(lab, frames)

    def cut() -> None:
        lab.wait_progress(fleet, frames // 6)
        lab.crash_all()

    lab.during(fleet, [cut] * 3, live_s=40)
    return lab.judge(fleet, frames)


def _backlog(lab: Lab, *, hours: int) -> Verdict:
    """Minute data of ``hours`` without network, flushed while live data go on."""
    frames = 60 * hours * 30
    fleet = _fleet(lab, 0)
    fleet.close()
    fleet = Fleet(
        lab.bed.variables["MQTT_URL"],
        loggers=30,
        backlog=60 * hours,
        over=5,
        spread=timedelta(minutes=1),
        cn="2051",
    )
    lab.during(fleet, [], live_s=20, give_up_s=900)
    return lab.judge(fleet, frames)
