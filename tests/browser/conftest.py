"""A real ASGI server in a thread and Debian's Chromium in front of it."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
import uvicorn
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright

from bozhou_eco.accounts.models import User
from bozhou_eco.asgi import application
from tests import reference

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """rules => axe.run({runOnly: rules}).then(result => result.violations.map(
    v => v.id + ' ' + v.nodes.map(n => n.target.join(' ')).slice(0, 5).join(', ')))"""
Opener = Callable[..., Page]
# The server's threads may keep a connection that would hold the test database.
LEAVE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # WhiteNoise under ASGI streams files from a synchronous iterator: Django warns.
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
            )


class Server(uvicorn.Server):
    """Runs beside the tests; signals stay with pytest."""

    address = ""

    def install_signal_handlers(self) -> None:
        """Leave the signals alone."""

    def settle(self) -> None:
        """Wait until no request runs, so that the tables can be emptied."""
        deadline = time.monotonic() + 10
        while self.server_state.tasks and time.monotonic() < deadline:
            time.sleep(0.02)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "these tests need Debian's chromium (bin/test installs it)"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(
    browser: Browser,
    django_db_setup: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[Server]:
    # Playwright runs the tests in a context of its own, which has its own connection:
    # that one must know as well what to keep when the tables are emptied.
    with django_db_blocker.unblock():
        reference.keep()
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(
        uvicorn.Config(application, lifespan="off", log_level="warning", ws="auto")
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    server.address = f"http://localhost:{listener.getsockname()[1]}"
    yield server
    server.should_exit = True
    thread.join(10)
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(LEAVE)
    connection.close()


@pytest.fixture(scope="session")
def address(server: Server) -> str:
    return server.address


def session_cookie(user: User, address: str) -> dict[str, str]:
    """Return the cookie of a session in which ``user`` is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "bozhou_eco.accounts.backends.PersonBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": "sessionid", "value": str(session.session_key), "url": address}


@pytest.fixture
def visit(
    browser: Browser, server: Server, address: str, transactional_db: None
) -> Iterator[Opener]:
    """Open a page as a person; at the end no page may have complained."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(
        path: str,
        user: User | None = None,
        *,
        width: int = 1440,
        theme: str = "light",
        offline_ready: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 900 else 900},
            color_scheme=theme,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=width < 900,
            service_workers="allow" if offline_ready else "block",
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies([session_cookie(user, address)])
        page = context.new_page()
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path)
        return page

    open_page.complaints = complaints  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    server.settle()
    assert complaints == []


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong; it is brought in past the page's own CSP."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found: list[str] = page.evaluate(CHECK, RULES)
    return found
