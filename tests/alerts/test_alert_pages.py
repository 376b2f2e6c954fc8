"""预警中心: list, filters, paging, card; everything from outside is escaped."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from alerts.models import Alert
from alerts.services import clear_alert
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return factories.user("officer")


@pytest.fixture
def client(officer: User) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def shown(client: Client, query: str = "") -> list[int]:
    page = client.get(f"/alerts/{query}")
    assert page.status_code == 200
    return [int(pk) for pk in re.findall(r'id="alert-(\d+)"', page.content.decode())]


def test_unanswered_worst_newest_first(client: Client, officer: User) -> None:
    now = clock.now()
    old = alert(severity="major", now=now - timedelta(hours=1))
    new = alert(severity="major", now=now)
    worst = alert(severity="critical", now=now - timedelta(hours=2))
    taken = alert(severity="critical", now=now)
    client.post(f"/api/v1/alerts/{taken.pk}/acknowledge/")
    assert shown(client) == [worst.pk, new.pk, old.pk, taken.pk]


def test_filters_come_from_the_address(client: Client) -> None:
    jinghe = factories.district()
    one = alert(kind="offline", severity="minor", district=jinghe)
    two = alert(severity="critical", subject_name="虚构电厂", subject_key="outlet:9")
    assert shown(client, "?kind=offline") == [one.pk]
    assert shown(client, "?severity=critical&severity=info") == [two.pk]
    assert shown(client, "?district=652722") == [one.pk]
    assert shown(client, "?q=电厂") == [two.pk]
    assert shown(client, "?subject=outlet:9") == [two.pk]
    assert shown(client, "?tab=taken") == []
    assert sorted(shown(client, "?tab=nonsense&severity=fatal")) == [one.pk, two.pk]


def test_an_empty_list_says_why(client: Client) -> None:
    assert "当前没有待处理预警" in client.get("/alerts/").content.decode()
    assert "没有符合筛选条件" in client.get("/alerts/?q=x").content.decode()


def test_pages_follow_each_other_without_gap(client: Client) -> None:
    now = clock.now()
    made = [alert(now=now - timedelta(seconds=n // 3)).pk for n in range(120)]
    seen = shown(client)
    page = client.get("/alerts/").content.decode()
    while match := re.search(r'data-next="([^"]+)"', page):
        page = client.get(match[1].replace("&amp;", "&")).content.decode()
        seen += [int(pk) for pk in re.findall(r'id="alert-(\d+)"', page)]
    assert len(seen) == 120
    assert sorted(seen) == sorted(made)


def test_api_pages_likewise(client: Client) -> None:
    made = {alert().pk for _ in range(25)}
    seen: list[int] = []
    after = ""
    while True:
        body = client.get(f"/api/v1/alerts/?limit=10&after={after}").json()
        seen += [row["id"] for row in body["results"]]
        after = body["next"]
        if not after:
            break
    assert len(seen) == 25
    assert set(seen) == made


def test_the_card_explains(client: Client) -> None:
    clear_alert(key="a", now=clock.now(), reason="")
    row = alert(
        key="a",
        explanation={"限值": "100 mg/m3", "表": {"采用": 3.0, "未采用": ["M 2 个"]}},
        legal_article="《大气污染防治法》第九十九条",
    )
    page = client.get(f"/alerts/{row.pk}/").content.decode()
    for text in ("100 mg/m3", "M 2 个", "第九十九条", "没有历史记录", "确认"):
        assert text in page
    assert client.get(f"/alerts/{row.pk}/card/").status_code == 200


def test_similar_alerts_and_their_end(client: Client) -> None:
    past = alert(key="a", subject_key="outlet:1")
    client.post(f"/api/v1/alerts/{past.pk}/dismiss/", {"reason": "maintenance"})
    clear_alert(key="a", now=clock.now(), reason="")
    row = alert(key="a", subject_key="outlet:1")
    assert row.pk != past.pk
    page = client.get(f"/alerts/{row.pk}/card/").content.decode()
    assert "检修维护未标记" in page
    assert f"/alerts/{past.pk}/" in page


def test_markup_in_names_stays_text(client: Client) -> None:
    row = alert(
        summary="<img src=x onerror=alert(1)>{% now %}",
        subject_name="<script>alert(1)</script>",
        explanation={"<b>键</b>": "<i>值</i>"},
    )
    for path in ("/alerts/", f"/alerts/{row.pk}/", f"/alerts/{row.pk}/card/"):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i>值" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;{% now %}" in page


def test_changes_since(client: Client) -> None:
    before = int((clock.now() - timedelta(seconds=1)).timestamp() * 1000)
    row = alert(now=clock.now())
    body = client.get(f"/api/v1/alerts/changes/?since={before}").json()
    assert [a["id"] for a in body["alerts"]] == [row.pk]
    assert not body["reload"]
    assert body["sent"] >= before
    Alert.objects.update(announced_at=clock.now() - timedelta(minutes=5))
    assert (
        client.get(f"/api/v1/alerts/changes/?since={body['sent']}").json()["alerts"]
        == []
    )
    assert client.get("/api/v1/alerts/changes/?since=0").json()["reload"]
    assert client.get("/api/v1/alerts/changes/?since=x").status_code == 400


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_roles_without_facts_are_refused(role: str) -> None:
    client = Client()
    client.force_login(factories.user(role))
    assert client.get("/alerts/").status_code == 403
    assert client.get("/api/v1/alerts/").status_code == 403


def test_strangers_are_sent_to_sign_in() -> None:
    assert Client().get("/alerts/").status_code == 302
    assert Client().get("/api/v1/alerts/").status_code == 403
