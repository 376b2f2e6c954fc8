"""Whatever is done to a bundle, the verifier inside says what, alone and by name."""

import ast
import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bozhou_eco.common import clock
from bozhou_eco.evidence import services
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.services import Proof, verifier_source
from bozhou_eco.evidence.signing import Ed25519Signer, fingerprint, load_signer
from bozhou_eco.evidence.store import store
from bozhou_eco.evidence.verify import pack, verify

pytestmark = pytest.mark.django_db
CHAIN = "site:1"
Entries = dict[str, bytes]
FIRST, SECOND = "files/ONE-one.jpg", "files/TWO-two.jpg"


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path: Path) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path}/evidence"
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "keys" / "evidence.pem")


def made(*, signer: Ed25519Signer | None = None) -> bytes:
    record = b'{"plate":"X"}'
    services.seal_digest(
        chain=CHAIN,
        subject="record:1",
        digest=hashlib.sha256(record).digest(),
        now=clock.now(),
    )
    files = [
        services.seal_bytes(
            content=content, name=name, media_type="image/jpeg", chain=CHAIN,
            actor=None, now=clock.now(),
        )
        for name, content in (("one.jpg", b"frame one"), ("two.jpg", b"frame two"))
    ]  # fmt: skip
    return services.build_bundle(
        subject="capture:1", files=files, records={"level": 3}, chain=CHAIN,
        actor=None, now=clock.now(), signer=signer,
        proofs=[Proof("record.json", record, "digest", "record:1")],
    )  # fmt: skip


def entries_of(body: bytes) -> Entries:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def names(body: bytes) -> tuple[str, str]:
    first, second = sorted(n for n in entries_of(body) if n.startswith("files/"))
    return first, second


def check(tmp_path: Path, body: bytes, key: str = "") -> tuple[bool, list[str]]:
    path, lines = tmp_path / "b.zip", list[str]()
    path.write_bytes(body)
    key = key or fingerprint(load_signer().public_key())
    return verify(str(path), key, lines.append), lines


def repacked(change: Callable[[Entries, str, str], object]) -> bytes:
    body = made()
    entries = entries_of(body)
    change(entries, *names(body))
    return bytes(pack(entries))


def swap(entries: Entries, one: str, two: str) -> None:
    entries[one], entries[two] = entries[two], entries[one]


def rename(entries: Entries, one: str, _: str) -> None:
    entries["files/other.jpg"] = entries.pop(one)


def other_manifest(entries: Entries, _one: str, _two: str) -> None:
    manifest = json.loads(entries["manifest.json"])
    manifest["subject"] = "capture:2"
    entries["manifest.json"] = json.dumps(manifest).encode()


def cut_chain(entries: Entries, _one: str, _two: str) -> None:
    rows = json.loads(entries["chain.json"])
    entries["chain.json"] = json.dumps(rows[:1] + rows[2:]).encode()


HARM: dict[str, tuple[Callable[[Entries, str, str], object], str]] = {
    "a file dropped": (lambda e, one, _: e.pop(one), f"{FIRST}: missing"),
    "a file changed": (lambda e, _, two: e.update({two: b"x"}), f"{SECOND}: changed"),
    "a file added": (
        lambda e, *_: e.update({"files/9-x.jpg": b"x"}),
        "files/9-x.jpg: not in the manifest",
    ),
    "two files swapped": (swap, f"{SECOND}: changed"),
    "a file renamed": (rename, "files/other.jpg: not in the manifest"),
    "the records changed": (
        lambda e, *_: e.update({"records.json": b"{}"}),
        "records.json: changed",
    ),
    "a sealed record changed": (
        lambda e, *_: e.update({"record.json": b"{}"}),
        "record.json: not as sealed as record:1",
    ),
    "another manifest": (other_manifest, "manifest.json: signature is wrong"),
    "no manifest": (lambda e, *_: e.pop("manifest.json"), "manifest.json: missing"),
    "no signature": (lambda e, *_: e.pop("manifest.sig"), "manifest.sig: missing"),
    "no key": (lambda e, *_: e.pop("public_key.hex"), "public_key.hex: missing"),
    "a key of nonsense": (
        lambda e, *_: e.update({"public_key.hex": b"zz"}),
        "public_key.hex or manifest.sig: is no hexadecimal number",
    ),
    "a row of the chain taken out": (cut_chain, "chain #3: expected #2"),
    "the chain is nonsense": (
        lambda e, *_: e.update({"chain.json": b"["}),
        "chain.json: cannot be read, so the chain is not checked",
    ),
    "the chain is something else": (
        lambda e, *_: e.update({"chain.json": b"[1]"}),
        "chain.json: cannot be read (TypeError: 'int' object is not subscriptable)",
    ),
}


def told(line: str, first: str, second: str) -> str:
    return line.replace(FIRST, first).replace(SECOND, second)


@pytest.mark.parametrize("what", HARM)
def test_harm_inside_is_named(tmp_path: Path, what: str) -> None:
    change, wanted = HARM[what]
    seen: list[tuple[str, str]] = []

    def noting(entries: Entries, one: str, two: str) -> None:
        seen.append((one, two))
        change(entries, one, two)

    good, lines = check(tmp_path, repacked(noting))
    assert not good
    assert told(wanted, *seen[0]) in lines
    assert lines[-1] == "RESULT: NOT INTACT"


def test_what_was_not_touched_is_said_to_be_well(tmp_path: Path) -> None:
    body = made()
    one, two = names(body)
    raw = body.replace(b"frame one", b"frame 0ne")
    good, lines = check(tmp_path, raw)
    assert not good
    assert f"{one}: changed" in lines
    assert f"{two}: ok" in lines
    assert [line for line in lines if ": changed" in line] == [f"{one}: changed"]
    assert "record.json: sealed as record:1" in lines


def test_a_bundle_cut_short_names_where(tmp_path: Path) -> None:
    body = made()
    one, two = names(body)
    good, lines = check(tmp_path, body[: body.index(b"frame two") + 3])
    assert not good
    assert f"{two}: cut short, 3 of 9 bytes" in lines
    good, lines = check(tmp_path, body[:-10])
    assert not good
    assert "the zip's directory at its end is missing or damaged" in lines
    assert f"{one}: ok" in lines
    for short in (b"", b"PK", body[:20]):
        good, lines = check(tmp_path, short)
        assert not good
        assert "not a bundle: no zip file" in lines


def test_a_bundle_of_another_key_names_the_key(tmp_path: Path) -> None:
    other = Ed25519Signer(Ed25519PrivateKey.generate())
    good, lines = check(tmp_path, made(signer=other))
    assert not good
    assert f"signed by another key: {fingerprint(other.public_key())}" in lines


def test_a_bundle_zipped_again_is_another_container(tmp_path: Path) -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries_of(made()).items():
            archive.writestr(name, content)
    good, lines = check(tmp_path, output.getvalue())
    assert not good
    wrong = [line for line in lines if ": ok" not in line and ": sealed" not in line]
    assert wrong[0].startswith("the container was changed: byte ")
    assert wrong[1:] == ["RESULT: NOT INTACT"]


def test_every_flipped_byte_outside_the_files_is_placed(tmp_path: Path) -> None:
    body, draw = made(), random.Random(7)
    for at in draw.sample(range(len(body)), 25):
        raw = bytearray(body)
        raw[at] ^= 1 << draw.randrange(8)
        good, lines = check(tmp_path, bytes(raw))
        assert not good, at
        assert any(
            word in line
            for line in lines[:-1]
            for word in ("changed", "wrong", "missing", "cut", "read", "key", "number")
        ), (at, lines)


def test_the_verifier_alone_needs_nothing_of_the_platform(tmp_path: Path) -> None:
    assert b"bozhou_eco" not in verifier_source()
    ast.parse(verifier_source(), feature_version=(3, 9))
    (tmp_path / "b.zip").write_bytes(made().replace(b"frame one", b"frame 0ne"))
    (tmp_path / "verify.py").write_bytes(verifier_source())
    call = [sys.executable, "-I", "-S", "verify.py", "b.zip", "--fingerprint"]
    done = subprocess.run(
        [*call, fingerprint(load_signer().public_key())],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "-one.jpg: changed" in done.stdout
    assert done.stderr == ""
    helped = subprocess.run(
        [*call[:4], "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "--fingerprint" in helped.stdout


def test_a_long_chain_begins_where_the_bundle_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    monkeypatch.setattr(services, "LONGEST_CHAIN", 3)
    body = made()
    rows = json.loads(entries_of(body)["chain.json"])
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6]  # record:1 stands first
    sealed = services.seal_bytes(
        content=b"late", name="late.jpg", media_type="image/jpeg", chain=CHAIN,
        actor=None, now=clock.now(),
    )  # fmt: skip
    body = services.build_bundle(
        subject="capture:1", files=[sealed], records={}, chain=CHAIN, actor=None,
        now=clock.now(),
    )  # fmt: skip
    entries = entries_of(body)
    assert [row["seq"] for row in json.loads(entries["chain.json"])] == [7]
    good, lines = check(tmp_path, body)
    assert good, lines
    manifest = json.loads(entries["manifest.json"])
    entries["manifest.json"] = json.dumps({**manifest, "chain_from": 6}).encode()
    good, lines = check(tmp_path, bytes(pack(entries)))
    assert not good
    assert {"manifest.json: signature is wrong", "chain #7: expected #6"} <= set(lines)


def test_an_original_that_is_gone_is_named_and_stops_no_bundle(tmp_path: Path) -> None:
    made()
    erased, lost = SealedFile.objects.order_by("pk")
    SealedFile.objects.filter(pk=erased.pk).update(erased_at=clock.now())

    def again() -> tuple[bool, list[str]]:
        body = services.build_bundle(
            subject="capture:1", files=SealedFile.objects.order_by("pk"), records={},
            chain=CHAIN, actor=None, now=clock.now(),
        )  # fmt: skip
        return check(tmp_path, body)

    good, lines = again()
    assert good, lines
    [line] = [line for line in lines if "not included" in line]
    assert line.startswith(f"files/{erased.pk}-one.jpg: not included, erased 20")
    store().erase(lost.sha256)
    good, lines = again()
    assert not good
    name = f"files/{lost.pk}-two.jpg"
    assert f"{name}: not included, the platform has lost it" in lines
