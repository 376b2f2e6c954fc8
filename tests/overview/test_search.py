from typing import Any

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.overview.selectors.search import initials, matches
from tests import factories

pytestmark = pytest.mark.django_db


def found(client: Client, text: str) -> dict[str, list[str]]:
    answer = client.get("/search/", {"q": text})
    assert answer.status_code == 200
    groups: list[dict[str, Any]] = answer.json()["groups"]
    return {group["title"]: [i["text"] for i in group["items"]] for group in groups}


def test_initials_of_a_name() -> None:
    assert initials("云岭水泥") == "ylsn"


@pytest.mark.parametrize("text", ["云岭", "ylsn", "YLSN", "ls", "岭 水"])
def test_it_matches(text: str) -> None:
    assert matches(text, "云岭水泥")


@pytest.mark.parametrize("text", ["沙泉", "xyz", "y1"])
def test_it_does_not_match(text: str) -> None:
    assert not matches(text, "云岭水泥")


def test_enterprise_and_outlet_by_initials(client: Client) -> None:
    factories.outlet(factories.enterprise(name="云岭水泥"))
    client.force_login(factories.user(Role.OFFICER))
    hits = found(client, "ylsn")
    assert hits["企业"] == ["云岭水泥"]
    assert hits["排放口"] == ["云岭水泥 · 总排口"]


def test_pages_are_only_those_of_the_own_menu(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    assert found(client, "隔离")["页面"] == ["隔离报文"]
    assert "页面" not in found(client, "后台配置")


def test_other_district_is_not_found(client: Client) -> None:
    factories.outlet(factories.enterprise(factories.district(), name="云岭水泥"))
    away = factories.department(factories.district("652723", "温泉县"))
    client.force_login(factories.user(Role.OFFICER, organisation=away))
    assert found(client, "云岭") == {}


@pytest.mark.parametrize("text", ["", "   ", "%", "'; --", "x" * 500])
def test_odd_text_finds_nothing_and_breaks_nothing(client: Client, text: str) -> None:
    client.force_login(factories.user(Role.OFFICER))
    assert found(client, text) == {}


def test_outsiders_are_refused(client: Client) -> None:
    client.force_login(factories.user(Role.ENTERPRISE))
    assert client.get("/search/", {"q": "云"}).status_code == 403
