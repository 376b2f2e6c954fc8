"""A vehicle test leaves as a bundle whose parts prove themselves."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import seal_bytes
from tests import factories
from tests.evidence.test_bundle import check
from tests.vehicles.station_makers import NOON, caller, honest, parts, post_whole
from vehicles.models import Curve, Inspection, InspectionFile
from vehicles.services.inspection_bundles import inspection_bundle, verify_inspections

pytestmark = pytest.mark.django_db
PARTS = ("appearance", "obd", "process", "results", "session")


@pytest.fixture(autouse=True)
def _own(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path}/evidence"
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=6))


@pytest.fixture
def held() -> Inspection:
    by = caller()
    assert post_whole(by, parts(honest("vmas"), "S-1")).status_code == 200
    found = Inspection.objects.get()
    sealed = seal_bytes(
        content=b"\xff\xd8photo", name="front.jpg", media_type="image/jpeg",
        chain=f"station:{found.station.code}", actor=None, now=clock.now(),
    )  # fmt: skip
    InspectionFile.objects.create(
        inspection=found, kind="front", name="front.jpg", media_type="image/jpeg",
        size=7, sha256=sealed.sha256, made_at=clock.now(), sealed=sealed,
    )  # fmt: skip
    return found


def made(found: Inspection, tmp_path: Path) -> Path:
    path = tmp_path / "inspection.zip"
    found = Inspection.objects.get(pk=found.pk)
    path.write_bytes(inspection_bundle(inspection=found, actor=None, now=clock.now()))
    return path


def nightly() -> list[tuple[str, str]]:
    found = verify_inspections(since=NOON)
    return [(fault.place, fault.reason) for fault in found]


def test_it_works(held: Inspection, tmp_path: Path) -> None:
    path = made(held, tmp_path)
    assert nightly() == []
    good, lines = check(path)
    assert good, lines
    assert f"digests.json: sealed as inspection:{held.report}" in lines
    proven = [line for line in lines if line.endswith(": sealed in digests.json")]
    assert [line.partition(".")[0] for line in proven] == [f"parts/{p}" for p in PARTS]
    with zipfile.ZipFile(path) as archive:
        record = json.loads(archive.read("records.json"))
        custody = json.loads(archive.read("custody.json"))
        photo = next(n for n in archive.namelist() if n.endswith("front.jpg"))
        assert archive.read(photo) == b"\xff\xd8photo"
    assert (record["report"], record["outcome"]) == (held.report, "pass")
    assert len(record["test"]["process"]["rows"]) == 195
    assert {"inspection.open", "inspection.finish"} <= {row["act"] for row in custody}


@pytest.mark.parametrize("part", ["obd", "results", "process"])
def test_a_part_changed_in_the_database_is_named(
    held: Inspection, tmp_path: Path, part: str
) -> None:
    if part == "process":
        curve = Curve.objects.get()
        curve.data = bytes(curve.data)[:-1] + b"\x00"
        Curve.objects.update(data=curve.data)
    else:
        held.document[part] = {**held.document[part], "note": "x"}
        Inspection.objects.update(document=held.document)
    good, lines = check(made(held, tmp_path))
    assert not good
    wrong = [line for line in lines if "not as sealed" in line]
    assert [line.partition(".")[0] for line in wrong] == [f"parts/{part}"]
    assert nightly() == [(f"inspection:{held.report}", f"{part} was changed")]


def test_digests_changed_with_the_part_are_named(
    held: Inspection, tmp_path: Path
) -> None:
    Inspection.objects.update(digests={**held.digests, "obd": "00" * 32})
    good, lines = check(made(held, tmp_path))
    assert not good
    assert f"digests.json: not as sealed as inspection:{held.report}" in lines
    [(place, reason)] = nightly()
    assert (place, "digests" in reason) == (f"inspection:{held.report}", True)
    Inspection.objects.update(report="652722012609011206000109")
    assert nightly() == [("inspection:652722012609011206000109", "was never sealed")]


def test_an_open_test_makes_a_bundle_that_says_so(tmp_path: Path) -> None:
    by = caller()
    given = parts(honest("vmas"), "S-2")
    by.client.post("/api/v1/stations/sessions/", given["session"])
    path = made(Inspection.objects.get(), tmp_path)
    good, lines = check(path)
    assert good, lines
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("records.json"))["sealed"] is False


def test_the_page_offers_it_to_the_bureau_alone(
    held: Inspection, client: Client, settings, tmp_path: Path
) -> None:
    settings.REAUTHENTICATE_SECONDS = 0  # asking again: tests/accounts
    client.force_login(factories.user(Role.OFFICER))
    link = reverse("vehicles:inspection_bundle", args=[held.pk])
    page = reverse("vehicles:inspection", args=[held.pk])
    assert link in client.get(page).content.decode()
    path = tmp_path / "sent.zip"
    path.write_bytes(client.get(link).content)
    assert check(path)[0]
    own = factories.user(Role.STATION, organisation=held.station.organisation)
    client.force_login(own)
    assert link not in client.get(page).content.decode()
    assert client.get(link).status_code == 403
