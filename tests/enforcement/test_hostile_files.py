"""Evidence of a case may be any file; none of them becomes a page of this site."""

import io
from collections.abc import Callable
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from bozhou_eco.common.sniff import UNKNOWN
from enforcement.models import Case, CaseFile
from enforcement.services.cases import open_case

pytestmark = pytest.mark.django_db
SCRIPT = b"<script>alert(1)</script>"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()


def both() -> bytes:
    """A sound JPEG whose comment and end are HTML."""
    raw = picture()
    comment = b"\xff\xfe" + (len(SCRIPT) + 2).to_bytes(2, "big") + SCRIPT
    return raw[:2] + comment + raw[2:] + SCRIPT


SVG = b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"
GIFAR = b"GIF89a/*" + SCRIPT
SENT: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    "picture": ("a.jpg", "text/html", picture, "image/jpeg"),
    "picture and page": ("a.html", "text/html", both, "image/jpeg"),
    "page as picture": ("a.jpg", "image/jpeg", lambda: SCRIPT, UNKNOWN),
    "page": ("a.html", "text/html; charset=utf-7", lambda: SCRIPT, UNKNOWN),
    "svg": ("a.svg", "image/svg+xml", lambda: SVG, UNKNOWN),
    "svg as jpeg": ("a.jpg", "image/jpeg", lambda: SVG, UNKNOWN),
    "xhtml": ("a.xhtml", "application/xhtml+xml", lambda: SCRIPT, UNKNOWN),
    "gif and script": ("a.gif", "image/gif", lambda: GIFAR, UNKNOWN),
    "script": ("a.js", "application/javascript", lambda: b"alert(1)", UNKNOWN),
    "no pdf": ("a.pdf", "application/pdf", lambda: SCRIPT, UNKNOWN),
    "data": ("a.bin", "application/x-logger", lambda: b"\0\1", "application/x-logger"),
    "endless type": ("a.bin", "a/" + "b" * 300, lambda: b"\0\1", UNKNOWN),
}


@pytest.fixture
def case(client: Client, people, districts, now) -> Case:
    client.force_login(people["duty"])
    return open_case(
        actor=people["duty"], now=now, kind="dust", source="region", title="交办",
        subject_key="x", subject_name="料场", district=districts["精河县"],
        upstream_number="新环督〔2026〕3号", upstream_due=date(2026, 12, 1),
    )  # fmt: skip


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_the_type_is_that_of_the_bytes(client: Client, case: Case, sent) -> None:
    name, told, make, wanted = sent
    content = make()
    answer = client.post(
        f"/cases/{case.pk}/files/add/",
        {"file": SimpleUploadedFile(name, content, told), "kind": "other"},
    )
    assert answer.status_code == 302, answer.content.decode()
    row = CaseFile.objects.get()
    got = client.get(f"/cases/files/{row.pk}/")
    assert got.content == content, "the original is kept as it came"
    assert got.headers["Content-Type"] == wanted
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    inline = wanted == "image/jpeg"
    assert got.headers["Content-Disposition"].startswith("attachment") != inline
    assert "default-src 'self'" in got.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..\\..\\x.jpg", "名" * 300 + ".jpg", 'a"; x="b.jpg'],
    ids=["path", "path of Windows", "long", "header"],
)
def test_a_name_is_never_a_path_or_a_header(client: Client, case: Case, name) -> None:
    sent = SimpleUploadedFile("x.jpg", picture(), "image/jpeg")
    sent.name = name  # what Django makes of it in the request is part of the test
    answer = client.post(
        f"/cases/{case.pk}/files/add/", {"file": sent, "kind": "other"}
    )
    assert answer.status_code == 302
    got = client.get(f"/cases/files/{CaseFile.objects.get().pk}/")
    header = got.headers["Content-Disposition"]
    assert "/" not in header.replace("filename*=utf-8''", "")
    assert "etc" not in header or "etc/" not in header
