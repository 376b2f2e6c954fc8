"""Pictures of the main pages at the width of a desk and of a phone (``bin/screenshots``)."""

import argparse
import contextlib
import io
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.screens import SCREENS, Screen
from bozhou_eco.common.clock import beijing, now
from bozhou_eco.embedded.children import free_port
from bozhou_eco.embedded.prepare import ROOT, running_demo

TARGET = ROOT / "docs" / "screenshots"
SIZES = {1440: 900, 390: 844}
QUALITY, LIMIT_MIB = 60, 8.0
START_S = 300.0
SETTLE_S = 120
"""A demo just started needs so long until its clips are analysed and its pages move."""
READY = "document.fonts.ready.then(() => true)"


def say(text: str) -> None:
    """Show progress."""
    sys.stderr.write(f"{text}\n")


@contextlib.contextmanager
def demo(settle: float) -> Iterator[dict[str, str]]:
    """Give the environment of the running demo, or of one started for the pictures."""
    running = running_demo()
    if running is not None:
        yield running
        return
    port = free_port()
    say(f"starting a demo on port {port}")
    call = [sys.executable, "-P", "-m", "bozhou_eco.embedded.demo", "--port", str(port)]
    process = subprocess.Popen(call, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, port)
        say(f"waiting {settle:.0f} s until its data have settled")
        time.sleep(settle)
        yield running_demo() or {}
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5)
            return
        time.sleep(0.5)
    raise SystemExit("the demo did not start; run bin/demo to see why")


def take(screens: list[Screen], address: str, target: Path) -> list[str]:
    """Write the pictures; return what went wrong."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    wrong, planned = [], []
    for screen in screens:  # the ORM's part, before Playwright's event loop
        path = _path(screen)
        if path is None:
            wrong.append(f"{screen.name}: the demo has no {screen.row} to show")
        else:
            planned.append((screen, path, _cookie(screen.user)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
        )
        for screen, path, cookie in planned:
            for name, width, theme in _forms(screen):
                with _opened(browser, address, cookie, width, theme) as page:
                    answer = page.goto(address + path, wait_until="load")
                    if answer is None or answer.status != 200:
                        wrong.append(
                            f"{name}: {path} answered {answer and answer.status}"
                        )
                        continue
                    page.evaluate(READY)
                    page.wait_for_timeout(700)
                    size = _write(page.screenshot(), target / f"{name}.webp")
                    say(f"{size / 1024:6.0f} KiB  {name}.webp  {path}")
        browser.close()
    return wrong


def _forms(screen: Screen) -> Iterator[tuple[str, int, str]]:
    """Yield name, width and theme of each picture of a page."""
    for width in SIZES:
        yield f"{screen.name}-{width}", width, "light"
        if screen.dark:
            yield f"{screen.name}-{width}-dark", width, "dark"


@contextlib.contextmanager
def _opened(
    browser: Any, address: str, cookie: str, width: int, theme: str
) -> Iterator[Any]:
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=theme,
        reduced_motion="reduce",
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        has_touch=width < 900,
        service_workers="block",
    )
    if cookie:
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    try:
        yield context.new_page()
    finally:
        context.close()


def _write(png: bytes, path: Path) -> int:
    from PIL import Image  # noqa: PLC0415

    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)
    return path.stat().st_size


def _path(screen: Screen) -> str | None:
    """Return the address of a page, None if there is no row for it."""
    from django.apps import apps  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from bozhou_eco.accounts.models import User  # noqa: PLC0415

    if not screen.row:
        an_hour_ago = f"{beijing(now() - timedelta(hours=1)):%Y-%m-%dT%H:%M}"
        return reverse(screen.view) + screen.query.format(an_hour_ago=an_hour_ago)
    user = User.objects.get(username=screen.user)
    rows = apps.get_model(screen.row).objects
    seen = rows.filter(**{screen.own: user}) if screen.own else rows.visible_to(user)
    row = seen.filter(**screen.where).order_by(screen.order).first()
    if row is None:
        return None
    key = row.code if screen.row == "vehicles.Station" else row.pk
    return reverse(screen.view, args=[key]) + screen.query.format(key=key)


def _cookie(username: str) -> str:
    from bozhou_eco.accounts.models import User  # noqa: PLC0415
    from bozhou_eco.overview.management.commands.check_demo import (  # noqa: PLC0415
        open_session,
    )

    return open_session(User.objects.get(username=username)) if username else ""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bin/screenshots", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument(
        "--settle",
        type=float,
        default=SETTLE_S,
        help="seconds before the first picture",
    )
    return parser.parse_args()


def main() -> int:
    """Take the pictures; 1 if a page failed or they are too heavy together."""
    options = arguments()
    unknown = set(options.only) - {screen.name for screen in SCREENS}
    if unknown:
        raise SystemExit(f"no such page: {' '.join(sorted(unknown))}")
    chosen = [s for s in SCREENS if not options.only or s.name in options.only]
    options.out.mkdir(parents=True, exist_ok=True)
    with demo(options.settle) as variables:
        os.environ.update(variables)
        os.environ["DJANGO_SETTINGS_MODULE"] = "bozhou_eco.settings"
        import django  # noqa: PLC0415

        django.setup()
        address = variables["CSRF_TRUSTED_ORIGINS"]
        wrong = take(chosen, address, options.out)
    total = sum(path.stat().st_size for path in options.out.glob("*.webp")) / 2**20
    if total > LIMIT_MIB:
        wrong.append(f"{total:.1f} MiB altogether, more than {LIMIT_MIB:.0f}")
    say(f"{total:.1f} MiB in {os.path.relpath(options.out)}")
    for line in wrong:
        say(f"failed: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
