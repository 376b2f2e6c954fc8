"""Every page of the site as each role, then fifty people at once, then a browser.

One web process answers the pages one by one; two, as deployed, answer the fifty. The
data are a working bureau's (``bench.town``). The table of all pages goes to
``var/bench/pages.txt``.
"""

import gzip
import os
import random
import re
import shutil
import sys
import threading
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from bench import addresses, town
from bench.addresses import Found
from bench.figures import Figure, figure, median, percentile
from bench.services import VAR, Bed, bed, setup_django
from bench.visitor import Visitor

WEB, PEOPLE = 2, 50
BOUND_MS, MORE = 150, 20
SEED = 20261127
VIEWERS = {
    "officer": "officer", "reviewer": "reviewer", "legal": "legal", "leader": "leader",
    "enterprise": town.PARTIES[0], "station": town.PARTIES[1], "partner": "police",
    "admin": "admin", "auditor": "auditor",
}  # fmt: skip
QUICK_VIEWERS = ("officer", "enterprise", "station", "partner", "admin", "auditor")
# Who the fifty are, and how often they open what.
CROWD = {
    "officer": 22, "reviewer": 8, "legal": 3, "leader": 7, "enterprise": 6, "station": 4,
}  # fmt: skip
COMMON = {
    "overview:home": 4, "overview:parts": 4, "overview:search": 1, "overview:figures": 1,
    "alerts:list": 5, "alerts:rows": 5, "alerts:detail": 3,
    "polluters:enterprises": 3, "polluters:enterprise": 1, "polluters:outlet": 4,
    "polluters:cells": 3, "polluters:curves": 2, "polluters:exceedances": 2,
    "vehicles:review": 2, "vehicles:captures": 1, "vehicles:capture": 1,
    "vehicles:stations": 2, "vehicles:station": 1, "vehicles:inspection": 2,
    "vehicles:files": 2, "vehicles:file": 2,
    "enforcement:cases": 4, "enforcement:case": 4, "enforcement:parts": 1,
}  # fmt: skip
SCRIPT = re.compile(r'<script[^>]+src="([^"]+)"')
CHARTS = "uplot"
DOCS = "/api/docs/"
PAINT = """() => new Promise(done => {
    const look = () => {
        const entry = performance.getEntriesByName('first-contentful-paint')[0];
        entry ? done(entry.startTime) : setTimeout(look, 20);
    };
    look();
})"""
Times = dict[tuple[str, str], list[tuple[float, str]]]


def run(quick: bool = False) -> list[Figure]:
    """Measure; a quick run has less data, fewer rounds and one role of the bureau."""
    name, asked, seconds = ("pages-quick", 5, 10) if quick else ("pages", 20, 45)
    size = town.Size(7, 6_000) if quick else town.Size(90, 74_300)
    viewers = QUICK_VIEWERS if quick else tuple(VIEWERS)
    town.discard_stale(name, size)
    with bed(name, options=town.LOADING) as running:
        setup_django(running)
        made = town.prepare(running, size)
        ports = _serve(running, made)
        found = {role: _find(role, ports[0]) for role in viewers}
        times, faults = _measure(found, ports[0], asked)
        for port in ports:
            _warm(found["officer"], port)
        spent = _cpu_s(running)
        crowd, failed = _crowd(found, ports, seconds)
        spent = _cpu_s(running) - spent
        weights = _scripts(found, ports[0])
        paint = _paint(ports[0], 3 if quick else 7)
    faults += [fault for one in found.values() for fault in one.faults]
    _report(times, found, weights, faults + failed)
    slow = {key: percentile(_ms(taken), 95) for key, taken in times.items()}
    role, page = max(slow, key=lambda key: slow[key])
    return [
        figure("worst_p95_ms", slow[role, page], "ms", f"<={BOUND_MS}"),
        figure("worst_page", f"{page} as {role}"),
        figure("pages_over_150_ms", sum(value > BOUND_MS for value in slow.values())),
        figure("median_p95_ms", median(list(slow.values())), "ms"),
        figure("pages_of_roles", len(slow), "pages"),
        figure("unopened", sum(len(one.unopened) for one in found.values()), "pages"),
        figure("p95_at_50_users_ms", percentile(crowd, 95), "ms", "<=600"),
        figure("p50_at_50_users_ms", median(crowd), "ms"),
        figure("web_cpu_ms_a_request", 1000 * spent / len(crowd), "ms"),
        figure("requests_per_s_at_50_users", len(crowd) / seconds, "req/s"),
        figure("errors", len(faults) + len(failed), "answers", "=0"),
        figure("js_kb_gz", _heaviest(weights, docs=False), "KiB", "<=400"),
        figure("api_docs_js_kb_gz", _heaviest(weights, docs=True), "KiB"),
        figure("first_contentful_paint_ms", paint, "ms", "<=1000"),
    ]


def _ms(taken: list[tuple[float, str]]) -> list[float]:
    return [ms for ms, _ in taken]


def _serve(running: Bed, made: datetime) -> list[int]:
    """Start the web processes with their clock at the moment the data were made."""
    running.variables["BENCH_CLOCK_BACK"] = str(time.time() - made.timestamp())
    return running.serve(WEB, "bench.turned:application", pages=True)


def _cpu_s(running: Bed) -> float:
    """Return the processor time of the web processes: other work does not lengthen it."""
    spent = (psutil.Process(web.pid).cpu_times() for web in running.started)
    return sum(times.user + times.system for times in spent)


def _cookie(role: str) -> str:
    from bozhou_eco.accounts.models import User  # noqa: PLC0415
    from bozhou_eco.overview.management.commands.check_demo import (  # noqa: PLC0415
        open_session,
    )

    return open_session(User.objects.get(username=VIEWERS[role]))


def _find(role: str, port: int) -> Found:
    from bozhou_eco.accounts.models import User  # noqa: PLC0415

    user = User.objects.select_related("organisation").get(username=VIEWERS[role])
    with Visitor(port, _cookie(role)) as visitor:
        return addresses.find(user, role, visitor)


def _measure(found: dict[str, Found], port: int, asked: int) -> tuple[Times, list[str]]:
    """Return the ms of every page of every role, and what did not answer with 200.

    Finding the pages opened each of their addresses once: the process is warm. A page
    over the bound is asked more often, so that one hiccup among few does not decide.
    """
    times: Times = defaultdict(list)
    faults: list[str] = []
    for role, one in found.items():
        with Visitor(port, _cookie(role)) as visitor:
            for name, paths in one.paths.items():
                taken = times[role, name]
                _ask(visitor, paths, asked, taken, faults)
                if percentile(_ms(taken), 95) > BOUND_MS:
                    _ask(visitor, paths, MORE, taken, faults)
    return times, faults


def _ask(
    visitor: Visitor,
    paths: list[str],
    asked: int,
    taken: list[tuple[float, str]],
    faults: list[str],
) -> None:
    for turn in range(asked):
        path = paths[turn % len(paths)]
        answer = visitor.get(path)
        taken.append((answer.ms, path))
        if answer.status != 200:
            faults.append(f"{path}: {answer.status}")


class _Crowd:
    """Fifty people who each open a page, read for about a second, open the next."""

    def __init__(self, found: dict[str, Found], ports: list[int], until: float) -> None:
        self.found, self.ports, self.until = found, ports, until
        self.taken: list[float] = []
        self.faults: list[str] = []

    def live(self, number: int, role: str, cookie: str) -> None:
        """Be one of them."""
        rng = random.Random(SEED + number)
        paths = self.found[role].paths
        names = [name for name in COMMON if name in paths]
        weights = [COMMON[name] for name in names]
        time.sleep(rng.random())
        with Visitor(self.ports[number % len(self.ports)], cookie) as visitor:
            while time.monotonic() < self.until:
                path = rng.choice(paths[rng.choices(names, weights)[0]])
                answer = visitor.get(path)
                self.taken.append(answer.ms)
                if answer.status != 200:
                    self.faults.append(f"at 50: {role} {path}: {answer.status}")
                time.sleep(rng.uniform(0.5, 1.5))


def _crowd(
    found: dict[str, Found], ports: list[int], seconds: float
) -> tuple[list[float], list[str]]:
    roles = [role for role, count in CROWD.items() for _ in range(count)]
    present = [role if role in found else "officer" for role in roles][:PEOPLE]
    cookies = [_cookie(role) for role in present]
    crowd = _Crowd(found, ports, time.monotonic() + seconds)
    threads = [
        threading.Thread(target=crowd.live, args=(number, role, cookies[number]))
        for number, role in enumerate(present)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return crowd.taken, crowd.faults


def _warm(one: Found, port: int) -> None:
    """Open the common pages once: a process that has served nothing is none deployed."""
    with Visitor(port, _cookie("officer")) as visitor:
        for name in COMMON:
            for path in one.paths.get(name, [])[:1]:
                visitor.get(path)


def _scripts(found: dict[str, Found], port: int) -> dict[str, int]:
    """Return by page the bytes of its scripts after gzip, pages with charts left out."""
    sizes: dict[str, int] = {}
    weights: dict[str, int] = {}
    with Visitor(port) as visitor:
        for one in found.values():
            for path, body in one.bodies.items():
                scripts = set(SCRIPT.findall(body))
                if any(CHARTS in script for script in scripts):
                    continue
                for script in scripts - sizes.keys():
                    sizes[script] = len(gzip.compress(visitor.get(script).body, 6))
                weights[path] = sum(sizes[script] for script in scripts)
    return weights


def _heaviest(weights: dict[str, int], *, docs: bool) -> float:
    """Return KiB; the API's own documentation is a program for programmers, told apart."""
    return max(
        (size / 1024 for path, size in weights.items() if (path == DOCS) is docs),
        default=0.0,
    )


def _paint(port: int, visits: int) -> float | None:
    """Return the median over first visits to the overview, None without Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    cookie = _cookie("officer")  # before the event loop of Playwright
    address = f"http://localhost:{port}"
    painted = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(visits):
            context: Any = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies(
                [{"name": "sessionid", "value": cookie, "url": address}]
            )
            page = context.new_page()
            page.goto(address + "/")
            painted.append(float(page.evaluate(PAINT)))
            context.close()
        browser.close()
    return median(painted)


def _report(
    times: Times, found: dict[str, Found], weights: dict[str, int], faults: list[str]
) -> None:
    """Write every page of every role, the slowest first, and what went wrong."""
    lines = [f"{'p95 ms':>8} {'p50 ms':>8}  {'role':<11} {'page':<36} slowest address"]
    rows = sorted(times.items(), key=lambda entry: -percentile(_ms(entry[1]), 95))
    for (role, name), taken in rows:
        p95, p50 = percentile(_ms(taken), 95), median(_ms(taken))
        slowest = max(taken)[1]
        lines.append(f"{p95:8.1f} {p50:8.1f}  {role:<11} {name:<36} {slowest}")
    for role, one in found.items():
        lines += [f"not opened: {role} {k} ({v})" for k, v in one.unopened.items()]
    lines += [f"fault: {fault}" for fault in faults]
    heavy = sorted(weights.items(), key=lambda entry: -entry[1])[:5]
    lines += [f"scripts: {size / 1024:.0f} KiB gz {path}" for path, size in heavy]
    text = "\n".join(lines) + "\n"
    target = VAR / "pages.txt"
    target.write_text(text)
    shown = Path(os.path.relpath(target))
    sys.stderr.write("\n".join([*lines[:25], *lines[1 + len(rows) :], f"→ {shown}\n"]))
