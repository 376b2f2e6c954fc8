"""A bundle carries a time-stamp of its manifest, and every way to spoil one is found."""

import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.core.management import CommandError, call_command

from bozhou_eco.common import clock
from bozhou_eco.evidence import services, timestamps
from bozhou_eco.evidence.signing import fingerprint, load_signer
from bozhou_eco.evidence.verify import verify
from tests.evidence.tsa import Authority

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path: Path) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path}/evidence"
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "keys" / "evidence.pem")


def use(authority: Authority, settings, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.pem)
    settings.TSA_URL, settings.TSA_ROOTS_FILE = authority.url, str(roots)


@pytest.fixture(params=["rsa", "ecdsa", "p384", "p521"])
def authority(request, settings, tmp_path: Path) -> Iterator[Authority]:
    made = Authority(kind=request.param)
    use(made, settings, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def rsa_authority(settings, tmp_path: Path) -> Iterator[Authority]:
    made = Authority()
    use(made, settings, tmp_path)
    yield made
    made.stop()


def make(tmp_path: Path) -> Path:
    sealed = services.seal_bytes(
        content=b"frame", name="a.jpg", media_type="image/jpeg", chain="site:1",
        actor=None, now=clock.now(),
    )  # fmt: skip
    path = tmp_path / "bundle.zip"
    path.write_bytes(
        services.build_bundle(
            subject="capture:1", files=[sealed], records={"a": 1}, chain="site:1",
            actor=None, now=clock.now(),
        )
    )  # fmt: skip
    return path


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check(path: Path, tsa: str = "") -> tuple[bool, list[str]]:
    lines: list[str] = []
    key = fingerprint(load_signer().public_key())
    return verify(str(path), key, lines.append, tsa), lines


def test_the_stamp_is_in_and_holds(authority: Authority, tmp_path: Path) -> None:
    path = make(tmp_path)
    good, lines = check(path, authority.fingerprint)
    assert good, lines
    (line,) = (line for line in lines if line.startswith("time-stamp:"))
    moment = datetime.strptime(line.split()[1], "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    assert abs(clock.now() - moment) < timedelta(minutes=5)
    assert json.loads(entries(path)["manifest.json"])["timestamp"] == "127.0.0.1"


def test_the_verifier_inside_checks_it_alone(
    authority: Authority, tmp_path: Path
) -> None:
    path = make(tmp_path)
    (tmp_path / "verify.py").write_bytes(entries(path)["verify.py"])
    call = [sys.executable, "-I", "-S", "verify.py", path.name, "--fingerprint"]
    call += [fingerprint(load_signer().public_key()), "--tsa"]
    for tsa, code in ((authority.fingerprint, 0), ("00" * 32, 1)):
        done = subprocess.run(
            [*call, tsa], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == code, done.stdout


def test_the_command_checks_up_to_the_root(
    authority: Authority, settings, tmp_path: Path
) -> None:
    path, out = make(tmp_path), StringIO()
    call_command("verify_evidence", str(path), stdout=out)
    assert "holds up to a root" in out.getvalue()
    other = Authority(number=2)
    use(other, settings, tmp_path)
    other.stop()
    with pytest.raises(CommandError):
        call_command("verify_evidence", str(path), stdout=out)


def test_any_flipped_bit_of_the_stamp_is_found(
    rsa_authority: Authority, tmp_path: Path
) -> None:
    path = make(tmp_path)
    parts, rng = entries(path), random.Random(5)
    whole = parts["manifest.tsr"]
    for place in rng.sample(range(len(whole) * 8), 150):
        body = bytearray(whole)
        body[place // 8] ^= 1 << place % 8
        path.write_bytes(services.pack({**parts, "manifest.tsr": bytes(body)}))
        assert check(path)[0] is False, f"bit {place}"


@pytest.mark.parametrize("lost", ["manifest.tsr", "manifest.tsr.sig"])
def test_a_stamp_that_was_taken_out_is_missed(
    lost: str, rsa_authority: Authority, tmp_path: Path
) -> None:
    path = make(tmp_path)
    parts = entries(path)
    del parts[lost]
    path.write_bytes(services.pack(parts))
    good, lines = check(path)
    assert not good
    assert f"{lost}: missing" in lines


def test_the_stamp_of_another_bundle_does_not_fit(
    rsa_authority: Authority, tmp_path: Path
) -> None:
    path = make(tmp_path)
    first = entries(path)
    parts = entries(make(tmp_path))
    parts |= {name: first[name] for name in ("manifest.tsr", "manifest.tsr.sig")}
    path.write_bytes(services.pack(parts))
    good, lines = check(path)
    assert not good
    assert "manifest.tsr: is of another manifest" in lines


def test_a_stamp_put_into_a_bundle_without_one_is_a_stranger(
    rsa_authority: Authority, settings, tmp_path: Path
) -> None:
    stamped = entries(make(tmp_path))
    settings.TSA_URL = ""
    path = make(tmp_path)
    parts = entries(path)
    assert "manifest.tsr" not in parts
    parts |= {name: stamped[name] for name in ("manifest.tsr", "manifest.tsr.sig")}
    path.write_bytes(services.pack(parts))
    assert check(path)[0] is False


def _cut(answer: bytes) -> bytes:
    return answer[: len(answer) // 2]


def _flip(answer: bytes) -> bytes:
    return answer[:-5] + bytes([answer[-5] ^ 1]) + answer[-4:]


BAD = {
    "another imprint": {"wrong_imprint": True},
    "another nonce": {"wrong_nonce": True},
    "half an answer": {"spoil": _cut},
    "a broken signature": {"spoil": _flip},
    "no answer of a TSA": {"spoil": lambda answer: b"<html>"},
    "refused": {"status": 503},
    "certificate for another purpose": {"purpose": ExtendedKeyUsageOID.SERVER_AUTH},
}


@pytest.mark.parametrize("how", BAD)
def test_a_bad_answer_is_not_kept_and_delays_nothing(
    how: str, settings, tmp_path: Path
) -> None:
    bad = Authority(**BAD[how])  # type: ignore[arg-type]
    use(bad, settings, tmp_path)
    try:
        path = make(tmp_path)
    finally:
        bad.stop()
    parts = entries(path)
    manifest = json.loads(parts["manifest.json"])
    assert bad.asked == 1
    assert "manifest.tsr" not in parts
    assert manifest["timestamp"] == ""
    assert manifest["timestamp_missing"]
    assert check(path)[0] is True


def test_an_authority_of_another_root_is_refused(
    rsa_authority: Authority, settings, tmp_path: Path
) -> None:
    other = Authority(number=2)
    use(other, settings, tmp_path)
    other.stop()
    settings.TSA_URL = rsa_authority.url
    with pytest.raises(timestamps.StampError):
        timestamps.stamp(b"message")


def test_an_authority_that_is_away_delays_nothing(settings, tmp_path: Path) -> None:
    gone = Authority()
    use(gone, settings, tmp_path)
    gone.stop()
    path = make(tmp_path)
    assert (
        "no answer" in json.loads(entries(path)["manifest.json"])["timestamp_missing"]
    )
    assert check(path)[0] is True


def test_an_inner_authority_must_be_allowed(
    rsa_authority: Authority, settings, tmp_path: Path
) -> None:
    settings.OUTBOUND_NETWORKS = []
    with pytest.raises(timestamps.StampError, match="内部地址"):
        timestamps.stamp(b"message")
    assert rsa_authority.asked == 0
