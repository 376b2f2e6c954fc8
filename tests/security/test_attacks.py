"""Attacks on the site as a whole: each is tried, and must fail without a trace.

What belongs to one app (documents, uploads, imports, stations) is attacked beside it;
docs/security.md lists where.
"""

import asyncio
import json
import logging
import random
import socket
from urllib.parse import quote

import pytest
from channels.layers import channel_layers
from channels.routing import URLRouter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.models import SavedView
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.asgi import application as site
from bozhou_eco.common.logs import JsonFormatter
from bozhou_eco.common.outbound import (
    STREAMS,
    OutboundRefusedError,
    check_url,
    session,
)
from bozhou_eco.common.tables import BOM, csv_lines, safe_cell
from bozhou_eco.routing import websocket_urlpatterns
from polluters.models import Outlet
from tests import factories
from tests.security.routes import routes
from tests.sockets import Socket

NASTY = (
    "' OR 1=1 --",
    "1; DROP TABLE accounts_user",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../../../etc/passwd",
    "９９９９",
    "-1",
    "99999999999999999999999999",
    "2026-02-30",
    "\ud83d\ude00" * 50,
    "A" * 5000,
    "[]",
    "null",
)
# Parameters that list pages read; unknown ones are harmless.
PARAMETERS = (
    "page", "q", "span", "from", "to", "since", "until", "start", "end", "state", "kind",
    "district", "severity", "station", "rule", "scope", "period", "year", "month", "day",
    "plate", "color", "outlet", "point", "points", "who", "act", "subject", "sort", "order",
    "cursor", "limit", "offset", "format", "subject_key", "updated_since", "wall", "at",
)  # fmt: skip
# Pages that read no database row of ours are left to their own libraries.
OWN = [
    route
    for route in routes()
    if not route.pattern.startswith(("admin/", "accounts/", "api/schema", "api/docs"))
]


def roles_to_try() -> list[str]:
    return [Role.OFFICER, Role.LEADER, Role.ENTERPRISE, Role.ADMIN, Role.AUDITOR]


@pytest.fixture
def people(db: None) -> dict[str, User]:
    made = {role: factories.user(role) for role in roles_to_try()}
    firm = factories.enterprise()
    made[Role.ENTERPRISE].organisation = firm.organisation
    made[Role.ENTERPRISE].save()
    return made


@pytest.mark.parametrize("role", roles_to_try())
def test_nasty_parameters_never_break_a_page(role: str, people) -> None:
    """SQL, script and template injection, NUL, overlong, impossible dates, full width."""
    client = Client(raise_request_exception=False)
    client.force_login(people[role])
    draw = random.Random(role)
    broken = []
    for route in OWN:
        query = "&".join(
            f"{name}={quote(draw.choice(NASTY), errors='surrogatepass')}"
            for name in PARAMETERS
        )
        answer = client.get(f"{route.path}?{query}")
        if answer.status_code >= 500 and answer.status_code != 503:
            broken.append((route.name, query))
        body = b"" if answer.streaming else answer.content
        if b"<script>alert(1)" in body:
            broken.append((route.name, "script comes back unescaped"))
    assert not broken, broken[0]


def test_a_nul_in_an_address_is_refused_in_words(client: Client) -> None:
    for path in ("/healthz?x=%00", "/alerts/%00/"):
        answer = client.get(path)
        assert answer.status_code == 400, path
        assert "NUL" in answer.content.decode()


@pytest.mark.django_db
def test_a_nul_in_a_form_breaks_nothing_and_loses_nothing(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    view = {"name": "夜\0班", "query": "state=op\0en", "na\0me2": "x"}
    assert client.post("/alerts/views/", view).status_code == 302
    kept = SavedView.objects.get()
    assert (kept.name, kept.query) == ("夜班", "state=open")
    upload = SimpleUploadedFile("a.jpg", b"\0\0")
    sent = client.post("/cases/new/", {"title": "a\0b", "file": upload})
    assert sent.status_code == 422
    assert 'value="ab"' in sent.content.decode()


@pytest.mark.django_db
def test_a_form_of_another_site_is_refused() -> None:
    """CSRF: every POST address answers 403 without the token, whatever the role."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(factories.user(Role.OFFICER, Role.REVIEWER, Role.LEADER))
    reached = []
    for route in OWN:
        if route.pattern.startswith(("api/v1/stations/", "api/v1/vendor", "metrics")):
            continue  # no cookie opens these: they read a key in a header
        answer = client.post(route.path, {"x": "1"})
        if answer.status_code not in (401, 403, 404, 405):
            reached.append((route.name, answer.status_code))
    # A token of its own in the address or a key in a header stands for the cookie.
    assert [one for one in reached if not by_token(one[0])] == []


def by_token(name: str) -> bool:
    return name in {
        "api-vendor", "api-alerts-raise", "api-alerts-clear", "vehicles:objection",
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"],
)
def test_login_sends_nobody_elsewhere(client: Client, target: str) -> None:
    user = factories.user(Role.ENTERPRISE)
    answer = client.post(
        f"/accounts/login/?next={quote(target)}",
        {"login": user.username, "password": "a-long-test-password", "next": target},
    )
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert "javascript" not in answer["Location"]


@pytest.mark.django_db
def test_login_gives_a_new_session(client: Client) -> None:
    """Session fixation: the key known before the login opens nothing after it."""
    client.get("/accounts/login/")
    before = client.session.session_key
    user = factories.user(Role.ENTERPRISE)
    client.post(
        "/accounts/login/", {"login": user.username, "password": "a-long-test-password"}
    )
    assert client.session.session_key != before


@pytest.mark.django_db
def test_logging_out_ends_the_session_on_the_server(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    stolen = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/alerts/").status_code == 302


@pytest.mark.django_db
def test_a_wrong_host_is_refused(client: Client) -> None:
    client.raise_request_exception = False
    assert client.get("/healthz", HTTP_HOST="evil.example").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["x\nforged: 1", "a" * 500, "short", "é" * 10])
def test_a_forged_request_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/healthz", HTTP_X_REQUEST_ID=given)
    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 32


def test_a_newline_cannot_forge_a_log_line() -> None:
    record = logging.LogRecord(
        "x", logging.WARNING, "f", 1, 'name %s\n{"level":"ERROR"}', ("a\r\nb",), None
    )
    assert len(JsonFormatter().format(record).splitlines()) == 1


def test_no_sign_of_a_name_drives_a_terminal_or_hides_in_a_log() -> None:
    """C1 controls, other line ends and signs that turn the reading round, ESC too."""
    name = "a\x1b[31m\x9b2J\x85\u2028\u2029\x7f\u202e\u2066b"
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "%s", (name,), None)
    line = JsonFormatter().format(record)
    assert line.isprintable()
    assert json.loads(line)["message"] == name


@pytest.mark.django_db
def test_pages_may_not_be_framed_sniffed_or_referred(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    for path in ("/", "/alerts/", "/cases/", "/vehicles/captures/", "/nothing/"):
        answer = client.get(path)
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", *"＝＋－＠"])
def test_a_cell_is_never_a_formula(start: str) -> None:
    head = f"{start}1+1"
    assert next(csv_lines([head], [])).lstrip(BOM).lstrip('"').startswith("'")
    assert safe_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert safe_cell(-3.5) == -3.5


# --- SSRF -------------------------------------------------------------------------
INSIDE = (
    "http://127.0.0.1:5432/", "http://localhost/", "http://[::1]/", "http://0.0.0.0/",
    "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.1.1/",
    "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/",
    "http://224.0.0.1/", "http://127.1/", "http://0177.0.0.1/", "http://127。0。0。1/",
    "http://①②⑦.0.0.1/", "http://1.1.1.1@127.0.0.1/", "http://127.0.0.1#@1.1.1.1/",
    "http://100.64.0.1/", "http://[fc00::1]/", "http://[fe80::1%25lo]/", "http://[::]/",
    # An IPv4 address inside IPv6: NAT64, 6to4, Teredo, translated, compatible.
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/", "http://[::ffff:0:127.0.0.1]/", "http://[::127.0.0.1]/",
)  # fmt: skip


@pytest.fixture
def strict(settings) -> None:  # noqa: F811  (pytest-django's settings)
    settings.OUTBOUND_NETWORKS = []


@pytest.mark.parametrize("url", INSIDE)
def test_inside_addresses_are_refused(url: str, strict: None) -> None:
    with pytest.raises(OutboundRefusedError, match="内部地址|无法解析"):
        check_url(url)


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.1.1", "::1", "fd00::1", "64:ff9b::a9fe:a9fe"]
)
def test_a_name_with_one_inside_address_is_refused(
    strict: None, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """A record of many addresses is as bad as its worst."""
    found = [(2, 1, 6, "", (host, 80)) for host in ("93.184.216.34", inside)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(OutboundRefusedError, match="内部地址"):
        check_url("http://innocent.example/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x/",
        "ftp://x/",
        "//x",
        "",
        "http://",
        "http://[x",
    ],
)
def test_other_schemes_and_half_addresses_are_refused(url: str, strict: None) -> None:
    with pytest.raises(OutboundRefusedError):
        check_url(url, schemes=STREAMS)


def test_a_name_that_later_points_inside_sends_nothing(strict: None) -> None:
    """DNS rebinding: the connected socket is checked, not only the name."""
    heard: list[bytes] = []

    async def talk() -> None:
        async def serve(reader, writer) -> None:
            heard.append(await reader.read(100))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        def call() -> None:
            session().get(f"http://127.0.0.1:{port}/secret", timeout=3)

        with pytest.raises(OutboundRefusedError):
            await asyncio.to_thread(call)
        server.close()

    asyncio.run(talk())
    assert b"".join(heard) == b""


def test_a_named_network_may_be_reached(settings) -> None:  # noqa: F811
    assert any("127.0.0.0" in str(network) for network in settings.OUTBOUND_NETWORKS)
    check_url("http://127.0.0.1:9/")


# --- WebSockets -------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", [b"https://evil.example", b"null"])
def test_a_socket_of_another_site_is_refused(origin: bytes) -> None:
    sent: list[dict[str, object]] = []

    async def talk() -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/alerts/",
            "query_string": b"",
            "headers": [(b"origin", origin), (b"host", b"localhost")],
            "subprotocols": [],
        }
        queue = [
            {"type": "websocket.connect"},
            {"type": "websocket.disconnect", "code": 1},
        ]

        async def receive() -> dict[str, object]:
            return queue.pop(0)

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        await site(scope, receive, send)

    asyncio.run(talk())
    assert [message["type"] for message in sent] == ["websocket.close"]


GARBAGE = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=12,
    ).map(json.dumps),
    st.sampled_from(["[" * 100_000, '{"type":"ping"}' * 2, '{"type":{"a":1}}']),
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/ws/alerts/", "/ws/live/"])
@settings(max_examples=30, deadline=None)
@given(frames=st.lists(GARBAGE, max_size=8))
def test_garbage_does_not_end_a_socket(path: str, frames: list[str | bytes]) -> None:
    if not Outlet.objects.exists():
        factories.outlet()
    officer = User.objects.filter(username="fuzz").first() or User.objects.create(
        username="fuzz",
        name="x",
        roles=["officer"],
        organisation=factories.department(),
    )

    async def talk() -> None:
        line = Socket(URLRouter(websocket_urlpatterns), path, officer)
        assert await line.connect()
        for frame in frames:
            key = "bytes" if isinstance(frame, bytes) else "text"
            await line.send_raw({"type": "websocket.receive", key: frame})
        await line.send_raw(
            {"type": "websocket.receive", "text": json.dumps({"type": "ping"})}
        )
        while (await line.heard())["type"] != "pong":
            pass
        await line.disconnect()

    channel_layers.backends.clear()
    asyncio.run(talk())
    channel_layers.backends.clear()
