"""A site visit on a phone that loses its signal and then its battery: nothing is lost."""

import io
import time
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.seed import visits
from bozhou_eco.seed.people import seed_people
from enforcement.models import Inspection, SiteVisit, VisitPhoto, VisitSync
from tests import factories
from tests.browser.conftest import Opener, session_cookie, violations

LONG_MS = 30_000
NOISE = ("ERR_INTERNET_DISCONNECTED", "WebSocket", "ERR_NETWORK")


def made() -> SiteVisit:
    """Make the demo's first visit: approved, of officer and officer2."""
    seed_people()
    for _ in range(2):
        factories.point(factories.logger(factories.outlet()), high=100)
    visits.seed(now=clock.now() + timedelta(minutes=1))
    return SiteVisit.objects.get()


def quiet(visit: Opener) -> None:
    """Forget what the browser says of the missing network itself."""
    visit.complaints[:] = [  # type: ignore[attr-defined]
        text
        for text in visit.complaints  # type: ignore[attr-defined]
        if not any(word in text for word in NOISE)
    ]


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    return out.getvalue()


def answer_all(page: Page) -> None:
    for row in page.locator("#vs-body [data-item]").all():
        yes, site = row.locator("[data-answer=yes]"), row.locator("[data-site]")
        if yes.count():
            yes.click()
            expect(yes).to_have_attribute("aria-pressed", "true")
        elif site.count():
            site.fill("77.9")
            site.blur()


def sign(page: Page, role: str, name: str) -> None:
    page.locator(f"[data-sign={role}] button").click()
    page.locator("#vs-sign-name").fill(name)
    pad = page.locator("#vs-pad").bounding_box()
    assert pad is not None
    page.mouse.move(pad["x"] + 20, pad["y"] + 20)
    page.mouse.down()
    page.mouse.move(pad["x"] + 120, pad["y"] + 60, steps=4)
    page.mouse.up()
    page.locator("#vs-sign-save").click()
    expect(page.locator(f"[data-sign={role}] .vs-signed")).to_contain_text(name)


def conclude(page: Page) -> None:
    page.locator("[data-field=conclusion]").fill("氨水泵停运，旁路阀开启")
    page.locator("[data-field=statement]").fill("17 日起未运行")
    page.locator("[data-field=statement]").blur()
    page.locator("[data-field=found][value=true]").check()


def kept(page: Page) -> dict[str, int]:
    """Return how many fields and photos wait on the phone for this person."""
    found: dict[str, int] = page.evaluate(
        """async () => ({
            fields: (await window.bz.drafts("visits").all())
                .reduce((sum, row) => sum + Object.keys(row.own).length, 0),
            photos: (await window.bz.drafts("photos").all()).length,
        })"""
    )
    return found


def wait_for(page: Page, wanted: dict[str, int]) -> None:
    """Wait until so much waits on the phone, no less and no more."""
    deadline = time.monotonic() + LONG_MS / 1000
    while kept(page) != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert kept(page) == wanted


def sign_in_anew(context: BrowserContext, username: str, address: str) -> None:
    """Give the phone another session and no CSRF token, as after a new sign-in."""
    context.clear_cookies()
    user = User.objects.get(username=username)
    context.add_cookies([session_cookie(user, address)])  # type: ignore[list-item]


def finish_button(page: Page) -> Locator:
    return page.get_by_role("button", name="下一项 / 完成")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_on_the_phone(visit: Opener, theme: str) -> None:
    row = made()
    officer = User.objects.get(username="officer")
    for path in (f"/visits/{row.pk}/", "/visits/"):
        page = visit(path, officer, width=390, theme=theme)
        expect(page.locator("main h1, main h2").first).to_be_visible()
        assert violations(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        page.context.close()


def test_signal_and_battery_are_lost_in_the_middle_and_nothing_else(
    visit: Opener, address: str
) -> None:
    row = made()
    page = visit(f"/visits/{row.pk}/", User.objects.get(username="officer"), width=390)
    page.get_by_role("button", name="登记到达").click()
    expect(finish_button(page)).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#vs-net")).to_be_hidden(timeout=LONG_MS)
    row.refresh_from_db()
    assert row.state == "started"

    context = page.context
    context.set_offline(True)
    expect(page.locator("#vs-net")).to_contain_text("离线")
    answer_all(page)
    page.locator("#vs-shot-any").set_input_files(
        {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    )
    conclude(page)
    sign(page, "officer1", "巴特尔")
    sign(page, "officer2", "王雪梅")
    sign(page, "party", "赵某")
    items = page.locator("#vs-body [data-item]:not([data-item=scene])").count()
    wanted = {"fields": items + 3 + 3, "photos": 1 + 3}
    wait_for(page, wanted)
    assert not VisitPhoto.objects.exists()
    page.close()  # the battery is empty
    sent = VisitSync.objects.count()

    sign_in_anew(context, "officer2", address)
    context.set_offline(False)
    other = context.new_page()
    other.goto(f"{address}/visits/{row.pk}/")
    expect(finish_button(other)).to_be_visible(timeout=LONG_MS)
    statement = other.get_by_role("textbox", name="当事人陈述")
    with other.expect_response("**/sync/", timeout=LONG_MS) as answer:
        statement.fill("无")
        statement.blur()
    assert answer.value.status == 200
    wait_for(other, {"fields": 0, "photos": 0})  # sees none of the first one's drafts
    other.close()
    assert VisitSync.objects.count() == sent + 1

    sign_in_anew(context, "officer", address)
    again = context.new_page()
    again.goto(f"{address}/visits/{row.pk}/")
    wait_for(again, {"fields": 1, "photos": 0})  # all but what both have written
    conflict = again.locator("[data-conflict=statement] .vs-conflict")
    expect(conflict).to_contain_text("王雪梅 已填写“无”，您填写“17 日起未运行”")
    assert violations(again) == []
    conflict.get_by_role("button", name="用我的").click()
    wait_for(again, {"fields": 0, "photos": 0})
    finish_button(again).click()
    expect(again.locator("#vs-done")).to_be_visible(timeout=LONG_MS)
    quiet(visit)

    row.refresh_from_db()
    assert row.state == "done"
    assert "17 日起未运行" in str(row.statements)
    assert [one["name"] for one in row.signatures] == ["巴特尔", "王雪梅", "赵某"]
    assert {photo.code for photo in VisitPhoto.objects.filter(file__isnull=False)} == {
        "scene", "sign:officer1", "sign:officer2", "sign:party",
    }  # fmt: skip
    assert Inspection.objects.get(visit=row).found
