from playwright.sync_api import expect

from bozhou_eco.accounts.models import Role
from tests import factories
from tests.browser.conftest import Opener, violations


def test_initials_lead_to_the_outlet_by_keyboard(visit: Opener) -> None:
    outlet = factories.outlet(factories.enterprise(name="云岭水泥"))
    page = visit("/", factories.user(Role.OFFICER))
    page.keyboard.press("Control+k")
    page.keyboard.type("ylsn")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/polluters/outlets/{outlet.pk}/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option")).to_contain_text("云岭水泥 · 总排口")


def test_nothing_found_says_so(visit: Opener) -> None:
    page = visit("/", factories.user(Role.OFFICER))
    page.keyboard.press("Control+k")
    page.keyboard.type("zzzzzz")
    expect(page.locator("dialog.pal [role=status]")).to_contain_text("没有找到")
