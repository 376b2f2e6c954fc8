"""What capture devices send: kept whole or refused with the reason, whatever it is."""

import base64
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from tests.vehicles import capture_factories as make
from vehicles.models import Camera, Capture
from vehicles.services.cameras import issue_device_key

pytestmark = pytest.mark.django_db
NOW = make.NOW
JPEG = b"\xff\xd8\xff\xe0" + b"p" * 400
MP4 = b"\0\0\0\x18ftypisom" + b"v" * 400
PATH = "/api/v1/captures/vendor/"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehicles.api.captures.views.clock.now", lambda: NOW)


def device(vendor: str = "plain") -> tuple[Camera, str]:
    of = make.camera(source="device", vendor=vendor, clock_offset=None)
    return of, issue_device_key(camera=of, actor=None, now=NOW)


def file(name: str, content: bytes = JPEG, kind: str = "image/jpeg") -> object:
    return SimpleUploadedFile(name, content, kind)


def send(key: str, body: object = None, **files: object) -> object:
    event = {"id": "E-1", "captured_at": NOW.isoformat()}
    if isinstance(body, dict):
        event |= body
    text = body if isinstance(body, str) else json.dumps(event)
    data = {"event": text} | (files or {"picture1": file("a.jpg")})
    # A server error must be an answer here, not an exception of the test client.
    client = Client(raise_request_exception=False)
    return client.post(PATH, data, headers={"X-Device-Key": key})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[" * 100_000, "JSON"),
        ('{"id": 1', "JSON"),
        ("null", "对象"),
        ({"id": {"a": 1}}, "编号"),
        ({"id": "x" * 201}, "编号"),
        ({"id": "a\0b"}, "编号"),
        ({"level": True}, "0–5"),
        ({"level": 2.5}, "0–5"),
        ({"level": "3"}, "0–5"),
        ({"level": [1]}, "0–5"),
        ({"captured_at": 17}, "时间"),
        ({"captured_at": "0001-01-01T00:00:00+14:00"}, "时间"),
        ({"captured_at": "9999-12-31T23:59:59-14:00"}, "超前"),
        ({"captured_at": (NOW - timedelta(days=8)).isoformat()}, "7 天"),
        ({"plate": {"no": 1}}, "plate"),
        ({"plate": "新E\0K73X"}, "plate"),
        ('{"id":"a","captured_at":"T","plate":"\\ud800"}', "plate"),
        ({"plate_color": ["blue"]}, "plate_color"),
        ({"verdict": {"note": "a\0"}}, "verdict"),
        ({"verdict": [1]}, "verdict"),
        ('{"id":"a","captured_at":"T","verdict":{"p":NaN}}', "JSON"),
        ('{"id":"a","captured_at":"T","verdict":{"p":1e999}}', "verdict"),
    ],
)
def test_an_event_that_cannot_be_kept_names_the_field(body: object, words: str) -> None:
    if isinstance(body, str):
        body = body.replace('"T"', f'"{NOW.isoformat()}"')
    answer = send(device()[1], body)
    assert answer.status_code == 422, answer.content[:300]
    assert words in answer.json()["title"]
    assert not Capture.objects.exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"clip": file("a.avi", b"RIFF0000AVI LIST", "video/avi")}, "MP4"),
        ({"picture1": file("a.png", b"\x89PNG\r\n", "image/png")}, "JPEG"),
        ({"picture1": file("a.jpg"), "image2": file("b.jpg")}, "image2"),
        ({"clip": [file("a.mp4", MP4), file("b.mp4", MP4)]}, "clip"),
        ({"other": file("a.jpg")}, "other"),
    ],
)
def test_a_file_that_would_be_lost_is_refused(files: dict, words: str) -> None:
    answer = send(device()[1], **files)
    assert answer.status_code == 422, answer.content[:300]
    assert words in answer.json()["title"]


def test_no_file_at_all_is_refused() -> None:
    _, key = device()
    data = {"event": json.dumps({"id": "E", "captured_at": NOW.isoformat()})}
    answer = Client().post(PATH, data, headers={"X-Device-Key": key})
    assert answer.status_code == 422
    assert "图片或视频" in answer.json()["title"]


def test_a_clip_alone_is_a_capture() -> None:
    _, key = device()
    answer = send(key, {"level": 2}, clip=file("c.mp4", MP4, "video/mp4"))
    assert answer.status_code == 201, answer.content
    capture = Capture.objects.get()
    assert [one.kind for one in capture.files.order_by("kind")] == ["clip", "record"]


def test_the_clock_of_the_device_is_stated_in_its_capture() -> None:
    of, key = device()
    late = (NOW - timedelta(hours=3)).isoformat()
    assert send(key, {"id": "1", "captured_at": late}).status_code == 201
    ahead = (NOW + timedelta(seconds=90)).isoformat()
    assert send(key, {"id": "2", "captured_at": ahead}).status_code == 201
    first, second = Capture.objects.order_by("pk")
    assert any("3.0 小时" in note for note in first.notes)
    assert first.clock_offset is None
    assert any("超前" in note for note in second.notes)
    assert second.clock_offset == pytest.approx(90.0)
    of.refresh_from_db()
    assert of.clock_offset == pytest.approx(90.0)


XML = """<EventNotificationAlert xmlns="http://www.isapi.org/ver20/XMLSchema">
<UUID>{id}</UUID><dateTime>{at}</dateTime><licensePlate>新E0K73X</licensePlate>
<plateColor>yellow</plateColor><ringelmannLevel>{level}</ringelmannLevel>
</EventNotificationAlert>"""


def isapi(key: str, text: str, **files: object) -> object:
    data = {"e": SimpleUploadedFile("e.xml", text.encode(), "application/xml")} | files
    client = Client(raise_request_exception=False)
    return client.post(PATH, data, headers={"X-Device-Key": key})


def test_two_long_numbers_are_two_events() -> None:
    _, key = device()
    for end in ("a", "b", "a"):
        assert send(key, {"id": "x" * 99 + end}).status_code in (200, 201)
    assert Capture.objects.count() == 2


def test_a_number_is_an_event_id_too() -> None:
    assert send(device()[1], {"id": 20261123}).status_code == 201
    assert Capture.objects.get().key.endswith(":20261123")


def test_a_notification_in_gbk_keeps_the_vendors_own_words() -> None:
    _, key = device("isapi")
    text = '<?xml version="1.0" encoding="GB2312"?>' + XML.format(
        id="A2", at=NOW.isoformat(), level="三级"
    )
    part = SimpleUploadedFile("e.xml", text.encode("gbk"), "application/xml")
    client = Client(raise_request_exception=False)
    answer = client.post(
        PATH, {"e": part, "p": file("p.jpg")}, headers={"X-Device-Key": key}
    )
    assert answer.status_code == 201, answer.content
    capture = Capture.objects.get()
    assert capture.plate == "新E0K73X"
    assert capture.vendor_verdict["level"] is None
    assert capture.vendor_verdict["level_text"] == "三级"


def test_pictures_are_known_by_their_content() -> None:
    _, key = device("isapi")
    text = XML.format(id="A1", at=NOW.isoformat(), level=3)
    answer = isapi(key, text, p=file("p.jpg", JPEG, "application/octet-stream"))
    assert answer.status_code == 201, answer.content
    capture = Capture.objects.get()
    assert capture.files.filter(kind="frame").count() == 1
    assert capture.vendor_verdict["level"] == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<a", "XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "XML"),
        (XML.format(id="", at=NOW.isoformat(), level=3), "编号"),
        (XML.format(id="x" * 201, at=NOW.isoformat(), level=3), "编号"),
        ('<?xml version="1.0" encoding="nonsense"?><a/>', "XML"),
        (XML.format(id="A", at="2026-11-23", level=3), "时区"),
    ],
)
def test_a_bad_notification_is_refused(text: str, words: str) -> None:
    answer = isapi(device("isapi")[1], text, p=file("p.jpg"))
    assert answer.status_code == 422, answer.content[:300]
    assert words in answer.json()["title"]


@pytest.mark.parametrize(
    "query",
    ["limit=²", "level=²", "level=99999999999999999999", "site=²", "site=9",
     "since=0001-01-01", "since=9999-12-31T23:59:59", "q=%00", "limit=-1", "limit=0",
     "level=٣"],
)  # fmt: skip
def test_odd_filters_are_no_error(query: str) -> None:
    from bozhou_eco.accounts.models import Role  # noqa: PLC0415
    from tests.factories import user  # noqa: PLC0415

    client = Client(raise_request_exception=False)
    client.force_login(user(Role.REVIEWER))
    answer = client.get(f"/api/v1/captures/?{query}")
    assert answer.status_code in (200, 400), answer.content[:300]


def test_a_key_is_issued_by_command_and_the_one_before_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    of = make.camera(source="device")
    keys = []
    for _ in range(2):
        call_command("camera_key", of.code)
        keys.append(capsys.readouterr().out.split("密钥：")[1].split()[0])
    assert send(keys[0]).status_code == 401
    assert send(keys[1]).status_code == 201
    with pytest.raises(CommandError, match="没有设备"):
        call_command("camera_key", "nobody")
    with pytest.raises(CommandError, match="文件或目录"):
        call_command("camera_key", make.camera(source="folder").code)


def test_what_is_too_large_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vehicles.api.captures.views.MOST_BYTES", 300)
    answer = send(device()[1])
    assert answer.status_code == 422
    assert "超过 64 MB" in answer.json()["title"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Basic {good}", 201),
        ("basic  {good}", 201),
        ("Basic {bad}", 401),
        ("Basic ???", 401),
        ("Basic /w==", 401),
        ("Basic", 401),
        ("Bearer {good}", 401),
    ],
)
def test_a_device_without_headers_of_its_own_uses_basic(
    header: str, status: int
) -> None:
    _, key = device()
    told = {
        "good": base64.b64encode(f"admin:{key}".encode()).decode(),
        "bad": base64.b64encode(b"admin:bzc_no").decode(),
    }
    event = json.dumps({"id": "E", "captured_at": NOW.isoformat()})
    answer = Client(raise_request_exception=False).post(
        PATH,
        {"event": event, "picture1": file("a.jpg")},
        headers={"Authorization": header.format(**told)},
    )
    assert answer.status_code == status, answer.content[:200]
