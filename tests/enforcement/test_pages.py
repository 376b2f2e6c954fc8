"""Who sees which page, and what lists, figures, feed and bundle hold."""

import io
import json
import zipfile
from datetime import date

import pytest
from django.urls import reverse

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.evidence.signing import fingerprint
from bozhou_eco.evidence.verify import verify
from enforcement.domain.figures import Period
from enforcement.models import Case, Inspection, Rectification
from enforcement.selectors.figures import figures
from enforcement.selectors.page import word_diff
from enforcement.services.bundles import export_bundle
from enforcement.services.cases import move_case, open_case
from enforcement.services.content import edit_summary
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
