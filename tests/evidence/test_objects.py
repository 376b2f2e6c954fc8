"""Originals in S3-compatible storage, against a server that checks signatures."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.config import Config

from bozhou_eco.common import clock, probes
from bozhou_eco.evidence import services
from bozhou_eco.evidence.integrity import Tally, verify_store
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.store import key_of, store
from tests.evidence.bucket import Bucket

ROOT = Path(__file__).resolve().parents[2]


def use(bucket: Bucket, settings, *, secret: str = "") -> None:
    settings.EVIDENCE_URL = "s3://evidence/prefecture"
    settings.STORAGES = {
        **settings.STORAGES,
        "evidence": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": "evidence",
                "location": "prefecture",
                "endpoint_url": bucket.url,
                "region_name": "us-east-1",
                "access_key": bucket.key,
                "secret_key": secret or bucket.secret,
                "client_config": Config(
                    signature_version="s3v4",
                    s3={"addressing_style": "path"},
                    retries={"total_max_attempts": 1},
                    request_checksum_calculation="when_required",
                ),
            },
        },
    }


@pytest.fixture
def bucket(settings) -> Iterator[Bucket]:
    made = Bucket()
    use(made, settings)
    yield made
    made.stop()


def seal(content: bytes) -> SealedFile:
    return services.seal_bytes(
        content=content, name="a.jpg", media_type="image/jpeg", chain="site:9",
        actor=None, now=clock.now(),
    )  # fmt: skip


@pytest.mark.django_db
def test_an_original_goes_there_once_and_comes_back(bucket: Bucket) -> None:
    content = os.urandom(300_000)
    first, second = seal(content), seal(content)
    path = f"/evidence/prefecture/{key_of(first.sha256)}"
    assert bucket.objects == {path: content}
    assert [one for one in bucket.requests if one.startswith("PUT")] == [f"PUT {path}"]
    assert services.read_file(second) == content
    assert bucket.refused == 0


@pytest.mark.django_db
def test_what_is_changed_or_lost_there_is_named(bucket: Bucket) -> None:
    kept, changed, lost = (seal(os.urandom(999)) for _ in range(3))
    place = "/evidence/prefecture/"
    body = bytearray(bucket.objects[place + key_of(changed.sha256)])
    body[500] ^= 4
    bucket.objects[place + key_of(changed.sha256)] = bytes(body)
    del bucket.objects[place + key_of(lost.sha256)]
    own = {f"file:{one.pk}" for one in (kept, changed, lost)}
    tally = Tally()
    faults = {f.place: f.reason for f in verify_store(tally) if f.place in own}
    assert set(faults) == {f"file:{changed.pk}", f"file:{lost.pk}"}
    assert "changed" in faults[f"file:{changed.pk}"]
    assert "missing" in faults[f"file:{lost.pk}"]


@pytest.mark.django_db
def test_storage_that_is_away_is_no_lost_original(bucket: Bucket) -> None:
    sealed = seal(b"x" * 50)
    before = SealedFile.objects.count()
    bucket.down = True
    with pytest.raises(OSError, match="object storage"):
        seal(b"y" * 50)
    assert SealedFile.objects.count() == before, "nothing is sealed half"
    with pytest.raises(OSError, match="object storage") as refused:
        services.read_file(sealed)
    assert not isinstance(refused.value, FileNotFoundError)
    assert not probes.evidence().ok
    bucket.down = False
    assert services.read_file(sealed) == b"x" * 50
    assert probes.evidence().ok


def test_a_wrong_secret_opens_nothing(bucket: Bucket, settings) -> None:
    use(bucket, settings, secret="another")
    with pytest.raises(OSError, match="object storage"):
        store().put(hashlib.sha256(b"z").hexdigest(), io.BytesIO(b"z"))
    assert bucket.objects == {}
    assert bucket.refused > 0
    assert not probes.evidence().ok


def test_erasing_is_final(bucket: Bucket) -> None:
    digest = hashlib.sha256(b"z").hexdigest()
    store().put(digest, io.BytesIO(b"z"))
    store().erase(digest)
    assert bucket.objects == {}
    with pytest.raises(FileNotFoundError):
        store().open(digest)


def test_the_environment_alone_leads_to_it(bucket: Bucket) -> None:
    """A process of its own, with nothing but variables, stores and reads."""
    script = (
        "import django, io, hashlib; django.setup()\n"
        "from bozhou_eco.evidence.store import store\n"
        "d = hashlib.sha256(b'from afar').hexdigest()\n"
        "store().put(d, io.BytesIO(b'from afar'))\n"
        "print(store().open(d).read().decode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bozhou_eco.settings",
            "EVIDENCE_URL": "s3://evidence/prefecture",
            "EVIDENCE_S3_ENDPOINT": bucket.url,
            "EVIDENCE_S3_KEY": bucket.key,
            "EVIDENCE_S3_SECRET": bucket.secret,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "from afar\n", done.stderr
    assert list(bucket.objects.values()) == [b"from afar"]


def test_the_client_of_s3_is_loaded_only_where_it_is_used() -> None:
    script = (
        "import django, sys, json; django.setup()\n"
        "import bozhou_eco.evidence.services, bozhou_eco.common.probes\n"
        "print(json.dumps([m for m in sys.modules if m.startswith('boto')]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "bozhou_eco.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []
