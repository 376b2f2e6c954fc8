"""An exceedance leaves as a bundle whose raw frames prove themselves."""

import base64
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from bozhou_eco.evidence.verify import pack
from polluters.models import Exceedance, FrameSeal
from polluters.services.bundles import exceedance_bundle
from tests import factories
from tests.evidence.test_bundle import check
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import nox, take

pytestmark = pytest.mark.django_db
TOLD = dict.fromkeys(
    (
        "word", "point", "averaging", "judged", "begin", "end", "unit", "limit",
        "kind", "valid_count", "got", "due", "formula", "standard", "limit_source",
    ), "x",
) | {"value": None, "multiple": None, "left_out": [], "notes": [], "used": []}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path: Path) -> None:
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")


@pytest.fixture
def hour() -> datetime:
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    return now - timedelta(hours=3)


@pytest.fixture
def row(hour: datetime) -> Exceedance:
    point = factories.point()
    take(
        *[
            data_frame(point.logger, hour + timedelta(minutes=n), nox(180 + n))
            for n in range(5)
        ]
    )
    return Exceedance.objects.create(
        point=point, averaging="hour", time=hour, value=182, bound=100, multiple=0.82,
        state="warning", found_at=clock.now(), explanation=TOLD,
    )  # fmt: skip


def made(row: Exceedance, tmp_path: Path) -> Path:
    path = tmp_path / "exceedance.zip"
    path.write_bytes(exceedance_bundle(exceedance=row, actor=None, now=clock.now()))
    return path


def page_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_works(row: Exceedance, hour: datetime, tmp_path: Path) -> None:
    path = made(row, tmp_path)
    good, lines = check(path)
    assert good, lines
    seal = FrameSeal.objects.get()
    name = f"frames/{row.point.logger.mn}-{clock.beijing(hour):%Y%m%d%H}.json"
    assert f"{name}: sealed as frames:{seal.pk}" in lines
    held = entries(path)
    frames = json.loads(held[name])
    assert len(frames) == 5
    assert base64.b64decode(frames[0]["body"]).startswith(b"##")
    record = json.loads(held["records.json"])
    assert (record["value"], record["logger"]["mn"]) == (182, row.point.logger.mn)


def test_a_frame_changed_in_the_bundle_is_named(
    row: Exceedance, tmp_path: Path
) -> None:
    path = made(row, tmp_path)
    held = entries(path)
    (name,) = [name for name in held if name.startswith("frames/")]
    frames = json.loads(held[name])
    frames[2]["body"] = base64.b64encode(b"##0001").decode()
    held[name] = json.dumps(frames).encode()
    path.write_bytes(pack(held))
    good, lines = check(path)
    assert not good
    assert f"{name}: changed" in lines
    assert any(line.startswith(f"{name}: not as sealed") for line in lines)


def test_a_frame_changed_in_the_database_cannot_be_signed_away(
    row: Exceedance, tmp_path: Path
) -> None:
    assert check(made(row, tmp_path))[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE polluters_rawframe SET body = 'x' WHERE device_time = %s",
            [row.time + timedelta(minutes=2)],
        )
    good, lines = check(made(row, tmp_path))
    assert not good
    assert any("not as sealed" in line for line in lines)


def test_late_frames_are_sealed_anew(row: Exceedance, tmp_path: Path) -> None:
    made(row, tmp_path)
    take(data_frame(row.point.logger, row.time + timedelta(minutes=30), nox(9)))
    good, lines = check(made(row, tmp_path))
    assert good, lines
    assert FrameSeal.objects.count() == 2


def test_an_hour_without_frames_still_makes_a_bundle(
    hour: datetime, tmp_path: Path
) -> None:
    row = Exceedance.objects.create(
        point=factories.point(), averaging="day", time=hour, value=1,
        state="warning", found_at=clock.now(),
    )  # fmt: skip
    good, lines = check(made(row, tmp_path))
    assert good, lines
    assert not FrameSeal.objects.exists()


def test_the_page_offers_it_to_the_bureau_alone(
    row: Exceedance, client: Client, settings, tmp_path: Path
) -> None:
    settings.REAUTHENTICATE_SECONDS = 0  # asking again: tests/accounts
    officer = factories.user(Role.OFFICER)
    client.force_login(officer)
    link = reverse("polluters:exceedance_bundle", args=[row.pk])
    page = reverse("polluters:exceedance", args=[row.pk])
    assert link in page_of(client, page)
    path = tmp_path / "sent.zip"
    path.write_bytes(client.get(link).content)
    assert check(path)[0]
    entry = AuditEntry.objects.get(act="evidence.bundle", kind="export")
    assert (entry.actor, entry.subject) == (officer, f"exceedance:{row.pk}")
    again = json.loads(entries(made(row, tmp_path))["custody.json"])
    assert [(one["act"], one["actor_name"]) for one in again] == [
        ("evidence.bundle", officer.name)
    ]
    firm = row.point.outlet.enterprise.organisation
    client.force_login(factories.user(Role.ENTERPRISE, organisation=firm))
    assert link not in page_of(client, page)
    assert client.get(link).status_code == 403
