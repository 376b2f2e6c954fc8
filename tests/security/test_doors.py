"""The deny matrix: every address × every role and nobody, from the URL configuration."""

import pytest
from django.contrib import admin
from django.test import Client

from bozhou_eco.accounts.models import Role, User
from tests import factories
from tests.security import policy
from tests.security.routes import routes

pytestmark = pytest.mark.django_db
VIEWERS = ("nobody", *Role.values)
OWN = [r for r in routes() if not r.pattern.startswith(("admin/", "accounts/"))]
ALLAUTH = [r for r in routes() if r.pattern.startswith("accounts/")]
ADMIN = [r for r in routes() if r.pattern.startswith("admin/")]


@pytest.fixture
def people():
    """One person of each role, with all that the role needs."""
    made: dict[str, User] = {}
    for role in Role:
        organisation = None
        if role == Role.ENTERPRISE:
            organisation = factories.enterprise().organisation
        made[role] = factories.user(role, organisation=organisation)
    User.objects.filter(pk=made[Role.ADMIN].pk).update(is_staff=True, is_superuser=True)
    return made


def client_of(viewer: str, people: dict[str, User]) -> Client:
    client = Client(raise_request_exception=False)
    if viewer != "nobody":
        client.force_login(people[viewer])
    return client


def answers(client: Client, path: str) -> list[int]:
    """Return the status of GET and of POST, a method that is not offered left out."""
    got = [client.get(path), client.post(path, {})]
    for answer in got:
        if answer.status_code == 302 and "/accounts/login/" in answer["Location"]:
            answer.status_code = 401
    return [a.status_code for a in got if a.status_code != 405]


def test_every_address_has_a_rule():
    names = {
        route.name for route in OWN if not route.pattern.startswith(policy.BY_KEY_BELOW)
    }
    ruled = set(policy.ROLES) | policy.PUBLIC | policy.BY_KEY
    assert names - ruled == set(), "add a line to tests/security/policy.py"
    assert ruled - names == set(), "a rule without an address"


def wrong(viewer: str, allowed: frozenset[Role], got: list[int]) -> bool:
    """Return whether the answers are not what the policy wants."""
    if viewer == "nobody":
        return not got or not set(got) <= {401, 403}
    if viewer in allowed:
        return bool(set(got) & {401, 403}) or any(status >= 500 for status in got)
    return not set(got) <= {403}


@pytest.mark.parametrize("viewer", VIEWERS)
def test_doors(viewer, people):
    client = client_of(viewer, people)
    told = []
    for route in OWN:
        if route.name in policy.ROLES:
            allowed = policy.ROLES[route.name]
            got = answers(client, route.path)
            if wrong(viewer, allowed, got):
                told.append(f"{viewer} at {route.name} {route.path}: {got}")
    assert told == []


@pytest.mark.parametrize("viewer", VIEWERS)
def test_a_session_opens_no_door_of_machines(viewer, people):
    client = client_of(viewer, people)
    for route in OWN:
        by_key = route.pattern.startswith(policy.BY_KEY_BELOW)
        if by_key or route.name in policy.BY_KEY - {"metrics"}:
            got = answers(client, route.path)
            assert set(got) <= {401, 403}, (route, got)


def test_public_addresses_give_nothing_without_their_token(people):
    client = client_of("nobody", people)
    for route in OWN:
        if route.name in policy.PUBLIC:
            got = answers(client, route.path)
            assert all(status < 500 for status in got), (route, got)
            if "<" in route.pattern:
                assert set(got) <= {403, 404, 409}, (route, got)


def test_account_pages_are_for_oneself(people):
    client = client_of("nobody", people)
    for route in ALLAUTH:
        got = answers(client, route.path)
        assert all(status < 500 for status in got), (route, got)
        if route.name not in policy.SIGN_IN:
            assert set(got) <= {301, 302, 401, 403, 404}, (route, got)


def test_admin_holds_configuration_only():
    held = {model._meta.label for model in admin.site._registry}
    assert held == policy.ADMIN_MODELS


@pytest.mark.parametrize("viewer", [v for v in VIEWERS if v != Role.ADMIN])
def test_admin_is_for_administrators(viewer, people):
    client = client_of(viewer, people)
    for route in ADMIN:
        if route.name in ("admin:login", "admin:logout", "admin:jsi18n"):
            continue
        answer = client.get(route.path)
        assert answer.status_code in (302, 403, 404), (viewer, route.path)
        assert b"changelist" not in answer.content, (viewer, route.path)


def test_administrators_reach_the_admin(people):
    client = client_of(Role.ADMIN, people)
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(path).status_code == 200, path
