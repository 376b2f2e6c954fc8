"""线索周报: drafted from the week's data, edited, signed, handed out, judged, counted."""

import io
from datetime import date, datetime, timedelta
from typing import Any

import docx
import pytest
from django.test import Client

from alerts.models import Alert
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from bozhou_eco.overview.selectors import week
from bozhou_eco.overview.services import clue_reports
from bozhou_eco.overview.services.clue_reports import RefusedError
from polluters.models import Exceedance, Finding, Point
from tests import factories

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 2)
MONDAY = datetime(2026, 3, 9, 8, tzinfo=clock.BEIJING)
HOUR = timedelta(hours=1)


def exceedance(point: Point, at: datetime, value: float = 180) -> Exceedance:
    return Exceedance.objects.create(
        point=point,
        limit=point.limits.get(),
        averaging="hour",
        time=at,
        value=value,
        bound=100,
        multiple=value / 100 - 1,
        state="warning",
        found_at=at + HOUR,
    )


def finding(logger: Any, code: str, at: datetime, **given: Any) -> Finding:
    return Finding.objects.create(
        logger=logger,
        check_code=code,
        begin=at,
        end=at + HOUR,
        severity="minor",
        why=f"{code} 的说明",
        score=1.0,
        found_at=at,
        looked_at=at,
        **given,
    )


@pytest.fixture
def point() -> Point:
    logger = factories.logger()
    made = factories.point(logger, "a21002", high=100)
    inside = MONDAY - timedelta(days=5)
    for hour, value in ((0, 150), (1, 180), (2, 120)):
        exceedance(made, inside.replace(hour=hour, minute=0), value)
    exceedance(made, MONDAY)
    finding(logger, "constant", inside)
    finding(logger, "offline", inside)
    finding(logger, "late_mark", inside)
    finding(logger, "zero", inside, state="overruled", reason="已核实停产")
    return made


def draft(now: datetime = MONDAY) -> ClueReport:
    return clue_reports.draft_report(now=now)


def test_a_monday_drafts_the_week_before(point: Point) -> None:
    report = draft()
    assert (report.starts_on, report.ends_on) == (FIRST, date(2026, 3, 8))
    found = {item.section: item for item in report.items.all()}
    assert set(found) == {"exceedance", "anomaly", "equipment", "late_mark"}
    over = found["exceedance"]
    assert over.occurrences == 3
    assert "3 次" in over.text
    assert "最高 180" in over.text
    assert "均为超标预警" in over.text
    assert over.evidence_url.startswith("/polluters/exceedances/")
    assert report.items.count() == 4
    assert "列出线索 4 条" in report.summary


def test_a_redraft_keeps_what_a_person_changed(point: Point) -> None:
    report, officer = draft(), factories.user("officer")
    items = {i.section: i for i in report.items.all()}
    given = {
        items["anomaly"].pk: ("人工核对后的说法", True),
        items["equipment"].pk: (items["equipment"].text, False),
    }
    clue_reports.edit_report(
        report=report, summary="综述改过", items=given, actor=officer, now=MONDAY
    )
    exceedance(point, MONDAY - timedelta(days=2), 300)
    Finding.objects.filter(check_code="late_mark").update(state="withdrawn")
    again = draft(MONDAY + HOUR)
    assert again.pk == report.pk
    now = {i.section: i for i in again.items.all()}
    assert now["anomaly"].text == "人工核对后的说法"
    assert not now["equipment"].included
    assert "4 次" in now["exceedance"].text
    assert not now["late_mark"].included
    assert again.summary == "综述改过"


def test_signing_numbers_fixes_and_tells(point: Point) -> None:
    officer = factories.user("officer", name="签发人甲")
    first = clue_reports.sign_report(report=draft(), actor=officer, now=MONDAY)
    assert first.number == "博环线报〔2026〕1期"
    text = "\n".join(p.text for p in docx.Document(io.BytesIO(first.word)).paragraphs)
    assert "一、超标" in text
    assert "签发：签发人甲" in text
    assert bytes(first.pdf).startswith(b"%PDF")
    told = Alert.objects.get(kind="report")
    assert told.evidence_url == f"/weekly/{first.pk}/"
    for call in (
        lambda: clue_reports.sign_report(report=first, actor=officer, now=MONDAY),
        draft,
        lambda: clue_reports.edit_report(
            report=first, summary="x", items={}, actor=officer, now=MONDAY
        ),
    ):
        with pytest.raises(RefusedError, match="已签发"):
            call()
    second = draft(MONDAY + timedelta(days=7))
    signed = clue_reports.sign_report(report=second, actor=officer, now=MONDAY)
    assert signed.issue == 2


def test_the_next_report_says_what_became_of_this_one(point: Point) -> None:
    officer = factories.user("officer")
    report = clue_reports.sign_report(report=draft(), actor=officer, now=MONDAY)
    item = report.items.get(section="exceedance")
    clue_reports.decide_item(
        item=item, verdict="problem", note="已责令改正", actor=officer, now=MONDAY
    )
    following = draft(MONDAY + timedelta(days=7))
    assert any("属实（已责令改正）" in t for t in following.figures["outcomes"])
    assert week.counts() == {"reports": 1, "problems": 1}


def test_bad_input_is_refused_and_nothing_lost(point: Point) -> None:
    officer, report = factories.user("officer"), draft()
    item = report.items.get(section="anomaly")

    def edit(summary: str, items: dict[int, tuple[str, bool]]) -> None:
        clue_reports.edit_report(
            report=report, summary=summary, items=items, actor=officer, now=MONDAY
        )

    with pytest.raises(RefusedError, match="综述"):
        edit(" ", {})
    with pytest.raises(RefusedError, match="1–2000"):
        edit("好", {item.pk: ("", True)})
    with pytest.raises(RefusedError, match="1–2000"):
        edit("好", {item.pk: ("长" * 2001, True)})
    with pytest.raises(RefusedError, match="签发后"):
        clue_reports.decide_item(
            item=item, verdict="problem", note="", actor=officer, now=MONDAY
        )
    with pytest.raises(RefusedError, match="周一"):
        clue_reports.draft_report(now=MONDAY, first=date(2026, 3, 3))
    with pytest.raises(RefusedError, match="结束"):
        clue_reports.draft_report(now=MONDAY, first=date(2026, 3, 9))
    item.refresh_from_db()
    assert item.text.startswith("恒值")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_through_the_pages(point: Point) -> None:
    client = signed_in(factories.user("officer"))
    assert "还没有周报" in client.get("/weekly/").content.decode()
    answer = client.post("/weekly/draft/", {"week": "2026-03-02"})
    report = ClueReport.objects.get()
    assert answer.headers["Location"] == f"/weekly/{report.pk}/"
    bad = client.post("/weekly/draft/", {"week": "next"}, follow=True)
    assert "请选择周一" in bad.content.decode()
    given = {"summary": "<b>综述</b> 😀", "subject": "补充对象", "text": "补充内容"}
    for item in report.items.all():
        given |= {f"text-{item.pk}": item.text, f"in-{item.pk}": "on"}
    client.post(f"/weekly/{report.pk}/save/", given | {"sign": "1"})
    report.refresh_from_db()
    assert report.state == "signed"
    page = client.get(f"/weekly/{report.pk}/").content.decode()
    assert "&lt;b&gt;综述" in page
    assert "补充对象" in page
    pdf = client.get(f"/weekly/{report.pk}/pdf/")
    assert pdf.content.startswith(b"%PDF")
    assert client.get(f"/weekly/{report.pk}/docx/").content.startswith(b"PK")
    assert client.get(f"/weekly/{report.pk}/exe/").status_code == 404
    item = report.items.get(section="other")
    client.post(f"/weekly/items/{item.pk}/", {"verdict": "problem", "note": "属实"})
    assert '核实问题 <b class="num">1</b>' in client.get("/weekly/").content.decode()
    assert "2026" in client.get("/weekly/?year=2026").content.decode()


def test_a_district_sees_its_own_clues_and_not_the_paper(point: Point) -> None:
    draft()
    other = factories.district("652723", "温泉县")
    user = factories.user("officer", organisation=factories.department(other))
    client, report = signed_in(user), ClueReport.objects.get()
    mine = point.outlet.enterprise.name
    assert mine not in client.get(f"/weekly/{report.pk}/").content.decode()
    assert client.post("/weekly/draft/").status_code == 404
    clue_reports.sign_report(report=report, actor=factories.user("officer"), now=MONDAY)
    assert client.get(f"/weekly/{report.pk}/pdf/").status_code == 404
    item = ClueReportItem.objects.first()
    path = f"/weekly/items/{item.pk}/"
    assert client.post(path, {"verdict": "none"}).status_code == 404
    assert signed_in(factories.user("admin")).get("/weekly/").status_code == 403


def test_a_report_archived_without_files_still_has_them(point: Point) -> None:
    officer = factories.user("officer")
    report = clue_reports.sign_report(report=draft(), actor=officer, now=MONDAY)
    ClueReport.objects.update(word=None, pdf=None)
    client = signed_in(officer)
    assert client.get(f"/weekly/{report.pk}/pdf/").content.startswith(b"%PDF")
    assert client.get(f"/weekly/{report.pk}/docx/").content.startswith(b"PK")
