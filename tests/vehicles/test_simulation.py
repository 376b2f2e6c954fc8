"""The reference client against a running server: a day, and a cut connection."""

import socket
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.station_makers import honest, parts
from vehicles.demo_stations import seed_stations
from vehicles.domain.inspection.read import BEIJING
from vehicles.models import Finding, Inspection, Station
from vehicles.services.credentials import issue_credential
from vehicles.services.findings import analyse
from vehicles.simulation.client import ROOT, StationClient, UnreachableError
from vehicles.simulation.places import DISTRICTS
from vehicles.simulation.stations import Player, live_world, register

pytestmark = pytest.mark.django_db(transaction=True)
MORNING = datetime(2026, 9, 1, 10, 0, tzinfo=BEIJING)
FRAUDS = ("substitute", "copied_curve", "low_co2", "fast_retest", "cal_overdue")


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.moment = MORNING.astimezone(UTC)

    def now(self) -> datetime:
        return self.moment

    def wait(self, seconds: float) -> bool:
        self.moment += timedelta(seconds=seconds)
        return True


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def keys(hands: Hands) -> dict[str, str]:
    for code, name in DISTRICTS.items():
        factories.District.objects.get_or_create(code=code, defaults={"name": name})
    seed_stations(now=hands.now())
    return {
        station.code: issue_credential(station=station, actor=None, now=hands.now()).key
        for station in Station.objects.all()
    }


def test_stations_play_a_morning_with_frauds(live_server, hands, keys):
    world = live_world(5, date(2026, 9, 1), 4)
    clients = {
        code: StationClient(live_server.url, key, pause=lambda s: None)
        for code, key in keys.items()
        if code in {station.code for station in world.stations}
    }
    told: list[str] = []
    player = Player(
        world, clients, hands.now, hands.wait, 90, FRAUDS, 0.05, say=told.append
    )
    for station in world.stations:
        register(clients[station.code], station, hands.now())
    player.plan(MORNING - timedelta(minutes=40))
    player.run(until=MORNING + timedelta(hours=1))
    for client in clients.values():
        client.close()
    assert told == []
    counts = player.counts
    assert counts["whole 201"] >= 3
    assert counts["finished"] >= 6
    assert counts["opened"] - counts["finished"] <= 11
    done = Inspection.objects.filter(state="done").select_related(
        "station__district", "line", "vehicle"
    )
    assert done.count() == counts["finished"] + counts["whole 201"]
    assert not done.filter(report=None).exists()
    assert not Inspection.objects.filter(allowed=False).exists()
    for held in done.order_by("finished_at"):
        analyse(inspection=held, now=hands.now())
    rules = set(Finding.objects.values_list("rule", flat=True))
    assert rules & {"calid_cvn_shared", "low_co_co2", "calibration_overdue"}
    assert Finding.objects.count() <= 0.6 * done.count()


class CutWire:
    """A TCP relay that breaks the connection after so many bytes, once."""

    def __init__(self, target: tuple[str, int], cut_after: int) -> None:
        self.target, self.left, self.cuts = target, cut_after, 0
        self.door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self.door.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            threading.Thread(target=self._up, args=(near, far), daemon=True).start()
            threading.Thread(target=self._down, args=(far, near), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        while data := self._read(near):
            if self.cuts == 0 and len(data) >= self.left:
                self.cuts += 1
                far.sendall(data[: self.left])
                for end in (near, far):
                    end.shutdown(socket.SHUT_RDWR)
                    end.close()
                return
            if self.cuts == 0:
                self.left -= len(data)
            far.sendall(data)
        far.close()

    def _down(self, far: socket.socket, near: socket.socket) -> None:
        while data := self._read(far):
            near.sendall(data)
        near.close()

    def _read(self, end: socket.socket) -> bytes:
        try:
            return end.recv(65536)
        except OSError:
            return b""

    def close(self) -> None:
        self.door.close()


def play(client: StationClient, given: dict[str, Any]) -> None:
    client.open(given["session"])
    for part in ("appearance", "obd", "process", "results"):
        client.put_part("S-1", part, given[part])


@pytest.mark.parametrize("cut_after", [400, 4_000, 20_000, 45_000])
def test_a_cut_connection_leaves_a_session_that_resumes(
    live_server, hands, keys, cut_after
):
    code = "652701001"
    port = int(live_server.url.rsplit(":", 1)[1])
    wire = CutWire(("127.0.0.1", port), cut_after)
    world = live_world(5, date(2026, 9, 1), 1)
    register(StationClient(live_server.url, keys[code]), world.stations[0], MORNING)
    given = parts(honest("vmas"), "S-1", MORNING)
    driver, sign = world.stations[0].drivers[0], world.stations[0].signatories[0]
    given["session"]["staff"] = {"driver": driver, "signatory": sign}
    given["session"]["vehicle"]["plate"] = "新E9Z9Z9"
    first = StationClient(wire.url, keys[code], tries=1, pause=lambda s: None)
    hands.wait(400)
    with pytest.raises(UnreachableError):
        play(first, given)
    assert wire.cuts == 1
    wire.close()
    again = StationClient(live_server.url, keys[code], pause=lambda s: None)
    again.open(given["session"])
    held = again.state("S-1")
    assert held["state"] == "open"
    missing = again.send_missing("S-1", given)
    assert missing == [p for p in given if p not in ("session", *held["received"])]
    report = again.finish("S-1")
    assert report["outcome"] == "pass"
    assert again.finish("S-1")["report"] == report["report"]
    assert again.call("GET", f"{ROOT}sessions/S-1/")["report"] == report["report"]
    again.close()
    first.close()
    assert Inspection.objects.count() == 1
