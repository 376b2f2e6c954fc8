"""An act that binds asks who is there; the page keeps what was filled in."""

import re

import pytest
from playwright.sync_api import expect

from bozhou_eco.accounts.models import Role
from tests import factories
from tests.browser.conftest import Opener, violations
from vehicles.models import Vehicle

PASSWORD = "a-long-test-password"


@pytest.fixture(autouse=True)
def _window(settings) -> None:
    settings.REAUTHENTICATE_SECONDS = 1800


def vehicle() -> Vehicle:
    return Vehicle.objects.create(
        plate="新E12345",
        plate_color="yellow",
        owner_name="欧阳明月",
    )


def test_a_fragment_keeps_its_page_and_asks_in_another_tab(visit: Opener) -> None:
    officer, found = factories.user(Role.OFFICER), vehicle()
    page = visit(f"/vehicles/files/{found.pk}/", officer)
    page.get_by_label("查看事由").fill("核对车主")
    page.get_by_role("button", name="查看", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="确认身份").click()
    tab = opened.value
    assert violations(tab) == []
    tab.get_by_label(re.compile("口令")).fill(PASSWORD)
    tab.get_by_role("button", name="确认身份并继续").click()
    expect(tab.get_by_role("heading", name="身份已确认")).to_be_visible()
    expect(page.get_by_label("查看事由")).to_have_value("核对车主")
    page.get_by_role("button", name="查看", exact=True).click()
    expect(page.get_by_text("欧阳明月")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_form_is_carried_through_the_question(visit: Opener, width: int) -> None:
    officer = factories.user(Role.OFFICER)
    vehicle()
    page = visit("/vehicles/watchlist/", officer, width=width)
    page.get_by_role("button", name="CSV", exact=True).click()
    expect(page.get_by_role("heading", name="确认身份")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    page.get_by_label(re.compile("口令")).fill(PASSWORD)
    with page.expect_download() as coming:
        page.get_by_role("button", name="确认身份并继续").click()
    assert coming.value.suggested_filename.endswith(".csv")
