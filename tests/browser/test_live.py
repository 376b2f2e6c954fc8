from datetime import timedelta

from playwright.sync_api import Page, expect

from alerts.models import Alert
from alerts.services import raise_alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.push import publisher
from polluters.models import Outlet
from tests import factories
from tests.browser.conftest import Opener


def alarm(outlet: Outlet, text: str = "NOx 78.6 mg/m3，许可限值 50") -> Alert:
    now = clock.now()
    return raise_alert(
        key=f"exceedance-warning:{outlet.pk}",
        kind="exceedance",
        severity="critical",
        summary=text,
        explanation={"用词": "超标预警"},
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=outlet.enterprise.district,
        organisation=outlet.enterprise.organisation,
        evidence_url=f"/polluters/outlets/{outlet.pk}/",
        occurred_at=now - timedelta(seconds=5),
        now=now,
    ).alert


def connected(page: Page) -> None:
    expect(page.locator("#live-state")).to_have_attribute("data-state", "open")


def test_alert_reaches_the_rail_without_a_reload(visit: Opener) -> None:
    outlet = factories.outlet()
    page = visit("/", factories.user(Role.OFFICER))
    connected(page)
    expect(page.locator("#rail-empty")).to_be_visible()
    page.evaluate("window.stayed = true")
    alarm(outlet)
    row = page.locator("#rail-list [data-item]")
    expect(row).to_contain_text("NOx 78.6 mg/m3")
    expect(page.locator("#rail-waiting")).to_have_text("1 条未确认")
    assert page.evaluate("window.stayed") is True


def test_rail_waits_while_somebody_reads_it(visit: Opener) -> None:
    page = visit("/", factories.user(Role.OFFICER))
    connected(page)
    page.locator("#rail").hover()
    alarm(factories.outlet())
    button = page.locator("#rail-new")
    expect(button).to_have_text("1 条新预警")
    assert page.locator("#rail-list [data-item]").count() == 0
    button.click()
    expect(page.locator("#rail-list [data-item]")).to_have_count(1)


def test_acknowledge_by_key_and_undo(visit: Opener) -> None:
    user = factories.user(Role.OFFICER)
    alert = alarm(factories.outlet())
    page = visit("/", user)
    connected(page)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator(".toast2")).to_contain_text("已确认")
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("acked", user)
    page.keyboard.press("z")
    expect(page.locator(".toast2")).to_have_text("已撤销")
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("unack", None)


def test_other_district_hears_nothing(visit: Opener) -> None:
    away = factories.department(factories.district("652723", "温泉县"))
    page = visit("/", factories.user(Role.OFFICER, organisation=away))
    connected(page)
    alarm(factories.outlet())
    page.wait_for_timeout(1500)
    assert page.locator("#rail-list [data-item]").count() == 0


def test_outlet_cell_follows_pushed_values(visit: Opener) -> None:
    point = factories.point(high=100)
    outlet = point.outlet
    page = visit(f"/polluters/outlets/{outlet.pk}/", factories.user(Role.OFFICER))
    connected(page)
    cell = page.locator(f"#outlet-live [data-point='{point.pk}']")
    expect(cell.locator("[data-over]")).to_be_hidden()
    message = {
        "type": "live.values",
        "outlet": outlet.pk,
        "values": [
            {
                "point": point.pk,
                "period": 0,
                "time": clock.now().isoformat(),
                "value": 157.0,
                "converted": None,
                "flag": "N",
            }
        ],
    }
    publisher.publish(f"outlet.{outlet.pk}", message)
    expect(cell.locator("[data-value]")).to_have_text("157")
    expect(cell.locator("[data-share]")).to_have_text("157% 限值")
    expect(cell.locator("[data-over]")).to_be_visible()


def test_theme_is_kept(visit: Opener) -> None:
    page = visit("/", factories.user(Role.OFFICER))
    page.get_by_role("button", name="切换深浅色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
