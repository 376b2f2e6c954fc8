"""A bundle proves itself; any flipped bit is found and named."""

import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.evidence import services
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.signing import Ed25519Signer, fingerprint, load_signer
from bozhou_eco.evidence.verify import ed25519_verify, verify
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path: Path) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path}/evidence"
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "keys" / "evidence.pem")


def seal(content: bytes = b"frame one", name: str = "one.jpg") -> SealedFile:
    return services.seal_bytes(
        content=content,
        name=name,
        media_type="image/jpeg",
        chain="site:1",
        actor=factories.user(Role.OFFICER),
        now=clock.now(),
    )


def bundle(tmp_path: Path, files: list[SealedFile]) -> Path:
    body = services.build_bundle(
        subject="capture:1",
        files=files,
        records={"plate": "新E0K73X", "level": 3},
        chain="site:1",
        actor=None,
        now=clock.now(),
    )
    path = tmp_path / "bundle.zip"
    path.write_bytes(body)
    return path


def check(path: Path, key: str = "") -> tuple[bool, list[str]]:
    lines: list[str] = []
    key = key or fingerprint(load_signer().public_key())
    return verify(str(path), key, lines.append), lines


def test_it_works(tmp_path: Path) -> None:
    good, lines = check(bundle(tmp_path, [seal(), seal(b"two", "two.jpg")]))
    assert good, lines
    assert lines[-1] == "RESULT: intact"
    assert sum(line.startswith("files/") for line in lines) == 2


def test_the_verifier_inside_runs_alone(tmp_path: Path) -> None:
    path = bundle(tmp_path, [seal()])
    with zipfile.ZipFile(path) as archive:
        archive.extract("verify.py", tmp_path)
    key = fingerprint(load_signer().public_key())
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", path.name, "--fingerprint", key],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "RESULT: intact")


def test_originals_are_kept_once_and_unchanged() -> None:
    first, second = seal(b"same"), seal(b"same", "other.jpg")
    assert first.sha256 == second.sha256
    assert services.read_file(first) == b"same"


@pytest.mark.parametrize("seed", range(60))
def test_any_flipped_bit_is_found(tmp_path: Path, seed: int) -> None:
    path = bundle(tmp_path, [seal(random.Random(seed).randbytes(200))])
    body = bytearray(path.read_bytes())
    place = random.Random(seed).randrange(len(body) * 8)
    body[place // 8] ^= 1 << place % 8
    path.write_bytes(body)
    assert check(path)[0] is False


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    path = bundle(tmp_path, [seal(), seal(b"two", "two.jpg")])
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    victim = next(name for name in entries if name.endswith("two.jpg"))
    entries[victim] = b"TWO"
    path.write_bytes(services.pack(entries))
    good, lines = check(path)
    assert not good
    assert f"{victim}: changed" in lines


def test_another_key_is_refused(tmp_path: Path) -> None:
    path = bundle(tmp_path, [seal()])
    other = Ed25519Signer(Ed25519PrivateKey.generate())
    good, lines = check(path, fingerprint(other.public_key()))
    assert not good
    assert any("another key" in line for line in lines)


def test_garbage_is_no_bundle(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"x" * 500):
        path = tmp_path / "x.zip"
        path.write_bytes(content)
        assert check(path)[0] is False


def test_rfc_8032_vectors() -> None:
    public = bytes.fromhex(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    )
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert ed25519_verify(public, b"\x72", signature)
    assert not ed25519_verify(public, b"\x73", signature)


def test_signatures_agree_with_the_library() -> None:
    signer = load_signer()
    for size in (0, 1, 100, 5000):
        message = io.BytesIO(random.Random(size).randbytes(size)).read()
        assert ed25519_verify(signer.public_key(), message, signer.sign(message))
