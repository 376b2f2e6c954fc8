"""Subscriptions, duty, rules, chain and self-check pages; the demo's rows; the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts import demo
from alerts.domain.roster import RosterError
from alerts.forms import EXAMPLE
from alerts.models import (
    Alert,
    Channel,
    Delivery,
    DutyNote,
    DutyPlan,
    DutyShift,
    Rule,
    SavedView,
    SelfCheck,
    ShiftSwap,
    Subscription,
)
from alerts.selectors import quality
from alerts.services import RefusedError, people, rules
from alerts.services.routing import route_pending
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.seed.people import seed_people
from tests import factories
from tests.alerts.makers import alert, channel, json_channel, ladder
from tests.alerts.servers import server

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PAGES = ("subscriptions/", "duty/", "rules/", "rules/export/", "chain/")


def signed_in(*roles: str, **given: Any) -> tuple[Client, User]:
    user = factories.user(*roles, **given)
    client = Client()
    client.force_login(user)
    return client, user


@pytest.mark.parametrize("path", PAGES)
def test_pages_open_for_officers_and_not_for_others(path: str) -> None:
    client, _ = signed_in("officer")
    assert client.get(f"/alerts/{path}").status_code == 200
    for role in ("admin", "auditor"):
        assert signed_in(role)[0].get(f"/alerts/{path}").status_code == 403
    assert Client().get(f"/alerts/{path}").status_code == 302


def test_a_subscription_is_saved_and_checked() -> None:
    client, user = signed_in("officer")
    channel("browser", "browser", 10)
    given = {
        "active": "on",
        "min_severity": "major",
        "kinds": ["exceedance"],
        "channels": ["browser"],
        "quiet_from": "22:00",
        "quiet_to": "08:00",
        "cap": "6",
    }
    assert client.post("/alerts/subscriptions/", given).status_code == 302
    row = Subscription.objects.get()
    assert (row.user, row.min_severity, row.kinds, row.cap) == (
        user,
        "major",
        ["exceedance"],
        6,
    )
    half = given | {"quiet_to": "", "cap": "0"}
    answer = client.post("/alerts/subscriptions/", half)
    assert answer.status_code == 422
    row.refresh_from_db()
    assert (row.cap, row.quiet_to.hour) == (6, 8)


def test_the_test_button_says_what_arrives_where() -> None:
    client, user = signed_in("officer")
    phone = channel("phone", "phone", 90)
    path = "/alerts/channels/phone/test/"
    assert "没有登记地址" in client.post(path, follow=True).content.decode()
    user.contact_addresses.create(channel=phone, address="13800138000")
    page = client.post(path, follow=True).content.decode()
    assert "138****8000" in page
    assert "测试消息" in page
    assert "13800138000" not in page
    Channel.objects.update(enabled=False)
    assert client.post(path).status_code == 404


def test_a_group_robot_is_tested_by_those_who_answer_alerts() -> None:
    client, _ = signed_in("officer")
    with server() as remote:
        row = json_channel("robot", remote, 40)
        Channel.objects.filter(pk=row.pk).update(scope="group")
        page = client.post("/alerts/channels/robot/test/", follow=True)
        assert "群机器人" in page.content.decode()
        assert len(remote.seen) == 1
        reader, _ = signed_in("legal")
        assert reader.post("/alerts/channels/robot/test/").status_code == 404
        assert len(remote.seen) == 1


def test_views_are_saved_used_by_default_and_removed() -> None:
    client, user = signed_in("officer")
    given = {"name": "严重", "query": "tab=open&severity=critical", "default": "1"}
    client.post("/alerts/views/", given)
    row = SavedView.objects.get()
    assert (row.user, row.query, row.is_default) == (user, given["query"], True)
    answer = client.get("/alerts/")
    assert answer.headers["Location"] == "/alerts/?tab=open&severity=critical"
    other, _ = signed_in("officer")
    other.post(f"/alerts/views/{row.pk}/delete/")
    assert SavedView.objects.exists()
    client.post(f"/alerts/views/{row.pk}/delete/")
    assert not SavedView.objects.exists()


def shift(user: User, hours: float = 0, **given: Any) -> DutyShift:
    begin = clock.now() + timedelta(hours=hours)
    return DutyShift.objects.create(
        user=user, starts_at=begin, ends_at=begin + 12 * HOUR, **given
    )


def test_hand_over_keeps_what_is_open() -> None:
    client, user = signed_in("officer")
    on = shift(user, -1)
    open_one = alert(severity="major", now=clock.now())
    alert(severity="info", now=clock.now())
    path = f"/alerts/duty/{on.pk}/note/"
    client.post(path, {"kind": "note", "text": "巡查正常"})
    client.post(path, {"kind": "handover", "text": "移交一条"})
    client.post(path, {"kind": "handover", "text": "再来一次"})
    client.post(path, {"kind": "takeover", "text": "自己接自己"})
    notes = list(DutyNote.objects.order_by("pk").values_list("kind", flat=True))
    assert notes == ["note", "handover"]
    assert [r["id"] for r in DutyNote.objects.get(kind="handover").open_alerts] == [
        open_one.pk
    ]
    following, _ = signed_in("officer")
    following.post(path, {"kind": "takeover", "text": "已接班"})
    assert DutyNote.objects.filter(kind="takeover").count() == 1


def test_swaps_need_both() -> None:
    mine, me = signed_in("officer")
    theirs, colleague = signed_in("officer")
    row = shift(me, 24)
    given = {"shift": row.pk, "to": colleague.pk, "reason": "出差"}
    assert mine.post("/alerts/duty/swap/", given).status_code == 302
    asked = ShiftSwap.objects.get()
    assert (
        mine.post(f"/alerts/duty/swap/{asked.pk}/", {"agree": "1"}).status_code == 404
    )
    row.refresh_from_db()
    assert row.user == me
    theirs.post(f"/alerts/duty/swap/{asked.pk}/", {"agree": "1"})
    row.refresh_from_db()
    assert row.user == colleague
    with pytest.raises(RefusedError, match="本人"):
        people.ask_swap(shift=row, to=colleague, reason="", actor=me, now=clock.now())
    second = shift(me, 30)
    with pytest.raises(RosterError, match="已有班次"):
        people.ask_swap(
            shift=second, to=colleague, reason="", actor=me, now=clock.now()
        )


def test_rosters_go_on_where_they_stopped() -> None:
    users = [factories.user("officer").pk for _ in range(3)]
    plan = DutyPlan.objects.create(name="值班", people=users)
    now = clock.now()
    today = clock.beijing(now).date()

    def extend(days: int) -> int:
        return people.extend_plan(
            plan=plan, until=today + timedelta(days=days), actor=None, now=now
        )

    assert extend(1) == 2
    assert extend(1) == 0
    assert extend(4) == 3
    turns = DutyShift.objects.order_by("starts_at").values_list("user_id", flat=True)
    assert list(turns) == [users[n % 3] for n in range(5)]


def test_rules_through_the_pages() -> None:
    client, _ = signed_in("officer")
    bad = client.post("/alerts/rules/import/", {"text": "code: X\nname: y"})
    assert bad.status_code == 422
    assert "应为 critical" not in bad.content.decode()
    assert "小写字母" in bad.content.decode()
    assert Rule.objects.count() == 0
    text = (
        "code: nox\nname: 超标\nkind: exceedance\nseverity: major\n"
        "params: {multiple: 1, hours: 1}\n"
    )
    assert client.post("/alerts/rules/import/", {"text": text}).status_code == 302
    version = Rule.objects.get().versions.get()
    path = f"/alerts/rules/{version.pk}/"
    assert client.post(f"{path}review/").status_code == 403
    leader, _ = signed_in("leader")
    leader.post(f"{path}review/")
    leader.post(f"{path}activate/")
    version.refresh_from_db()
    assert version.state == "reviewed"
    client.post(f"{path}backtest/", {"days": "30"})
    leader.post(f"{path}activate/")
    version.refresh_from_db()
    assert version.state == "active"
    page = client.get(path).content.decode()
    assert "日均 0" in page
    assert "code: nox" in client.get("/alerts/rules/export/").content.decode()
    assert leader.post(f"{path}delete/").status_code == 404


def test_the_example_in_the_empty_form_is_a_rule() -> None:
    author = factories.user("officer")
    made = rules.import_rules(text=EXAMPLE, actor=author, now=clock.now())
    assert [version.state for version in made] == ["draft"]


def test_low_hit_rates_are_listed_with_a_proposal() -> None:
    client, user = signed_in("officer")
    for _ in range(9):
        row = alert(kind="constant", now=clock.now())
        client.post(f"/api/v1/alerts/{row.pk}/dismiss/", {"reason": "device_fault"})
    page = client.get("/alerts/rules/").content.decode()
    assert "偏低" in page
    assert "先接入设备状态标记" in page


def test_the_budget_compares_alerts_with_people(settings: Any) -> None:
    client, user = signed_in("officer")
    now = clock.now()
    settings.ALERT_BUDGET = 2
    for _ in range(21):
        alert(kind="constant", severity="major", now=now - HOUR)
    alert(kind="constant", severity="info", now=now - HOUR)
    assert quality.budget(user, now=now).per_day == 3
    page = client.get("/alerts/rules/").content.decode()
    assert "超出预算" in page
    for _ in range(2):
        DutyShift.objects.create(
            user=user,
            starts_at=now - timedelta(days=20),
            ends_at=now + timedelta(days=1),
        )
        user = factories.user("officer")
    found = quality.budget(user, now=now)
    assert round(found.people, 6) == 2
    assert not found.over


def test_the_party_answers_its_own_check_once() -> None:
    plant = factories.enterprise()
    client, owner = signed_in("enterprise", organisation=plant.organisation)
    ladder("minor", (0, ["subscribers"]))
    row = alert(
        severity="minor", organisation=plant.organisation, district=plant.district
    )
    route_pending(now=clock.now())
    path = f"/alerts/{row.pk}/reply/"
    assert "提交自查答复" in client.get(f"/alerts/{row.pk}/").content.decode()
    officer, _ = signed_in("officer")
    officer.post(path, {"cause": "冒名"})
    assert SelfCheck.objects.get().replied_at is None
    client.post(path, {"cause": "检修后未标记", "measures": "已补标记"})
    check = SelfCheck.objects.get()
    assert (check.cause, check.replied_by) == ("检修后未标记", owner)
    client.post(path, {"cause": "再答一次"})
    check.refresh_from_db()
    assert check.cause == "检修后未标记"
    assert "检修后未标记" in officer.get(f"/alerts/{row.pk}/").content.decode()
    stranger, _ = signed_in(
        "enterprise", organisation=factories.enterprise().organisation
    )
    assert stranger.post(path, {"cause": "x"}).status_code == 404


def test_the_demo_is_seeded_once() -> None:
    seed_people()
    now = clock.now()
    demo.seed(now=now, scale=1)
    counts = (
        Alert.objects.count(),
        Subscription.objects.count(),
        DutyShift.objects.count(),
        Rule.objects.count(),
    )
    assert counts[0] == demo.PAST
    assert min(counts) > 0
    demo.seed(now=now, scale=1)
    assert counts == (
        Alert.objects.count(),
        Subscription.objects.count(),
        DutyShift.objects.count(),
        Rule.objects.count(),
    )
    assert route_pending(now=now) == 0
    assert Delivery.objects.count() == 0
    assert rules.run_active_rules(now=now) == {}


@pytest.mark.parametrize(
    "model",
    [
        "channel",
        "kindsetting",
        "subscription",
        "dutyplan",
        "webhook",
        "escalationladder",
    ],
)
def test_admin_lists_and_forms_open(model: str) -> None:
    client, user = signed_in("admin")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert client.get(f"/admin/alerts/{model}/").status_code == 200
    assert client.get(f"/admin/alerts/{model}/add/").status_code == 200


def test_secrets_and_suspects_in_the_admin() -> None:
    client, user = signed_in("admin")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    row = channel("sms", "sms_aliyun", secret='{"access_key_secret": "hush-hush"}')
    page = client.get(f"/admin/alerts/channel/{row.pk}/change/")
    assert "hush-hush" not in page.content.decode()
    answer = client.post(
        "/admin/alerts/kindsetting/add/",
        {"kind": "stopped-running", "enterprise_first": "true", "self_check_hours": 24},
    )
    assert "不得先告知企业" in answer.content.decode()
