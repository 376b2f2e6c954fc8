"""企业门户: own rows only, explanations with sealed proof and replies, marks with files."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from bozhou_eco.common.sniff import SniffError, kind_of
from bozhou_eco.evidence.models import SealedFile
from polluters.domain.matters import KNOWN, TOLD
from polluters.models import (
    Exceedance,
    Explanation,
    Finding,
    Mark,
    MarkKind,
    Outlet,
    Point,
    PortalFile,
    RuleValue,
)
from polluters.selectors.explanations import beside_menu
from polluters.services import explanations as acts
from tests import factories
from tests.house.test_query_counts import judgement

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PDF = b"%PDF-1.7\n%%EOF"
BUDGETS = Path(__file__).parents[1] / "house" / "query_counts.json"


@pytest.fixture
def point() -> Point:
    return factories.point()


@pytest.fixture
def firm(point: Point) -> User:
    return factories.user(
        Role.ENTERPRISE, organisation=point.outlet.enterprise.organisation, name="厂长"
    )


@pytest.fixture
def stranger() -> User:
    return factories.user(
        Role.ENTERPRISE, organisation=factories.enterprise().organisation
    )


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER, name="执法员")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def exceedance(point: Point) -> Exceedance:
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    return Exceedance.objects.create(
        point=point, averaging="hour", time=now, value=150, bound=100, multiple=0.5,
        state="warning", found_at=now, explanation=judgement(point),
    )  # fmt: skip


def finding(point: Point, check: str) -> Finding:
    now = clock.now()
    return Finding.objects.create(
        logger=point.logger, point=point, factor="a21002", check_code=check,
        begin=now - timedelta(hours=2), end=now, severity="major",
        why="不告诉企业的判断", score=1, found_at=now, looked_at=now,
    )  # fmt: skip


def file(name: str = "检修单.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


def office(part: str, *more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("[Content_Types].xml", part, *more):
            made.writestr(name, "<x/>")
    return out.getvalue()


def test_asked_answered_returned_answered_accepted(
    point: Point, firm: User, officer: User
) -> None:
    row = exceedance(point)
    asks, answers = signed_in(officer), signed_in(firm)
    url = f"/polluters/explanations/new/?exceedance={row.pk}"
    assert "要求说明" in asks.get(f"/polluters/exceedances/{row.pk}/").content.decode()
    assert asks.post(url, {"text": "请说明原因"}).status_code == 302
    made = Explanation.objects.get()
    assert (made.state, made.deadline is not None) == ("asked", True)
    page = answers.get("/polluters/portal/").content.decode()
    assert "NOx" in page
    assert f"/polluters/explanations/{made.pk}/" in page
    own = f"/polluters/explanations/{made.pk}/"
    sent = {"text": "除尘器检修", "proof": [file(), file("报告.pdf", PDF)]}
    assert answers.post(f"{own}answer/", sent).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.late) == ("given", False)
    assert PortalFile.objects.count() == 2
    sealed = SealedFile.objects.get(name="检修单.png")
    assert sealed.media_type == "image/png"
    assert sealed.chain == f"portal:{point.outlet.subject_key}"
    reply = {"verdict": "return", "text": "请补充运行记录"}
    assert asks.post(f"{own}decide/", reply).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.waits) == ("returned", True)
    answers.post(f"{own}answer/", {"text": "补充如下"})
    asks.post(f"{own}decide/", {"verdict": "accept", "text": "情况属实"})
    made.refresh_from_db()
    assert made.state == "accepted"
    said = made.entries.values_list("kind", flat=True)
    assert list(said) == ["question", "answer", "return", "answer", "accept"]
    seen = asks.get(f"/polluters/exceedances/{row.pk}/").content.decode()
    assert "除尘器检修" in seen
    assert "检修单.png" in seen
    shut = answers.post(f"{own}answer/", {"text": "再说一句"})
    assert shut.status_code == 422
    assert "已办结" in shut.content.decode()
    counted = AuditEntry.objects.filter(act__startswith="polluters.explanation_")
    assert counted.count() == 5


def test_an_answer_after_its_deadline_is_late_for_good(
    point: Point, firm: User, officer: User
) -> None:
    now = clock.now()
    about = acts.About(point.outlet, exceedance=exceedance(point))
    made = acts.ask(
        about=about, text="?", deadline=now + timedelta(hours=1), actor=officer, now=now
    )
    after = now + timedelta(hours=2)
    assert made.overdue(after)
    assert not made.overdue(now)
    page = signed_in(officer).get("/polluters/explanations/?overdue=1")
    assert made.subject not in page.content.decode()
    made = acts.answer(explanation=made, text="晚了", files=[], actor=firm, now=after)
    assert (made.late, made.state) == (True, "given")
    page = signed_in(officer).get("/polluters/explanations/?overdue=1")
    assert "逾期" in page.content.decode()
    assert made.subject in page.content.decode()


def test_the_default_deadline_counts_working_days(db: None) -> None:
    friday = clock.beijing(clock.now()).replace(
        year=2026, month=3, day=6, hour=10, minute=0, second=0, microsecond=0
    )
    assert f"{acts.default_deadline(friday):%Y-%m-%d %H:%M}" == "2026-03-11 18:00"
    RuleValue.objects.filter(code="explanation_days").update(value=1)
    assert f"{acts.default_deadline(friday):%Y-%m-%d}" == "2026-03-09"


def test_nobody_else_sees_it(
    point: Point, firm: User, stranger: User, officer: User
) -> None:
    now = clock.now()
    made = acts.give(
        about=acts.About(point.outlet), text="主动说明",
        files=[acts.Upload("a.png", PNG)], actor=firm, now=now,
    )  # fmt: skip
    kept = PortalFile.objects.get()
    for user, status in ((firm, 200), (officer, 200), (stranger, 404)):
        client = signed_in(user)
        own = client.get(f"/polluters/explanations/{made.pk}/")
        assert own.status_code == status
        got = client.get(f"/polluters/portal/files/{kept.pk}/")
        assert got.status_code == status
        if status == 200:
            assert got.content == PNG
            assert got["X-Content-SHA256"] == kept.sealed.sha256
    other = signed_in(stranger)
    assert made.subject not in other.get("/polluters/explanations/").content.decode()
    assert point.outlet.enterprise.short_name not in (
        other.get("/polluters/portal/").content.decode()
    )
    url = f"/polluters/explanations/new/?outlet={point.outlet_id}"
    assert other.get(url).status_code == 404
    answer = other.post(f"/polluters/explanations/{made.pk}/answer/", {"text": "x"})
    assert answer.status_code == 404
    reads = AuditEntry.objects.filter(act="polluters.read_portal_file")
    assert reads.count() == 2


def test_a_suspicion_is_not_told_by_asking(
    point: Point, firm: User, officer: User
) -> None:
    assert "constant" not in TOLD
    row = finding(point, "constant")
    name = KNOWN["constant"].name
    asks, answers = signed_in(officer), signed_in(firm)
    asks.post(f"/polluters/explanations/new/?finding={row.pk}", {"text": "当时工况？"})
    made = Explanation.objects.get()
    for url in ("/polluters/portal/", f"/polluters/explanations/{made.pk}/"):
        page = answers.get(url).content.decode()
        assert "监测数据" in page
        assert name not in page
        assert row.why not in page
        assert f"/polluters/findings/{row.pk}/" not in page
    assert name in asks.get(f"/polluters/explanations/{made.pk}/").content.decode()
    blocked = answers.get(f"/polluters/explanations/new/?finding={row.pk}")
    assert blocked.status_code == 404


def test_two_at_once_about_the_same_are_refused(
    point: Point, firm: User, officer: User
) -> None:
    about = acts.About(point.outlet, exceedance=exceedance(point))
    acts.ask(about=about, text="?", deadline=None, actor=officer, now=clock.now())
    with pytest.raises(acts.RefusedError, match="未办结"):
        acts.give(about=about, text="x", files=[], actor=firm, now=clock.now())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("a.png", b"MZ\x90\0program", "不是可接收的文件", id="program"),
        pytest.param("a.pdf", PNG, "与扩展名不符", id="false-name"),
        pytest.param("a.png", b"", "空文件", id="empty"),
        pytest.param("a.html", b"<script>", "不是可接收的文件", id="html"),
        pytest.param("a.docx", b"PK\x03\x04broken", "不是可接收", id="broken-zip"),
        pytest.param(
            "a.xlsx", office("xl/workbook.xml", "xl/vbaProject.bin"), "不是可接收",
            id="macros",
        ),
        pytest.param("a.png", PNG + b"\0" * (1 << 20), "超过单个上限", id="large"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_by_name_and_nothing_is_kept(
    point: Point, firm: User, name: str, content: bytes, said: str
) -> None:
    RuleValue.objects.filter(code="portal_file_mb").update(value=1)
    answer = signed_in(firm).post(
        f"/polluters/explanations/new/?outlet={point.outlet_id}",
        {"text": "说明", "proof": [file(name, content)]},
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page or (content == b"" and "空的" in page)
    assert not Explanation.objects.exists()
    assert not PortalFile.objects.exists()


def test_what_a_file_is() -> None:
    assert kind_of(office("word/document.xml"), "说明.DOCX").name == "Word 文档"
    assert kind_of(office("xl/workbook.xml"), "表.xlsx").name == "Excel 表格"
    assert kind_of(b"\0\0\0\x20ftypisom", "a.mp4").media_type == "video/mp4"
    with pytest.raises(SniffError, match="扩展名"):
        kind_of(PDF, "a.exe")


def test_too_many_files_are_refused(point: Point, firm: User) -> None:
    RuleValue.objects.filter(code="portal_files").update(value=2)
    answer = signed_in(firm).post(
        f"/polluters/explanations/new/?outlet={point.outlet_id}",
        {"text": "说明", "proof": [file(f"{n}.png") for n in range(3)]},
    )
    assert answer.status_code == 422
    assert "一次最多 2 个附件" in answer.content.decode()


def mark_form(outlet: Outlet, **more: object) -> dict[str, object]:
    kind, _ = MarkKind.objects.get_or_create(
        code="starting", defaults={"name": "启炉", "group": "production"}
    )
    begin = clock.beijing(clock.now()).replace(second=0, microsecond=0)
    return {
        "outlet": outlet.pk, "kind": kind.pk, "reason": "冷态启动",
        "begin": f"{begin - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "end": f"{begin:%Y-%m-%dT%H:%M}",
    } | more  # fmt: skip


def test_a_mark_carries_proof_and_stands_beside_the_finding(
    point: Point, firm: User, officer: User
) -> None:
    client = signed_in(firm)
    sent = mark_form(point.outlet, proof=[file("启炉票.pdf", PDF)])
    assert client.post("/polluters/marks/new/", sent).status_code == 302
    mark = Mark.objects.get()
    assert [row.sealed.name for row in mark.files.all()] == ["启炉票.pdf"]
    more = {"proof": [file("现场.png")]}
    client.post(f"/polluters/marks/{mark.pk}/files/", more)
    assert mark.files.count() == 2
    row = finding(point, "constant")
    page = signed_in(officer).get(f"/polluters/findings/{row.pk}/").content.decode()
    assert "启炉票.pdf" in page
    assert "现场.png" in page
    assert "启炉票.pdf" in client.get(f"/polluters/marks/{mark.pk}/").content.decode()


def test_a_mark_with_a_bad_file_is_not_made(point: Point, firm: User) -> None:
    sent = mark_form(point.outlet, proof=[file("x.png", b"nothing")])
    answer = signed_in(firm).post("/polluters/marks/new/", sent)
    assert answer.status_code == 422
    assert "不是可接收的文件" in answer.content.decode()
    assert not Mark.objects.exists()


def test_a_national_mark_takes_no_files(point: Point, officer: User) -> None:
    now = clock.now()
    kind = MarkKind.objects.get_or_create(code="starting", defaults={"name": "启炉"})[0]
    mark = Mark.objects.create(
        outlet=point.outlet, kind=kind, begin=now, origin="national", key="G1",
        made_at=now, received_at=now, deadline=now,
    )  # fmt: skip
    with pytest.raises(acts.RefusedError, match="国家平台"):
        acts.prove_mark(
            mark=mark, files=[acts.Upload("a.png", PNG)], actor=officer, now=now
        )


def test_the_portal_holds_its_budget(point: Point, firm: User) -> None:
    def count() -> int:
        client = signed_in(firm)
        client.get("/polluters/portal/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/polluters/portal/").status_code == 200
        return len(queries)

    def more(number: int) -> None:
        for _ in range(number):
            at = factories.outlet(point.outlet.enterprise)
            added = factories.point(factories.logger(at))
            acts.ask(
                about=acts.About(at, exceedance=exceedance(added)), text="?",
                deadline=None, actor=factories.user(Role.OFFICER), now=clock.now(),
            )  # fmt: skip
            finding(added, "missing")
            acts.give(
                about=acts.About(at), text="x", files=[], actor=firm, now=clock.now()
            )

    more(2)
    few = count()
    more(4)
    assert count() == few
    assert few <= json.loads(BUDGETS.read_text())["portal"], few


def test_the_menu_counts_what_waits_for_each_side(
    point: Point, firm: User, officer: User, stranger: User
) -> None:
    now = clock.now()
    for _ in range(2):
        acts.ask(
            about=acts.About(point.outlet), text="?", deadline=None, actor=officer,
            now=now,
        )  # fmt: skip
    factories.outlet(point.outlet.enterprise)
    acts.give(about=acts.About(point.outlet), text="x", files=[], actor=firm, now=now)
    assert beside_menu(firm) == {"enterprises": 1, "explanations": 2}
    assert beside_menu(officer) == {"enterprises": 2, "explanations": 1}
    assert beside_menu(stranger) == {"enterprises": 1, "explanations": 0}
    assert beside_menu(factories.user(Role.LEADER))["explanations"] == 0
