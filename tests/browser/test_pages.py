"""Every page in both themes and both sizes: accessible, in its frame, without errors."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from polluters.services import quarantine
from tests import factories
from tests.browser.conftest import Opener, violations
from tests.browser.test_live import alarm

FORMS = [(theme, width) for theme in ("light", "dark") for width in (1440, 390)]
PAGES = {
    "overview": "/",
    "wall": "/?wall=1",
    "outlets": "/polluters/",
    "outlets-filtered": "/polluters/?q=没有",
    "outlet": "/polluters/outlets/{outlet}/",
    "outlet-data": "/polluters/outlets/{outlet}/data/",
    "enterprise": "/polluters/enterprises/{firm}/",
    "curves": "/polluters/history/?outlet={outlet}&p={point}",
    "raw": "/polluters/points/{point}/raw/",
    "live-wall": "/polluters/live/",
    "statistics": "/polluters/statistics/",
    "video": "/polluters/video/",
    "air": "/polluters/air/",
    "air-import": "/polluters/air/import/",
    "quarantine": "/polluters/quarantine/",
    "quarantined": "/polluters/quarantine/{frame}/",
    "unmapped": "/polluters/unmapped/{unmapped}/",
    "mfa": "/accounts/2fa/",
    "sessions": "/accounts/sessions/",
    "password": "/accounts/password/change/",
    "missing": "/polluters/outlets/999999/",
}


def fill() -> dict[str, int]:
    now = clock.now()
    point = factories.point(high=100)
    logger = point.logger
    alarm(point.outlet)
    quarantine.keep(
        [
            quarantine.Refused(
                logger.mn,
                logger.mn,
                logger.pk,
                "crc_mismatch",
                "期望 3C00",
                b"##0001",
                now,
            )
        ]
    )
    quarantine.note_unmapped(
        logger_id=logger.pk,
        code="a05002",
        sample="Rtd=1.2",
        count=3,
        first=now - timedelta(hours=1),
        last=now,
    )
    return {
        "outlet": point.outlet_id,
        "point": point.pk,
        "firm": point.outlet.enterprise_id,
        "frame": logger.quarantinedframe_set.get().pk,
        "unmapped": logger.unmappedcode_set.get().pk,
    }


def overflow(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width


@pytest.mark.parametrize("name", PAGES)
def test_page(visit: Opener, name: str) -> None:
    path = PAGES[name].format(**fill())
    user = factories.user(Role.OFFICER)
    for theme, width in FORMS:
        page = visit(path, user, theme=theme, width=width)
        page.wait_for_timeout(300)
        assert violations(page) == [], f"{name} {theme} {width}"
        assert overflow(page) <= 0, f"{name} {theme} {width}"
        page.context.close()
    if name == "missing":
        visit.complaints.clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["overview", "outlets", "outlet", "quarantine"])
def test_nothing_sticks_out_at_360(visit: Opener, name: str) -> None:
    page = visit(PAGES[name].format(**fill()), factories.user(Role.OFFICER), width=360)
    assert overflow(page) <= 0


@pytest.mark.parametrize(("theme", "width"), FORMS)
def test_sign_in_page(visit: Opener, theme: str, width: int) -> None:
    page = visit("/accounts/login/", theme=theme, width=width)
    assert violations(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("name", ["overview", "outlets", "quarantine"])
def test_targets_on_the_phone_are_large_enough(visit: Opener, name: str) -> None:
    page = visit(PAGES[name].format(**fill()), factories.user(Role.OFFICER), width=390)
    small = page.evaluate(
        """() => [...document.querySelectorAll('.bt, .icob, .botnav a')]
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
