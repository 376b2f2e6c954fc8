"""Every client keeps to the addresses it may open: nothing is sent to an inside one."""

import ast
import base64
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ValidationError
from py_vapid import Vapid02

from alerts.clients import apprise, sms_aliyun, sms_tencent, webhook, webpush
from alerts.clients.base import Parcel as Message
from alerts.models import Webhook
from bozhou_eco.common.exchange import rest
from bozhou_eco.common.exchange.parcel import Parcel, make_parcel
from bozhou_eco.common.outbound import OutboundRefusedError, check_stream
from bozhou_eco.common.playlists import stream_options
from bozhou_eco.common.video import VideoError, snapshot
from enforcement.models import Counterpart
from tests.trees import tree_of
from vehicles.ingest.watch.stream import Stream
from vehicles.models import Camera, ExchangeChannel

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 5, 1, tzinfo=UTC)


class Ear:
    """A server on loopback that keeps what it hears and says 500."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                talk, _ = self.listener.accept()
            except OSError:
                return
            with talk:
                talk.settimeout(10)
                try:
                    self.heard += talk.recv(65536)
                    talk.sendall(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    continue

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.fixture
def ear() -> Iterator[Ear]:
    server = Ear()
    yield server
    server.stop()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _subscription(url: str) -> dict[str, str]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return {
        "endpoint": url,
        "p256dh": _encoded(point),
        "auth": _encoded(os.urandom(16)),
    }


def _vapid() -> str:
    key = Vapid02()
    key.generate_keys()
    return _encoded(
        key.private_key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def message(**changes: Any) -> Message:
    fields: dict[str, Any] = {
        "title": "题", "body": "文", "link": "http://x/", "address": "13900000000",
        "settings": {}, "secret": {}, "extra": {}, **changes,
    }  # fmt: skip
    known = {
        name: fields[name] for name in Message.__dataclass_fields__ if name in fields
    }
    return Message(**known)


def parcel() -> Parcel:
    return make_parcel(
        number="p1", sender="a", receiver="b", kind="k", now=AT, files={"a": b"1"}
    )


def by_webhook(url: str) -> object:
    return webhook.post(url, {"a": 1}, secret="s", call_id="1", at=1)


def by_rest_send(url: str) -> object:
    return rest.send(url, parcel(), secret="s")


def by_rest_fetch(url: str) -> object:
    return rest.fetch(url, secret="s")


def by_aliyun(url: str) -> object:
    return sms_aliyun.send(
        message(
            secret={"access_key_id": "a", "access_key_secret": "b"},
            settings={"sign_name": "s", "template_code": "t", "endpoint": url},
        )
    )


def by_tencent(url: str) -> object:
    return sms_tencent.send(
        message(
            secret={"secret_id": "a", "secret_key": "b"},
            settings={
                "app_id": "1", "sign_name": "s", "template_id": "t",
                "endpoint": url,
            },
        )
    )  # fmt: skip


def by_webpush(url: str) -> object:
    return webpush.send(
        message(
            secret={"private_key": _vapid()},
            settings={"subject": "mailto:a@example.org"},
            extra=_subscription(url),
        )
    )


def by_apprise(url: str) -> object:
    return apprise.send(message(secret={"url": url.replace("http://", "json://")}))


def by_stream(url: str) -> object:
    return Stream(url + "live.flv", core=10, margin=5)


def by_snapshot(url: str) -> object:
    return snapshot(url + "live.m3u8")


CLIENTS = [
    by_webhook, by_rest_send, by_rest_fetch, by_aliyun, by_tencent, by_webpush,
    by_apprise, by_stream, by_snapshot,
]  # fmt: skip
each = pytest.mark.parametrize("client", CLIENTS, ids=lambda c: c.__name__)


def outcome(call: Callable[[str], object], url: str) -> str:
    """Return what the client says, by an answer or an error."""
    try:
        return str(call(url))
    except (rest.NotSentError, VideoError) as error:
        return str(error)


@each
def test_an_inside_address_hears_nothing(client, ear: Ear, settings) -> None:
    settings.OUTBOUND_NETWORKS = []
    told = outcome(client, f"http://127.0.0.1:{ear.port}/")
    assert "内部地址" in told
    assert bytes(ear.heard) == b""


@each
def test_a_named_network_is_spoken_to(client, ear: Ear) -> None:
    """The same call reaches the same server once its network is named."""
    told = outcome(client, f"http://127.0.0.1:{ear.port}/")
    assert "内部地址" not in told
    assert bytes(ear.heard).startswith((b"POST", b"GET"))


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "file:/etc/passwd", "concat:/etc/passwd|/etc/group",
        "subfile,,start,0,end,9,,:/etc/passwd", "pipe:0", "data:text/plain,x",
        "gopher://example.org/", "crypto:/etc/passwd", "async:/etc/passwd",
    ],
)  # fmt: skip
def test_a_stream_is_no_way_to_a_local_file(address: str) -> None:
    with pytest.raises(OutboundRefusedError):
        check_stream(address)
    with pytest.raises(VideoError):
        Stream(address, core=10, margin=5)


def test_a_playlist_leads_to_no_local_file(tmp_path: Path) -> None:
    """A camera's HLS playlist that names a file of ours is not followed."""
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"\x47" * 188 * 50)
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        talk, _ = listener.accept()
        with talk:
            talk.recv(65536)
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n"
            talk.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with pytest.raises(VideoError):
        snapshot(f"http://127.0.0.1:{listener.getsockname()[1]}/live.m3u8")
    thread.join(10)
    listener.close()


@contextmanager
def answers(*bodies: str) -> Iterator[tuple[int, list[str]]]:
    """A server that gives each body once; its port and the paths it was asked for."""
    listener, asked = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        for body in bodies:
            try:
                talk, _ = listener.accept()
            except OSError:
                return
            with talk:
                asked.append(talk.recv(65536).split(b" ")[1].decode())
                talk.sendall(body.encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def playlist(*lines: str) -> str:
    body = "\n".join(["#EXTM3U", *lines, ""])
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}"


@pytest.mark.parametrize(
    "line",
    [
        "http://169.254.169.254/latest/meta-data/",
        '#EXT-X-KEY:METHOD=AES-128,URI="http://10.1.2.3/key"',
        "concat:/etc/passwd",
    ],
)
def test_a_playlist_leads_to_no_forbidden_place(line: str) -> None:
    with (
        answers(playlist("#EXTINF:5,", line)) as (port, asked),
        pytest.raises(OutboundRefusedError),
    ):
        stream_options(f"http://127.0.0.1:{port}/live.m3u8")
    assert asked == ["/live.m3u8"]


def test_playlists_named_by_a_playlist_are_looked_at_too() -> None:
    inner = playlist("#EXTINF:5,", "http://169.254.169.254/a.ts")
    with (
        answers(playlist("low/live.m3u8"), inner) as (port, asked),
        pytest.raises(OutboundRefusedError, match="169.254"),
    ):
        stream_options(f"http://127.0.0.1:{port}/main.m3u8")
    assert asked == ["/main.m3u8", "/low/live.m3u8"]


def test_a_redirect_is_not_followed() -> None:
    moved = (
        "HTTP/1.1 302 Found\r\nLocation: http://10.1.2.3/a.m3u8\r\n"
        "Content-Length: 0\r\n\r\n"
    )
    with answers(moved) as (port, _), pytest.raises(OutboundRefusedError, match="转向"):
        stream_options(f"http://127.0.0.1:{port}/live.m3u8")
    # A stream that is no playlist is left to FFmpeg, which follows none either.
    target = playlist()
    with (
        answers(target) as (other, reached),
        answers(moved.replace("10.1.2.3", f"127.0.0.1:{other}")) as (port, asked),
    ):
        with pytest.raises(VideoError):
            snapshot(f"http://127.0.0.1:{port}/live.flv")
        assert (asked, reached) == (["/live.flv"], [])


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (Webhook, {"url": "http://169.254.169.254/latest/"}),
        (ExchangeChannel, {"check_url": "http://10.0.0.1/"}),
        (Counterpart, {"way": "rest", "contents": [], "address": "http://[::1]/"}),
        (Camera, {"address": "rtsp://127.0.0.1/live"}),
        (Camera, {"address": "concat:/etc/passwd"}),
    ],
    ids=["webhook", "channel", "counterpart", "camera", "camera-file"],
)
def test_a_form_refuses_it_at_once(model, fields, settings) -> None:
    settings.OUTBOUND_NETWORKS = []
    with pytest.raises(ValidationError) as refused:
        model(**fields).clean()
    assert set(refused.value.message_dict) <= set(fields)


# Who may open connections without the guard, and why.
EXEMPT = {
    "bozhou_eco/common/outbound.py": "the guard itself",
    "bozhou_eco/overview/management/commands/check_demo.py": "its own web process",
    "vehicles/simulation/client.py": "a simulated station, which talks to the platform",
    "bozhou_eco/common/probes.py": "the stores named in the environment",
    "bozhou_eco/embedded/children.py": "the stores it started itself",
}
CALLS = {"get", "post", "put", "patch", "delete", "head", "request", "Session"}


def _opens(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {getattr(node, "module", None) or "", *(a.name for a in node.names)}
            if names & {"httpx", "aiohttp", "urllib.request", "http.client", "urllib3"}:
                return True
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "requests" and node.attr in CALLS:
                return True
            if (node.value.id, node.attr) == ("socket", "create_connection"):
                return True
    return False


def test_nobody_opens_a_connection_around_the_guard() -> None:
    found = {
        str(path.relative_to(ROOT))
        for app in ("bozhou_eco", "alerts", "enforcement", "polluters", "vehicles")
        for path in (ROOT / app).rglob("*.py")
        if _opens(tree_of(path))
    }
    assert found == set(EXEMPT)
