"""What goes wrong in people's hands: each has an answer, and nothing filled in is lost."""

import os
import re
from typing import Any

from playwright.sync_api import Page, expect

from bozhou_eco.accounts.models import Role, User
from enforcement.models import Case, VisitPhoto
from tests import factories
from tests.browser.conftest import Opener, session_cookie
from tests.browser.test_visit import LONG_MS, finish_button, made, quiet, wait_for

NEW = "/cases/new/"
CASE = re.compile(r"/cases/\d+/$")
SUMMARY = "夜间有异味，疑似停用治理设施"
# The page's own clock, a day ahead of the server's.
A_DAY_AHEAD = """(() => {
    const Real = Date, ahead = 86400000;
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + ahead); }
        static now() { return Real.now() + ahead; }
    };
})()"""


def write(page: Page) -> None:
    page.locator("[name=title]").fill("群众来电")
    page.locator("[name=kind]").select_option(index=1)
    page.locator("[name=source]").select_option(index=1)
    page.locator("[name=subject_name]").fill("云岭水泥")
    page.locator("[name=district][value='652722']").check()
    page.locator("[name=summary]").fill(SUMMARY)


def send(page: Page) -> None:
    page.get_by_role("button", name="登记", exact=True).click()


def sign_in(page: Page, user: User, address: str) -> None:
    page.context.clear_cookies()
    cookie: Any = session_cookie(user, address)
    page.context.add_cookies([cookie])


def test_a_session_that_ends_in_a_long_form_loses_nothing(
    visit: Opener, address: str
) -> None:
    officer, _ = factories.user(Role.OFFICER), factories.district()
    page = visit(NEW, officer)
    write(page)
    page.context.clear_cookies(name="sessionid")
    send(page)
    page.wait_for_url("**/accounts/login/**", timeout=LONG_MS)
    assert Case.objects.count() == 0
    sign_in(page, officer, address)
    page.goto(address + NEW)
    expect(page.locator("form [role=status]")).to_contain_text("已恢复上次未提交的内容")
    expect(page.locator("[name=summary]")).to_have_value(SUMMARY)
    expect(page.locator("[name=district][value='652722']")).to_be_checked()
    send(page)
    page.wait_for_url(CASE, timeout=LONG_MS)
    assert Case.objects.get().summary == SUMMARY
    page.goto(address + NEW)  # what was taken does not come back
    expect(page.locator("[name=summary]")).to_have_value("")


def test_another_person_on_the_same_computer_sees_no_draft(
    visit: Opener, address: str
) -> None:
    factories.district()
    page = visit(NEW, factories.user(Role.OFFICER))
    write(page)
    sign_in(page, factories.user(Role.OFFICER), address)
    page.goto(address + NEW)
    expect(page.locator("[name=summary]")).to_have_value("")


def test_what_is_refused_stays_in_the_form(visit: Opener) -> None:
    factories.district()
    page = visit(NEW, factories.user(Role.OFFICER))
    write(page)
    page.locator("[name=subject_name]").fill("")
    page.locator("form[data-draft]").evaluate("form => { form.noValidate = true; }")
    send(page)
    expect(page.locator("main [role=alert]").first).to_be_visible(timeout=LONG_MS)
    expect(page.locator("[name=summary]")).to_have_value(SUMMARY)
    assert Case.objects.count() == 0
    visit.complaints[:] = [  # type: ignore[attr-defined]
        text
        for text in visit.complaints  # type: ignore[attr-defined]
        if "422" not in text
    ]


def test_a_double_click_and_the_back_button_make_one_case(visit: Opener) -> None:
    factories.district()
    page = visit(NEW, factories.user(Role.OFFICER))
    write(page)
    page.get_by_role("button", name="登记", exact=True).dblclick()
    page.wait_for_url(CASE, timeout=LONG_MS)
    assert Case.objects.count() == 1
    page.go_back()
    page.wait_for_url(f"**{NEW}", timeout=LONG_MS)
    page.reload()  # the form is a new one: empty, not the last one's
    expect(page.locator("[name=summary]")).to_have_value("")
    assert Case.objects.count() == 1


def test_the_second_of_two_tabs_is_told_and_keeps_its_words(
    visit: Opener, address: str
) -> None:
    factories.district()
    page = visit(NEW, factories.user(Role.OFFICER))
    write(page)
    send(page)
    page.wait_for_url(CASE, timeout=LONG_MS)
    act = f"{address}/cases/{Case.objects.get().pk}/act/take_up/"
    page.goto(act)
    second = page.context.new_page()
    second.goto(act)
    second.locator("textarea").first.fill("乙页写的意见")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(CASE, timeout=LONG_MS)
    second.locator("main form button[type=submit]").click()
    expect(second.locator("main [role=alert]").first).to_be_visible(timeout=LONG_MS)
    assert Case.objects.get().steps.filter(action="take_up").count() == 1


def test_an_upload_cut_at_its_last_piece_is_resumed(visit: Opener) -> None:
    row = made()
    officer = User.objects.get(username="officer")
    page = visit(f"/visits/{row.pk}/", officer, width=390)
    page.get_by_role("button", name="登记到达").click()
    expect(finish_button(page)).to_be_visible(timeout=LONG_MS)
    cut: list[str] = []

    def last_piece(route: Any) -> None:
        start = int(route.request.url.rsplit("start=", 1)[1])
        if start > 1_000_000 and not cut:
            cut.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/photos/?id=*", last_piece)
    picture = b"\xff\xd8\xff\xe0" + os.urandom(1_060_000)
    page.locator("#vs-shot-any").set_input_files(
        {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": picture}
    )
    for _ in range(300):
        if cut:
            break
        page.wait_for_timeout(100)
    assert cut
    held = VisitPhoto.objects.get()
    assert (held.received, held.file_id) == (2 * 512 * 1024, None)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    wait_for(page, {"fields": 0, "photos": 0})
    held.refresh_from_db()
    assert held.file is not None
    assert held.file.sealed.size == len(picture)
    lost = "ERR_CONNECTION_RESET"
    visit.complaints[:] = [  # type: ignore[attr-defined]
        text
        for text in visit.complaints  # type: ignore[attr-defined]
        if lost not in text
    ]


def test_a_phone_clock_wrong_by_a_day_is_said_and_corrected(visit: Opener) -> None:
    row = made()
    officer = User.objects.get(username="officer")
    page = visit("/offline/", officer, width=390)
    page.context.add_init_script(A_DAY_AHEAD)
    page.goto(page.url.replace("/offline/", f"/visits/{row.pk}/"))
    page.get_by_role("button", name="登记到达").click()
    expect(page.locator("#vs-clock")).to_contain_text(
        "时间已按平台校正", timeout=LONG_MS
    )
    expect(page.locator("#vs-clock")).to_contain_text("1440 分钟")
    row.refresh_from_db()
    assert row.arrived_at is not None
    assert abs((row.arrived_at - row.case.opened_at).total_seconds()) < 6 * 3600
    quiet(visit)


def test_a_refused_place_stops_nobody(visit: Opener) -> None:
    row = made()
    page = visit(f"/visits/{row.pk}/", User.objects.get(username="officer"), width=390)
    expect(page.locator("#vs-place")).to_contain_text("可继续填写", timeout=LONG_MS)
    page.get_by_role("button", name="登记到达").click()
    expect(finish_button(page)).to_be_visible(timeout=LONG_MS)
    expect(page.locator("#vs-net")).to_be_hidden(timeout=LONG_MS)
    row.refresh_from_db()
    assert (row.state, row.latitude) == ("started", None)
