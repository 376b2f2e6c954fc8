from typing import Any

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.overview.selectors.actions import ACTIONS, Action
from bozhou_eco.overview.selectors.search import initials, matches
from tests import factories
from tests.vehicles import station_makers
from vehicles.models import Vehicle

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


@pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER])
def test_actions_are_only_those_that_may_be_done(client: Client, role: Role) -> None:
    client.force_login(factories.user(role))
    hits = found(client, "djxs")  # 登记线索
    assert hits.get("操作", []) == (["登记线索"] if role == Role.OFFICER else [])


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.view)
def test_every_action_begins_for_everybody_who_may(
    client: Client, action: Action
) -> None:
    for role in action.roles:
        client.force_login(factories.user(role))
        assert client.get(action.url).status_code == 200, role


def test_stations_and_vehicles_are_found(client: Client) -> None:
    station = station_makers.station()
    Vehicle.objects.create(plate="新E77777", plate_color="blue", near_key="新E77777")
    client.force_login(factories.user(Role.OFFICER))
    assert found(client, "新e777")["机动车"] == ["新E77777"]
    assert found(client, station.name)["检验机构"] == [station.name]


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
