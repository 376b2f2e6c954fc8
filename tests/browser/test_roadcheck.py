"""A roadside check on a phone that loses its signal; the pages of vehicles for everyone."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from tests import factories
from tests.browser.conftest import Opener, violations
from tests.house.test_query_counts import fill_vehicles
from vehicles.models import RoadCampaign, RoadCheck, VehicleImport, WatchEntry

FORMS = [(theme, width) for theme in ("light", "dark") for width in (1440, 390)]
LONG_MS = 30_000
# Whether the page lies on the phone, within half a minute.
KEPT = """async path => {
    for (let turn = 0; turn < 300; turn++) {
        if (await (await caches.open("pages-1")).match(path)) return true;
        await new Promise(done => setTimeout(done, 100));
    }
    return false;
}"""
PAGES = {
    "files": "/vehicles/files/?q=新E00001",
    "files-filtered": "/vehicles/files/?q=没有",
    "file": "/vehicles/files/{vehicle}/",
    "import": "/vehicles/files/import/",
    "import-result": "/vehicles/files/import/{done}/",
    "watchlist": "/vehicles/watchlist/",
    "watch-entry": "/vehicles/watchlist/{entry}/",
    "watch-add": "/vehicles/watchlist/add/",
    "roadchecks": "/vehicles/roadchecks/",
    "campaign": "/vehicles/roadchecks/{campaign}/",
    "campaign-new": "/vehicles/roadchecks/new/",
    "record": "/vehicles/roadchecks/{campaign}/record/",
    "roadcheck": "/vehicles/roadchecks/checks/{check}/",
    "loops": "/vehicles/loops/",
    "repairs": "/vehicles/repairs/",
    "repair-add": "/vehicles/repairs/add/",
    "fleet": "/vehicles/fleet/",
    "exchange": "/vehicles/exchange/",
    "figures": "/figures/",
    "figure": "/figures/checked/",
}


def fill() -> dict[str, object]:
    ids: dict[str, object] = dict(fill_vehicles(2))
    done = VehicleImport.objects.create(
        name="登记清单.xlsx",
        sha256="0" * 64,
        at=clock.now(),
        actor=factories.user(Role.OFFICER),
        dry_run=True,
        rows=2,
        refused=1,
        errors=[{"row": 3, "plate": "新E1", "texts": ["号牌号码：不足 6 位"]}],
    )
    return ids | {
        "done": done.pk,
        "entry": WatchEntry.objects.first().pk,
        "check": RoadCheck.objects.first().pk,
    }


@pytest.mark.parametrize(("theme", "width"), FORMS)
def test_pages_are_accessible_and_stay_in_their_frame(
    visit: Opener, theme: str, width: int
) -> None:
    ids, officer = fill(), factories.user(Role.OFFICER)
    found: dict[str, object] = {}
    page = visit("/vehicles/files/", officer, width=width, theme=theme)
    for name, path in PAGES.items():
        page.goto(
            page.url.split("/vehicles/")[0].split("/figures/")[0] + path.format(**ids)
        )
        page.wait_for_load_state("domcontentloaded")
        wrong = violations(page)
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wrong or over > 0:
            found[name] = (wrong, over)
    assert found == {}


def record_one(page: Page, plate: str, k: str) -> None:
    page.get_by_label("号牌号码").fill(plate)
    page.get_by_label("光吸收系数 k（m⁻¹）").fill(k)
    page.get_by_role("button", name="保存并下一辆").click()


def test_checks_made_without_signal_arrive_once(visit: Opener) -> None:
    officer = factories.user(Role.OFFICER)
    road = RoadCampaign.objects.create(
        name="联合路检",
        place="G30",
        district=factories.district(),
        begins_at=clock.now() - timedelta(hours=1),
    )
    page = visit(f"/vehicles/roadchecks/{road.pk}/record/", officer, width=390)
    expect(page.locator("#rc-net")).to_have_text("已连接")
    page.context.set_offline(True)
    expect(page.locator("#rc-net")).to_contain_text("离线")
    record_one(page, "新E12345", "0.60")
    expect(page.locator("#rc-count")).to_have_text("1 条")
    record_one(page, "新E12346", "2.80")
    expect(page.locator("#rc-count")).to_have_text("2 条")
    record_one(page, "新E1", "0.60")
    expect(page.locator("#rc-error")).to_contain_text("号牌")
    assert RoadCheck.objects.count() == 0
    page.context.set_offline(False)
    expect(page.locator("#rc-count")).to_have_text("0 条")
    expect(page.locator("#rc-recent")).to_contain_text("新E12346")
    found = {check.vehicle.plate: check.verdict for check in RoadCheck.objects.all()}
    assert found == {"新E12345": "pass", "新E12346": "fail"}
    lost = ("ERR_INTERNET_DISCONNECTED", "WebSocket")
    visit.complaints[:] = [  # type: ignore[attr-defined]
        text
        for text in visit.complaints  # type: ignore[attr-defined]
        if not any(word in text for word in lost)
    ]


def test_the_page_opens_without_signal_and_what_it_takes_arrives(
    visit: Opener,
) -> None:
    officer = factories.user(Role.OFFICER)
    road = RoadCampaign.objects.create(
        name="联合路检",
        place="G30",
        district=factories.district(),
        begins_at=clock.now() - timedelta(hours=1),
    )
    path = f"/vehicles/roadchecks/{road.pk}/record/"
    page = visit(path, officer, width=390, offline_ready=True)
    url, context = page.url, page.context
    assert page.evaluate(KEPT, path)
    page.close()  # the phone is put away, and taken out again where no signal is
    context.set_offline(True)
    cold = context.new_page()
    cold.goto(url)
    expect(cold.locator("#rc-net")).to_contain_text("离线", timeout=LONG_MS)
    record_one(cold, "新E12347", "2.80")
    expect(cold.locator("#rc-count")).to_have_text("1 条")
    cold.close()  # and once more: the draft lies on the phone, not in the page
    again = context.new_page()
    again.goto(url)
    expect(again.locator("#rc-drafts")).to_contain_text("新E12347", timeout=LONG_MS)
    assert RoadCheck.objects.count() == 0
    context.set_offline(False)
    expect(again.locator("#rc-recent")).to_contain_text("新E12347", timeout=LONG_MS)
    expect(again.locator("#rc-count")).to_have_text("0 条")
    check = RoadCheck.objects.get()
    assert (check.vehicle.plate, check.verdict) == ("新E12347", "fail")


def test_what_the_server_refuses_stays_on_the_phone_and_can_be_mended(
    visit: Opener,
) -> None:
    officer = factories.user(Role.OFFICER)
    road = RoadCampaign.objects.create(
        name="联合路检",
        place="G30",
        district=factories.district(),
        begins_at=clock.now() - timedelta(hours=1),
    )
    page = visit(f"/vehicles/roadchecks/{road.pk}/record/", officer, width=390)
    record_one(page, "新E12I45", "0.60")
    draft = page.locator("#rc-drafts li")
    expect(draft).to_contain_text("I 和 O")
    draft.get_by_role("button", name="修改").click()
    page.get_by_label("号牌号码").fill("新E12145")
    page.get_by_role("button", name="保存并下一辆").click()
    expect(page.locator("#rc-recent")).to_contain_text("新E12145")
    expect(page.locator("#rc-count")).to_have_text("0 条")
    assert RoadCheck.objects.get().vehicle.plate == "新E12145"
    visit.complaints[:] = [  # type: ignore[attr-defined]
        text
        for text in visit.complaints
        if "422" not in text  # type: ignore[attr-defined]
    ]
