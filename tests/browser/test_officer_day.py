"""A day at the desk: from an alert to a closed case, captures by keyboard, own menus."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from bozhou_eco.overview.navigation import MENU, address
from enforcement.models import Case
from tests import factories
from tests.browser.conftest import Opener, violations
from tests.browser.test_live import alarm, connected
from tests.vehicles import capture_factories as make
from vehicles.models import Review

LONG_MS = 30_000


def test_from_an_alert_to_a_closed_case(visit: Opener) -> None:
    officer = factories.user(Role.OFFICER)
    page = visit("/", officer)
    connected(page)
    alert = alarm(factories.outlet())  # while the page is open
    row = page.locator("#rail-list [data-item]")
    expect(row).to_contain_text("NOx 78.6 mg/m3", timeout=LONG_MS)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator(".toast2")).to_contain_text("已确认", timeout=LONG_MS)
    row.get_by_role("link").click()
    page.get_by_role("button", name="转为线索").click()
    page.wait_for_url("**/cases/*/", timeout=LONG_MS)
    moves = page.locator("#moves")
    moves.get_by_role("link").first.click()
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/cases/*/", timeout=LONG_MS)
    case = Case.objects.get()
    assert case.state == "checking"
    page.goto(f"{page.url.split('/cases/')[0]}/cases/{case.pk}/act/end_online/")
    page.locator("select[name=reason]").select_option("equipment")
    page.locator("textarea[name=note]").fill("采样泵故障，已约维修")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("线上办结", timeout=LONG_MS)
    case.refresh_from_db()
    alert.refresh_from_db()
    assert (case.state, case.outcome) == ("ended", "false_alarm")
    assert (alert.state, alert.outcome) == ("closed", "device_fault")


def test_captures_are_reviewed_by_keyboard_alone(visit: Opener) -> None:
    at = clock.now() - timedelta(hours=1)
    of = make.camera()
    first = make.capture(of, at=at)
    second = make.capture(of, at=at - timedelta(minutes=30))
    reviewer = factories.user(Role.REVIEWER)
    page = visit(f"/vehicles/review/?capture={first.pk}", reviewer)
    sure = page.get_by_role("button", name="确认黑烟")
    expect(page.locator(f"#panel [data-capture='{first.pk}']")).to_be_visible()
    expect(sure).to_be_disabled()
    assert violations(page) == []
    for seen in (1, 2, 3):
        page.keyboard.press("f")
        expect(page.locator("[data-frame][data-seen]")).to_have_count(seen)
    page.keyboard.press("v")
    expect(page.locator("[data-clip][data-seen]")).to_have_count(1, timeout=LONG_MS)
    page.keyboard.press("2")
    expect(page.locator("[data-level='2']")).to_have_attribute("aria-checked", "true")
    expect(sure).to_be_enabled()
    page.keyboard.press("a")
    expect(page.locator(f"#panel [data-capture='{second.pk}']")).to_be_visible(
        timeout=LONG_MS
    )
    given = Review.objects.get()
    assert (given.capture, given.reviewer, given.verdict, given.level) == (
        first, reviewer, "smoke", 2,
    )  # fmt: skip
    page.keyboard.press("z")
    expect(page.locator(f"#panel [data-capture='{first.pk}']")).to_be_visible(
        timeout=LONG_MS
    )
    given.refresh_from_db()
    assert given.undone_at is not None


def person(role: Role) -> User:
    if role == Role.ENTERPRISE:
        return factories.user(role, organisation=factories.enterprise().organisation)
    return factories.user(role)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_each_role_sees_its_own_menu_and_no_other(visit: Opener, role: Role) -> None:
    page = visit("/help/", person(role))
    shown = {
        link.get_attribute("href")
        for link in page.get_by_role("navigation", name="主导航")
        .get_by_role("link")
        .all()
    }
    own = {
        address(entry.name)
        for _, entries in MENU
        for entry in entries
        if role in entry.roles
    }
    assert shown == own
