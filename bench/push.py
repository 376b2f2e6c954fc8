"""From an MQTT publish to text on an open page, and to 1,000 sockets at once."""

import asyncio
import json
import random
import time
from datetime import timedelta
from typing import Any

import websockets
from playwright.sync_api import Page, sync_playwright

from bench.blast import Blaster
from bench.figures import Figure, figure, percentile
from bench.loggers import GAS, PASSWORD, make_loggers, mn_of
from bench.services import Bed, bed, setup_django

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
WATCH = """
() => {
  window.seen = {};
  const look = () => {
    const text = document.body.innerText;
    for (const mark of window.wanted || []) {
      if (!(mark in window.seen) && text.includes(mark)) window.seen[mark] = Date.now();
    }
  };
  new MutationObserver(look).observe(
    document.body, {childList: true, subtree: true, characterData: true});
}
"""


def run(quick: bool = False) -> list[Figure]:
    """Open the page, send over-limit frames of ever another plant, then fan out."""
    sent, clients, rounds = (20, 1000, 2) if quick else (100, 1000, 10)
    with bed() as running:
        setup_django(running)
        make_loggers(sent + rounds + 2)
        port, cookie = _start(running)
        delays = _page(running, port, cookie, sent)
        fan, missed = asyncio.run(
            _fanout(running, port, cookie, clients, rounds, first=sent)
        )
    name = f"fanout_{clients}_p99_ms"
    return [
        figure("publish_to_page_p50_ms", percentile(delays, 50), "ms"),
        figure("publish_to_page_p95_ms", percentile(delays, 95), "ms", "<=300"),
        figure(f"fanout_{clients}_p50_ms", percentile(fan, 50), "ms"),
        figure(name, percentile(fan, 99), "ms", "<=1000"),
        figure("fanout_missed", missed, "messages", "=0"),
    ]


def _start(running: Bed) -> tuple[int, str]:
    from bozhou_eco.accounts.models import Organisation, Role, User  # noqa: PLC0415
    from bozhou_eco.overview.management.commands.check_demo import (  # noqa: PLC0415
        open_session,
    )

    department = Organisation.objects.create(
        code="BENCH", kind="department", name="bench"
    )
    user = User.objects.create_user(
        "bench", password=None, name="bench", organisation=department
    )
    user.roles = [Role.OFFICER]
    user.save()
    running.spawn_command("ingest_mqtt", "--id", "bench")
    (port,) = running.serve(1, pages=True)
    time.sleep(3)
    return port, open_session(user)


def _over_limit(number: int) -> bytes:
    """Return a frame of plant ``number`` whose first converted factor is far over."""
    from bozhou_eco.common import clock  # noqa: PLC0415
    from polluters.domain.hj212 import crc16, format_qn, format_time  # noqa: PLC0415

    now = clock.now()
    code = GAS[0][0]
    segment = (
        f"QN={format_qn(now)};ST=31;CN=2011;PW={PASSWORD};MN={mn_of(number)};Flag=5;"
        f"CP=&&DataTime={format_time(now - timedelta(seconds=1))};"
        f"{code}-Rtd=900,{code}-ZsRtd=900,{code}-Flag=N&&"
    ).encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


def _page(running: Bed, port: int, cookie: str, sent: int) -> list[float]:
    blaster = Blaster(running.variables["MQTT_URL"], "push-bench")
    blaster.publish([(mn_of(sent), _over_limit(sent))])
    base = f"http://localhost:{port}"
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=CHROMIUM
        )
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/alerts/")
        page.wait_for_timeout(2000)
        page.evaluate(WATCH)
        delays = [_one(page, blaster, number) for number in range(sent)]
        browser.close()
    blaster.close()
    return delays


def _one(page: Page, blaster: Blaster, number: int) -> float:
    """Publish one frame; return the ms until its plant's name stands on the page."""
    mark = f"厂{number} 排口"
    page.evaluate("mark => { window.wanted = [mark]; }", mark)
    began = time.time() * 1000
    blaster.publish([(mn_of(number), _over_limit(number))])
    try:
        page.wait_for_function("mark => mark in window.seen", arg=mark, timeout=10_000)
        seen: float = page.evaluate("mark => window.seen[mark]", mark)
    except Exception:  # noqa: BLE001 - a text that never came counts as 10 s
        return 10_000.0
    time.sleep(random.uniform(0.02, 0.1))
    return seen - began


async def _fanout(
    running: Bed, port: int, cookie: str, clients: int, rounds: int, *, first: int
) -> tuple[list[float], int]:
    """Raise ``rounds`` alerts with ``clients`` sockets open; return delays and misses."""
    origin = f"http://localhost:{port}"
    gate = asyncio.Semaphore(50)

    async def dial() -> Any:
        async with gate:
            return await websockets.connect(
                f"ws://localhost:{port}/ws/alerts/",
                origin=origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": f"sessionid={cookie}"},
                open_timeout=60,
                max_queue=64,
            )

    sockets = await asyncio.gather(*[dial() for _ in range(clients)])
    blaster = Blaster(running.variables["MQTT_URL"], "fan-bench")
    delays: list[float] = []
    missed = 0
    for number in range(first + 1, first + 1 + rounds):
        mark = f"厂{number} 排口"
        began = time.time()
        listening = asyncio.gather(*[_hear(sock, mark) for sock in sockets])
        await asyncio.to_thread(blaster.publish, [(mn_of(number), _over_limit(number))])
        heard = await listening
        delays += [(moment - began) * 1000 for moment in heard if moment]
        missed += sum(moment is None for moment in heard)
    await asyncio.gather(*[sock.close() for sock in sockets])
    blaster.close()
    return delays, missed


async def _hear(sock: Any, mark: str) -> float | None:
    try:
        async with asyncio.timeout(10):
            while True:
                message = await sock.recv()
                if mark in json.loads(message).get("html", "") or mark in message:
                    return time.time()
    except (TimeoutError, websockets.ConnectionClosed):
        return None
