import pytest
from django.test import Client, RequestFactory
from pytest_django.asserts import assertRedirects

from bozhou_eco.accounts.models import FACT_ROLES, Role, User
from bozhou_eco.overview.navigation import navigation
from tests import factories

pytestmark = pytest.mark.django_db


def labels(*roles: str) -> set[str]:
    request = RequestFactory().get("/")
    request.user = factories.user(*roles)
    nav = navigation(request)["nav"]
    return {entry["label"] for group in nav["groups"] for entry in group["entries"]}


def test_officer_sees_the_work_but_no_configuration() -> None:
    seen = labels(Role.OFFICER)
    assert {"总览一张图", "预警中心", "案件办理", "污染源清单", "隔离报文"} <= seen
    assert seen.isdisjoint({"后台配置", "安全审计"})


def test_administrator_sees_configuration_but_no_facts() -> None:
    seen = labels(Role.ADMIN)
    assert {"后台配置", "隔离报文"} <= seen
    assert seen.isdisjoint({"总览一张图", "预警中心", "案件办理", "污染源清单"})


def test_enterprise_sees_its_own_lists_only() -> None:
    seen = labels(Role.ENTERPRISE)
    assert "污染源清单" in seen
    assert seen.isdisjoint({"总览一张图", "黑烟抓拍复核", "隔离报文", "后台配置"})


def test_auditor_sees_no_facts() -> None:
    assert labels(Role.AUDITOR).isdisjoint({"总览一张图", "预警中心", "污染源清单"})


FIRST = {
    Role.ENTERPRISE: "/polluters/portal/",
    Role.STATION: "/alerts/",
    Role.PARTNER: "/cases/parts/",
    Role.ADMIN: "/setup/",
    Role.AUDITOR: "/audit/",
}
"""The page on which each role lands that may not see the overview."""


def person(role: Role) -> User:
    if role == Role.ENTERPRISE:
        return factories.user(role, organisation=factories.enterprise().organisation)
    return factories.user(role)


@pytest.mark.parametrize("role", FIRST)
def test_parts_of_the_overview_are_refused_to_outsiders(
    client: Client, role: Role
) -> None:
    client.force_login(person(role))
    assert client.get("/overview/parts/").status_code == 403


@pytest.mark.parametrize("role", Role)
def test_everybody_lands_on_a_page_of_the_own_menu(client: Client, role: Role) -> None:
    client.force_login(person(role))
    answer = client.get("/")
    if role in FACT_ROLES:
        assert answer.status_code == 200
        assert "kpis" in answer.context
        return
    assertRedirects(answer, FIRST[role], target_status_code=200)


def test_of_two_roles_the_first_page_is_the_one_higher_in_the_menu(
    client: Client,
) -> None:
    client.force_login(factories.user(Role.AUDITOR, Role.PARTNER))
    assert client.get("/")["Location"] == FIRST[Role.PARTNER]


def test_without_a_role_the_reason_is_told(client: Client) -> None:
    client.force_login(factories.user())
    answer = client.get("/")
    assert answer.status_code == 403
    assert "请联系管理员分配角色" in answer.content.decode()


def test_overview_asks_strangers_to_sign_in(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/"


def test_counters_are_a_persons_own(client: Client) -> None:
    where = factories.district("652723", "温泉县")
    factories.enterprise(where)
    factories.enterprise(factories.district("652722", "精河县"))
    mine = factories.user(Role.OFFICER, organisation=factories.department(where))
    client.force_login(mine)
    nav = client.get("/polluters/").context["nav"]
    assert nav["counts"]["enterprises"] == 1
