"""JSON and parcels that are built to be misread, or to be too much, are refused in words."""

import io
import json
import zipfile

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.exchange import parcel
from bozhou_eco.common.parsers import read_json
from tests import factories

HOSTILE = {
    "deep list": "[" * 100_000,
    "deep object": '{"a":' * 50_000,
    "named twice": '{"text":"a","text":"b"}',
    "named twice inside": '{"a":[{"b":1,"b":2}]}',
    "not a number": '{"text":NaN}',
    "infinity": '{"text":-Infinity}',
    "too large": '{"text":1e999}',
    "too many digits": '{"text":' + "9" * 5000 + "}",
    "half": '{"text":',
    "NUL": '{"text":"a\\u0000b"}',
    "NUL in a name": '{"a\\u0000":{"b":[]}}',
    "half a pair": '{"text":["\\ud83d"]}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_by_the_reader(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)


def test_what_is_sound_is_read() -> None:
    assert read_json('{"a": [1, -2.5e3, "b", null, true]}') == {
        "a": [1, -2500.0, "b", None, True]
    }
    assert read_json('["\\ud83d\\ude97", "\\\\u0000"]') == ["\U0001f697", "\\u0000"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_interface_answers_400(client: Client, text: str) -> None:
    client.force_login(factories.user(Role.OFFICER))
    answer = client.post(
        "/api/v1/alerts/0/comments/", text, content_type="application/json"
    )
    assert answer.status_code == 400
    assert "JSON" in answer.json()["title"]


@pytest.mark.django_db
def test_other_bytes_than_utf_8_are_refused(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    for charset in ("utf-8", "no-such-code", "utf-7"):
        answer = client.generic(
            "POST",
            "/api/v1/alerts/0/comments/",
            b'{"text":"\xff+ADw-"}',
            content_type=f"application/json; charset={charset}",
        )
        assert answer.status_code == 400, charset


def packed(manifest: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(parcel.MANIFEST, manifest)
    return out.getvalue()


def test_a_manifest_nested_without_end_is_refused() -> None:
    with pytest.raises(parcel.RefusedError, match="不是 JSON"):
        parcel.unpack(packed(b"[" * 100_000))


def test_every_damaged_parcel_is_refused() -> None:
    """Each byte of a packed parcel is changed in turn: whole, or refused; nothing else."""
    sound = parcel.pack(
        parcel.make_parcel(
            number="T-1",
            kind="case-reply",
            sender="a",
            receiver="b",
            files={"rows.json": json.dumps([{"k": "v" * 40}] * 20).encode()},
            now=clock.now(),
        )
    )
    refused = 0
    for place in range(len(sound)):
        hurt = bytearray(sound)
        hurt[place] ^= 0x55
        try:
            parcel.unpack(bytes(hurt))
        except parcel.RefusedError:
            refused += 1
    assert refused > len(sound) // 2
