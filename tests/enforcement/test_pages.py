"""Who sees which page, and what lists, figures, feed and bundle hold."""

import io
import json
import statistics
import zipfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.evidence.signing import fingerprint
from bozhou_eco.evidence.verify import verify
from enforcement.domain.figures import Period
from enforcement.models import (
    BasisChoice,
    Case,
    Cause,
    DiscretionRun,
    DiscretionTable,
    Inspection,
    LegalBasis,
    LenientTest,
    Rectification,
    Reply,
)
from enforcement.selectors.facts import open_obligations
from enforcement.selectors.figures import ended, figures
from enforcement.selectors.medians import median_of
from enforcement.selectors.page import word_diff
from enforcement.services.bundles import export_bundle
from enforcement.services.cases import move_case, open_case
from enforcement.services.content import add_file, edit_summary
from enforcement.views.export import feed_address
from enforcement.views.registry import SIDE_ACTS

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def pages(case):
    base = f"/cases/{case.pk}/"
    return [
        base,
        f"{base}act/take_up/",
        f"{base}write/check_report/",
        f"{base}files/add/",
        f"{base}revisions/",
        f"{base}catalogue/",
        f"{base}do/summary/",
        f"{base}do/comment/",
    ]


def test_insider_sees_outsider_gets_404(client, clue, people):
    client.force_login(people["alice"])
    assert [client.get(p).status_code for p in pages(clue)] == [200] * 8
    client.force_login(people["charlie"])
    assert [client.get(p).status_code for p in pages(clue)] == [404] * 8
    answer = client.post(f"/cases/{clue.pk}/act/take_up/", {"note": ""})
    assert answer.status_code == 404
    clue.refresh_from_db()
    assert clue.state == "alerted"


def test_every_side_act_draws_its_form(client, clue, people):
    people["duty"].roles = [Role.OFFICER, Role.REVIEWER, Role.LEGAL, Role.LEADER]
    people["duty"].save()
    client.force_login(people["duty"])
    for code in SIDE_ACTS:
        answer = client.get(reverse("enforcement:side", args=[clue.pk, code]))
        assert answer.status_code == 200, code


def test_signed_out_people_are_sent_to_sign_in(client, clue):
    for path in ("/cases/", "/cases/figures/", "/cases/inspections/", *pages(clue)):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")


def test_an_administrator_reads_no_cases(client, clue, make_user):
    client.force_login(make_user("root", "管理员", "bureau", Role.ADMIN))
    assert client.get(f"/cases/{clue.pk}/").status_code == 403
    assert client.get("/cases/").status_code == 403


@pytest.fixture
def owner(plant):
    return User.objects.create_user(
        "owner", name="企业", organisation=plant, roles=[Role.ENTERPRISE]
    )


def test_the_party_knows_nothing_until_something_is_asked_of_it(client, clue, owner):
    client.force_login(owner)
    assert client.get(f"/cases/{clue.pk}/").status_code == 404
    assert clue.number not in client.get("/cases/").content.decode()
    Rectification.objects.create(case=clue, demand="修复设施", state="open")
    page = client.get(f"/cases/{clue.pk}/").content.decode()
    assert "修复设施" in page
    assert "值班转线索" not in page
    assert client.get(f"/cases/{clue.pk}/bundle/").status_code == 403


def test_filters_and_search(client, clue, make_alert, people, now):
    other = open_case(
        alerts=[make_alert("w", kind="water-exceedance", summary="清泉皮革 COD 超标")],
        actor=people["duty"],
        now=now,
    )
    client.force_login(people["duty"])

    def found(query):
        text = client.get(f"/cases/?{query}").content.decode()
        return {case.pk for case in (clue, other) if case.get_absolute_url() in text}

    assert found("") == {clue.pk, other.pk}
    assert found("kind=wastewater") == {other.pk}
    assert found("q=皮革") == {other.pk}
    assert found(f"q={clue.number}") == {clue.pk}
    assert found("stage=visit") == set()
    assert found("scope=ended") == set()
    assert found("kind=nonsense&stage=x&page=zz&district=abc") == {clue.pk, other.pk}


def test_the_list_asks_few_questions(
    client, people, make_alert, now, django_assert_max_num_queries
):
    for number in range(12):
        open_case(alerts=[make_alert(f"k{number}")], actor=people["duty"], now=now)
    client.force_login(people["duty"])
    client.get("/cases/")
    with django_assert_max_num_queries(16):
        client.get("/cases/")


def test_edits_show_what_changed(client, clue, people, now):
    edit_summary(
        case=clue,
        text=clue.summary + "，最高 84.1 mg/m³",
        reason="补充",
        actor=people["alice"],
        now=now,
    )
    client.force_login(people["alice"])
    page = client.get(f"/cases/{clue.pk}/").content.decode()
    assert "<ins>，最高 84.1 mg/m³</ins>" in page
    pieces = [(p.kind, p.text) for p in word_diff("流量 0.20 m³/h", "流量 0.12 m³/h")]
    assert ("del", "0.20") in pieces
    assert ("ins", "0.12") in pieces


def test_text_of_people_is_escaped(client, clue, people, now):
    edit_summary(
        case=clue,
        text="<script>alert(1)</script>",
        reason="",
        actor=people["alice"],
        now=now,
    )
    client.force_login(people["alice"])
    page = client.get(f"/cases/{clue.pk}/").content.decode()
    assert "<script>alert(1)" not in page


def test_figures_count_what_they_say(clue, make_alert, people, districts, now):
    second = open_case(alerts=[make_alert("b")], actor=people["duty"], now=now)
    for case, reason in ((clue, "false_alarm"), (second, "helped")):
        move_case(
            case=case,
            action="end_online",
            actor=people["duty"],
            now=now,
            note="x",
            data={"reason": reason},
        )
    for mode in ("on_site", "off_site", "off_site"):
        Inspection.objects.create(
            mode=mode,
            kind="routine",
            done_on=now.date(),
            subject_key="x",
            subject_name="x",
            district=districts["精河县"],
            means="x",
        )
    values = {f.code: (f.value, f.top, f.bottom) for f in figures(people["lead"], YEAR)}
    assert values["hit_rate"] == (50.0, 1, 2)
    assert values["off_site_checks"] == (66.7, 2, 3)
    assert values["on_time"] == (100.0, 2, 2)
    assert values["clues"] == (2.0, 2.0, None)
    assert values["off_site_cases"][0] is None
    last_year = Period(date(2025, 1, 1), date(2025, 12, 31))
    assert {f.top for f in figures(people["lead"], last_year)} == {0}
    elsewhere = {f.code: f.top for f in figures(people["charlie"], YEAR)}
    assert set(elsewhere.values()) == {0}


@pytest.mark.parametrize(
    "path", ["figures/", "figures/hit_rate/", "figures/stage_hours/", "inspections/",
             "figures/consistency/", "calendar/", "new/"],
)  # fmt: skip
def test_other_pages_answer(client, clue, people, path):
    client.force_login(people["lead"])
    assert client.get(f"/cases/{path}").status_code == 200


def test_the_feed_holds_the_last_lawful_days_and_no_names(client, clue, people):
    address = feed_address(people["lead"])
    answer = client.get(address)
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/calendar")
    assert "DTSTART;VALUE=DATE:20261124" in text
    assert clue.subject_name not in text
    assert client.get(address.replace(".ics", "x.ics")).status_code == 404
    people["lead"].is_active = False
    people["lead"].save()
    assert client.get(address).status_code == 404


def test_the_bundle_verifies_and_a_flipped_bit_is_found(clue, people, now, tmp_path):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    content = export_bundle(case=clue, actor=people["duty"], now=now)
    path = tmp_path / "case.zip"
    path.write_bytes(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        records = json.loads(archive.read("records.json"))
        key = bytes.fromhex(archive.read("public_key.hex").decode())
        chain = json.loads(archive.read("chain.json"))
    assert [s["action"] for s in records["steps"]] == [
        "open",
        "take_up",
        "export_bundle",
    ]
    assert [row["subject"] for row in chain if row["subject"].startswith("step:")] == [
        f"step:{step['id']}" for step in records["steps"]
    ]
    assert verify(str(path), fingerprint(key), lambda line: None) is True
    broken = bytearray(content)
    broken[len(broken) // 2] ^= 1
    path.write_bytes(bytes(broken))
    assert verify(str(path), fingerprint(key), lambda line: None) is False


def test_opening_by_hand(client, people, districts):
    client.force_login(people["duty"])
    form = {
        "title": "料堆扬尘",
        "kind": "dust",
        "source": "hotline",
        "severity": "minor",
        "subject_name": "北山料场",
        "district": "652701",
        "summary": "未覆盖",
        "upstream_number": "12345-7",
    }
    assert client.post("/cases/new/", {**form, "kind": "x"}).status_code == 422
    assert client.post("/cases/new/", {**form, "title": ""}).status_code == 422
    assert not Case.objects.exists()
    assert client.post("/cases/new/", form).status_code == 302
    assert Case.objects.get().upstream_number == "12345-7"


def ended_by(clue, people, when):
    move_case(
        case=clue, action="end_online", actor=people["duty"], now=when, note="误报",
        data={"reason": "false_alarm"},
    )  # fmt: skip


def test_reopening_leaves_the_figures_of_the_past_as_they_were(clue, people, now):
    ended_by(clue, people, now)
    later = now + timedelta(days=3)
    move_case(
        case=clue, action="reopen", actor=people["lead"], now=later, note="新证据"
    )
    user = people["lead"]

    def hit_rate(last):
        found = {f.code: f for f in figures(user, Period(YEAR.first, last))}
        return found["hit_rate"].bottom

    assert hit_rate(now.date()) == 1
    assert hit_rate(now.date() + timedelta(days=2)) == 1
    assert hit_rate(later.date()) == 0
    ended_by(clue, people, later + timedelta(days=1))
    assert hit_rate(later.date() + timedelta(days=1)) == 1
    day = now.date()
    assert ended(user, Period(day, day)).get() == clue


def test_medians_are_those_of_the_list():
    for values in ([5], [3, 9], [1, 1, 8], [4, 4, 6, 6, 90], [2, 4, 6, 8]):
        assert median_of(Counter(values)) == statistics.median(values)


def test_a_reply_upwards_needs_its_file_and_receipt(client, people, districts, now):
    case = open_case(
        actor=people["duty"], now=now, kind="dust", source="region", title="交办",
        subject_key="x", subject_name="料场", district=districts["精河县"],
        upstream_number="新环督〔2026〕3号", upstream_due=date(2026, 12, 1),
    )  # fmt: skip
    assert open_obligations(case, None, Decimal(0)) == (
        "交办件 新环督〔2026〕3号 尚未回复",
    )
    file = add_file(
        case=case, source=io.BytesIO(b"%PDF-1.4"), name="回复.pdf", size=8, kind="other",
        media_type="application/pdf", title="回复件", actor=people["duty"], now=now,
    )  # fmt: skip
    client.force_login(people["duty"])
    fields = {
        "to": "自治区厅",
        "content": "已办",
        "sent_on": "2026-11-23",
        "file": file.pk,
    }
    client.post(reverse("enforcement:side", args=[case.pk, "reply"]), fields)
    row = Reply.objects.get()
    assert row.file == file
    assert not case.clocks.filter(rule__code="upstream", stopped_on=None).exists()
    assert open_obligations(case, None, Decimal(0)) == (
        "交办件 新环督〔2026〕3号 的回复没有回执",
    )
    page = reverse("enforcement:side", args=[case.pk, "reply-receipt"])
    client.post(page, {"reply": row.pk, "receipt": "收文 118 号"})
    row.refresh_from_db()
    assert row.receipt == "收文 118 号"
    assert open_obligations(case, None, Decimal(0)) == ()


def settled(case, people, now, outcome, amount):
    """Give a case its law, its calculation and what came of it."""
    case.cause, case.outcome = Cause.objects.get(topic="exceed_air"), outcome
    case.save()
    basis = LegalBasis.objects.get(code="code1107-air")
    more = {"actor": people["alice"], "at": now}
    BasisChoice.objects.create(
        case=case, basis=basis, act_basis=basis, reason="x", **more
    )
    DiscretionRun.objects.create(
        case=case, table=DiscretionTable.objects.get(code="general"), basis=basis,
        answers={"extent": "slight"}, low=1, high=2, amount=amount, steps=[], **more,
    )  # fmt: skip
    if outcome == "lenient":
        LenientTest.objects.create(
            case=case, ground="minor", answers={}, exempted=amount, passed=True,
            approved_on=now.date(), **more,
        )  # fmt: skip
        return
    case.decisions.create(
        kind="penalty", amount=amount, decided_on=now.date(), decided_by=people["lead"]
    )


def test_like_cases_treated_differently_are_listed_without_foreign_names(
    client, clue, make_alert, people, districts, now
):
    other = open_case(
        alerts=[make_alert("b", district=districts["温泉县"], subject_name="温泉某厂")],
        actor=people["duty"], now=now,
    )  # fmt: skip
    settled(clue, people, now, "penalty", 120000)
    settled(other, people, now, "lenient", 120000)
    address = f"{reverse('enforcement:consistency')}?from=2026-01-01&to=2026-12-31"
    client.force_login(people["lead"])
    page = client.get(address).content.decode()
    assert "有的处罚、有的不予处罚" in page
    assert "温泉某厂" in page
    client.force_login(people["alice"])
    page = client.get(address).content.decode()
    assert clue.display_number in page
    assert "其他辖区的案件" in page
    assert "温泉某厂" not in page
    assert other.display_number not in page
