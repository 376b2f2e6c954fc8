"""Keys, and each station's key against every other station's every resource."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from bozhou_eco.common import clock
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts, post_whole
from vehicles.api.stations.urls import urlpatterns
from vehicles.models import (
    Inspection,
    InspectionFile,
    Instrument,
    Line,
    Lock,
    StaffMember,
    Vehicle,
)
from vehicles.services.credentials import (
    issue_credential,
    revoke_credential,
    rotate_credential,
)
from vehicles.services.stations import set_lock

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)


def bearer(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Station {key}")
    return client


def test_no_key_or_a_wrong_one_is_refused():
    by = caller()
    for client in (APIClient(), bearer("nobody.secret"), bearer(by.key + "x")):
        answer = client.get(f"{ROOT}sessions/")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Station"


def test_a_revoked_and_an_expired_key_are_refused():
    by = caller()
    short = issue_credential(station=by.station, actor=None, now=NOON, days=0)
    assert bearer(short.key).get(f"{ROOT}sessions/").status_code == 401
    revoke_credential(
        credential=by.station.credentials.get(prefix=by.key.split(".")[0]),
        actor=None,
        now=NOON,
    )
    assert by.client.get(f"{ROOT}sessions/").status_code == 401


def test_rotation_leaves_the_old_key_a_while():
    by = caller()
    old = by.station.credentials.get()
    issued = rotate_credential(credential=old, actor=None, now=LATER, overlap_hours=2)
    assert bearer(issued.key).get(f"{ROOT}sessions/").status_code == 200
    old.refresh_from_db()
    assert old.expires_at == LATER + timedelta(hours=2)


def test_only_listed_addresses_may_call():
    by = caller(addresses=["10.1.0.0/16"])
    url = f"{ROOT}sessions/"
    assert by.client.get(url, REMOTE_ADDR="10.1.2.3").status_code == 200
    assert by.client.get(url, REMOTE_ADDR="10.2.2.3").status_code == 401


def test_a_signed_key_needs_a_fitting_signature():
    by = caller()
    issued = issue_credential(station=by.station, actor=None, now=NOON, signed=True)
    client, path = bearer(issued.key), f"{ROOT}sessions/"
    stamp = str(int(LATER.timestamp()))
    text = f"GET\n{path}\n{stamp}\n{hashlib.sha256(b'').hexdigest()}"
    key = bytes.fromhex(issued.signing_key)
    mark = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    assert client.get(path).status_code == 401
    good = client.get(path, headers={"X-Timestamp": stamp, "X-Signature": mark})
    assert good.status_code == 200
    old = str(int(LATER.timestamp()) - 900)
    late = client.get(path, headers={"X-Timestamp": old, "X-Signature": mark})
    assert late.status_code == 401


def _everything(by) -> dict[str, str]:
    """Fill a station with one of each; return what stands in its addresses."""
    given = parts(honest("vmas"), "S-1")
    report = post_whole(by, given).json()["report"]
    data = b"\xff\xd8\xff" + b"0" * 50 + b"\xff\xd9"
    entry = {
        "kind": "F101",
        "name": "a.jpg",
        "media_type": "image/jpeg",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    file = by.client.post(f"{ROOT}sessions/S-1/files/", entry).json()["id"]
    set_lock(station=by.station, reason="秘密", actor=None, now=NOON)
    check = {"serial": "dynamometer-652722001", "kind": "self_check", "passed": True}
    by.client.post(f"{ROOT}checks/", {"checks": [{**check, "at": NOON.isoformat()}]})
    came = (NOON - timedelta(hours=3)).isoformat()
    repair = {
        "plate": Vehicle.objects.get().plate,
        "plate_color": Vehicle.objects.get().plate_color,
        "number": "R-1",
        "shop": "秘密",
        "shop_code": "M001",
        "came_at": came,
        "left_at": came,
        "items": ["秘密"],
    }
    kept = by.client.post(f"{ROOT}repairs/", {"repairs": [repair]}).json()
    assert kept["results"][0]["status"] == 201
    return {
        "<str:session>": "S-1",
        "<str:file>": file,
        "<str:report>": report,
        "<str:number>": "01",
        "<str:serial>": "dynamometer-652722001",
    }


# Addresses that begin with an owner's name: writing there makes one's own row.
OWN_BY_NAME = ("lines", "instruments", "staff")


def test_no_station_reaches_anything_of_another():
    mine, other = caller(), caller("652722002")
    names = _everything(mine)
    before = Inspection.objects.filter(station=mine.station).values().get()
    held = {
        model: list(model.objects.filter(station=mine.station).order_by("pk").values())
        for model in (Line, Instrument, StaffMember, Lock)
    }
    reached = []
    for pattern in urlpatterns:
        url = "/api/v1/" + str(pattern.pattern)
        named = "<" in url
        for mark, value in names.items():
            url = url.replace(mark, value)
        assert "<" not in url
        for verb in ("get", "put", "post", "patch", "delete"):
            body = {"name": "x", "duty": "driver", "reason": "x", "text": "x"}
            answer = getattr(other.client, verb)(url, body)
            assert "秘密" not in answer.content.decode()
            if named and not any(f"stations/{n}/" in url for n in OWN_BY_NAME):
                reached.append((url, verb, answer.status_code))
            elif verb == "get" and answer.status_code == 200 and "self" not in url:
                ours = answer.json()["results"]
                assert not any(row.get("serial") in names.values() for row in ours)
                assert not any(row.get("session") for row in ours)
    assert {status for _, _, status in reached} <= {404, 405}
    assert sum(status == 404 for _, _, status in reached) >= 14
    assert Inspection.objects.filter(station=mine.station).values().get() == before
    for model, rows in held.items():
        now = list(model.objects.filter(station=mine.station).order_by("pk").values())
        assert now == rows
    assert InspectionFile.objects.get().received == 0


def test_two_stations_may_use_the_same_session_number():
    mine, other = caller(), caller("652722002")
    for by, number in ((mine, 0), (other, 1)):
        given = parts(honest("vmas", number), "S-1")
        assert by.client.post(f"{ROOT}sessions/", given["session"]).status_code == 201
    assert Inspection.objects.count() == 2
