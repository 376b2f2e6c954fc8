"""Pages of casework in a real browser: accessible, in their frame, printed on A4.

With ``BOZHOU_SHOTS`` set to a directory every page is also kept there as a picture.
"""

import os
import re
from pathlib import Path

from playwright.sync_api import Page

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.seed.people import seed_people
from enforcement import demo
from enforcement.models import Case, Transfer
from tests.browser.conftest import Opener, violations

PAGES = {
    "list": "/cases/",
    "filtered": "/cases/?scope=all&q=没有这样的词",
    "visiting": "/cases/{visiting}/",
    "fined": "/cases/{station}/",
    "lenient": "/cases/{lenient}/",
    "joint": "/cases/{joint}/",
    "act": "/cases/{visiting}/act/submit_findings/",
    "write": "/cases/{visiting}/write/site_record/",
    "new": "/cases/new/",
    "add_file": "/cases/{visiting}/files/add/",
    "joint_form": "/cases/{joint}/do/joint-transfer/",
    "checklist": "/cases/{checking}/do/checklist/",
    "discretion": "/cases/{notice}/do/discretion/",
    "figures": "/cases/figures/?from=2025-01-01&to=2025-12-31",
    "figure": "/cases/figures/exempted/?from=2025-01-01&to=2025-12-31",
    "inspections": "/cases/inspections/",
    "consistency": "/cases/figures/consistency/",
    "parcels": "/cases/exchange/",
    "calendar": "/cases/calendar/",
    "catalogue": "/cases/{station}/catalogue/",
    "revisions": "/cases/{visiting}/revisions/",
}
MAIN = ("list", "visiting", "fined", "figures", "new")
PARTS = {"parts": "/cases/parts/", "part": "/cases/parts/{part}/"}
FORMS = [(theme, width) for theme in ("light", "dark") for width in (1440, 390)]
OTHERS = (("light", 390), ("dark", 1440))
"""Forms of the pages that are not drawn in all four."""
SHOTS = os.environ.get("BOZHOU_SHOTS", "")


def fill() -> dict[str, int]:
    """Make the demo's cases; return their ids by story."""
    seed_people()
    demo.seed(now=clock.now(), scale=1)
    found = {}
    for pk, key in Case.objects.values_list("pk", "subject_key"):
        name = re.match(r"demo:(\w+)", key)
        if name:
            found[name[1]] = pk
    found["part"] = Transfer.objects.get(authority="traffic_police", joint=True).pk
    return found


def look(page: Page, name: str, theme: str, width: int) -> list[str]:
    """Return what is wrong with a page; keep a picture of it where asked."""
    if SHOTS:
        path = Path(SHOTS) / f"{name}-{theme}-{width}.png"
        page.screenshot(path=path, full_page=width < 900)
    wide = page.evaluate("document.documentElement.scrollWidth")
    told = [f"{name} {theme} {width}: {one}" for one in violations(page)]
    return [*told, *([f"{name} {width}: {wide} px wide"] if wide > width else [])]


def test_pages_are_accessible_and_in_their_frame(visit: Opener) -> None:
    ids = fill()
    leader = User.objects.get(username="leader")
    leader.roles = ["officer", "reviewer", "legal", "leader"]
    leader.save()
    police = User.objects.get(username="police")
    told: list[str] = []
    for theme, width in FORMS:
        for pages, user in ((PAGES, leader), (PARTS, police)):
            first = next(iter(pages.values()))
            page = visit(first, user, width=width, theme=theme)
            base = page.url.removesuffix(first)
            for name, path in pages.items():
                if name not in MAIN and (theme, width) not in OTHERS:
                    continue
                answer = page.goto(base + path.format(**ids))
                assert answer is not None
                assert answer.status == 200, (name, answer.status)
                told += look(page, name, theme, width)
            page.context.close()
    assert told == []
    for story in ("station", "lenient", "wastewater"):
        page = visit(f"/cases/{ids[story]}/", leader)
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        if SHOTS:
            (Path(SHOTS) / f"print-{story}.pdf").write_bytes(printed)
        count = len(re.findall(rb"/Type\s*/Page[^s]", printed))
        assert 1 <= count <= 3, (story, count)
