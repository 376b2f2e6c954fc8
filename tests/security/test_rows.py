"""Rows: nobody of another district, firm or station reaches a row by its address.

The demo's data is the world. For every address with an argument the table below names the
model of its row; a new address without a line fails. Each address is asked as somebody of
the row's own district, who must not get 404 (else the test could not fail), and as
somebody of another one, who must.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from alerts.models import DutyShift
from bozhou_eco.accounts.models import Organisation, Role, User
from bozhou_eco.common import clock
from bozhou_eco.overview.management.commands.seed_demo import STEPS
from bozhou_eco.seed.people import seed_people
from tests.security import policy
from tests.security.routes import NOBODYS, Route, routes
from tests.vehicles import capture_factories
from vehicles.models import Finding, Inspection

pytestmark = pytest.mark.xdist_group("rows")  # the demo is seeded once
BUREAU_ROLES = [Role.OFFICER, Role.REVIEWER, Role.LEGAL, Role.LEADER]

# Address (or its beginning, with a star) → model of the row its first argument names.
ROWS = {
    "polluters:enterprise": "polluters.Enterprise",
    "polluters:outlet": "polluters.Outlet",
    "polluters:cells": "polluters.Outlet",
    "polluters:outlet_*": "polluters.Outlet",
    "polluters:commands": "polluters.Outlet",
    "polluters:command_fields": "polluters.Outlet",
    "polluters:command_ask": "polluters.Outlet",
    "polluters:command_decide": "polluters.DeviceCommand",
    "polluters:history": "polluters.Point",
    "polluters:raw_frames": "polluters.Point",
    "polluters:rate_point": "polluters.Point",
    "polluters:mass_days": "polluters.Outlet",
    "polluters:mass_day": "polluters.Point",
    "polluters:exceedance": "polluters.Exceedance",
    "polluters:exceedance_bundle": "polluters.Exceedance",
    "polluters:finding*": "polluters.Finding",
    "polluters:mark*": "polluters.Mark",
    "polluters:explanation": "polluters.Explanation",
    "polluters:explanation_decide": "polluters.Explanation",
    "polluters:portal_file": "polluters.PortalFile",
    "polluters:video_channel": "polluters.VideoChannel",
    "polluters:video_still": "polluters.VideoChannel",
    "polluters:video_stream": "polluters.VideoChannel",
    "polluters:video_picture": "polluters.VideoSnapshot",
    "vehicles:capture*": "vehicles.Capture",
    "vehicles:review_panel": "vehicles.Capture",
    "vehicles:review_give": "vehicles.Capture",
    "vehicles:review_hold": "vehicles.Capture",
    "vehicles:camera*": "vehicles.Camera",
    "vehicles:segment_video": "vehicles.Segment",
    "vehicles:station": "vehicles.Station",
    "vehicles:station_act": "vehicles.Station",
    "vehicles:supervision": "vehicles.Station",
    "vehicles:inspection*": "vehicles.Inspection",
    "vehicles:finding*": "vehicles.Finding",
    "vehicles:file": "vehicles.Vehicle",
    "vehicles:file_owner": "vehicles.Vehicle",
    "vehicles:watch_*": "vehicles.WatchEntry",
    "vehicles:campaign*": "vehicles.RoadCampaign",
    "vehicles:roadcheck_record": "vehicles.RoadCampaign",
    "vehicles:roadcheck_add": "vehicles.RoadCampaign",
    "vehicles:roadcheck": "vehicles.RoadCheck",
    "vehicles:roadcheck_transfer": "vehicles.RoadCheck",
    "vehicles:roadcheck_photo": "vehicles.RoadCheck",
    "vehicles:loop": "vehicles.RepairLoop",
    "alerts:detail": "alerts.Alert",
    "alerts:card": "alerts.Alert",
    "alerts:add_note": "alerts.DutyShift",
    "api-alert": "alerts.Alert",
    "api-alert-*": "alerts.Alert",
    "enforcement:case": "enforcement.Case",
    "enforcement:bundle": "enforcement.Case",
    "enforcement:revisions": "enforcement.Case",
    "enforcement:catalogue": "enforcement.Case",
    "enforcement:act": "enforcement.Case",
    "enforcement:side": "enforcement.Case",
    "enforcement:write": "enforcement.Case",
    "enforcement:add_file": "enforcement.Case",
    "enforcement:check_files": "enforcement.Case",
    "enforcement:file": "enforcement.CaseFile case",
    "enforcement:document": "enforcement.Document case",
    "enforcement:serve": "enforcement.Document case",
    "enforcement:void": "enforcement.Document case",
    "enforcement:download": "enforcement.Document case",
}
# Addresses whose argument names no row of a district, with the reason.
ELSEWHERE = {
    "overview:figure": "a definition; its records are scoped by the selectors",
    "overview:audit_entry": "the auditor's, who sees the whole log",
    "overview:hold_release": "holds of the whole bureau: tests/evidence/test_retention.py",
    "overview:weekly*": "prefecture-wide reports of the bureau",
    "overview:visit*": "the own visits only: tests/enforcement/test_fieldwork.py",
    "overview:help_page": "the manual",
    "overview:help_picture": "the manual",
    "polluters:quarantine*": "frames that no district could be found for",
    "polluters:unmapped": "codes that no district could be found for",
    "polluters:ledger_*": "lists of the ledger: tests/polluters",
    "polluters:explanation_answer": "the party's own: tests/polluters/test_portal.py",
    "polluters:curve_export": "points are scoped inside: tests/polluters",
    "vehicles:objection_*": "the token is the key; answers: tests/vehicles",
    "vehicles:review_undo": "the own verdict: tests/vehicles/test_capture_review.py",
    "vehicles:vision_model_activate": "models of the whole site",
    "vehicles:import_*": "imports of the whole bureau",
    "vehicles:plate_answer": "the own question",
    "vehicles:exchange_*": "exchange of the whole bureau",
    "alerts:notice": "the token is the key",
    "alerts:test_channel": "the own channel",
    "alerts:delete_view": "the own view",
    "alerts:decide_swap": "the own shift: tests/alerts/test_more_pages.py",
    "alerts:rule": "rules of the whole site",
    "alerts:backtest": "rules of the whole site",
    "alerts:move_rule": "rules of the whole site",
    "alerts:webhook_*": "webhooks of the whole site",
    "alerts:reply": "the party's own: tests/alerts/test_more_pages.py",
    "enforcement:figure": "a definition; its records are scoped by the selectors",
    "enforcement:feed": "the token is the key",
    "enforcement:part*": "another department's part: tests/enforcement",
    "enforcement:parcel*": "exchange of the whole bureau",
}
# What the demo holds no row of that one district sees and the other does not.
UNSEEDED = frozenset({"polluters.DeviceCommand", "polluters.VideoSnapshot"})
# Rows whose page is a file that is not there in a test.
FILES = frozenset({"vehicles.Segment"})
# Bodies that pass the first look, so that the answer is about the row.
BODIES = {
    "api-alert-shelve": {"minutes": 60, "reason": "x"},
    "api-alert-dismiss": {"reason": "device_fault", "note": "x"},
    "api-alert-comment": {"text": "x"},
}


def lookup(table: dict[str, str], name: str) -> str:
    """Return the entry of a name: exact, else the longest beginning with a star."""
    if name in table:
        return table[name]
    stars = [key for key in table if key.endswith("*") and name.startswith(key[:-1])]
    return table[max(stars, key=len)] if stars else ""


def with_arguments() -> list[Route]:
    return [
        route
        for route in routes()
        if route.name in policy.ROLES
        and ("<" in route.pattern or "(?P" in route.pattern)
    ]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo's data, and two people of two districts who hold every role."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = clock.now()
        seed_people()
        for step in STEPS:
            import_module(step).seed(now=now, scale=1)
        for name, code in (("own", "DEPT-652722"), ("other", "DEPT-652723")):
            User.objects.create(
                username=name,
                name=name,
                roles=list(BUREAU_ROLES),
                organisation=Organisation.objects.get(code=code),
            )
        _more(now)
        yield
        transaction.set_rollback(True)


def _more(now: datetime) -> None:
    """Add what only running processes make in the demo, all of it in 精河县."""
    captured = capture_factories.capture(at=now - timedelta(hours=1))
    assert captured.camera.site.district.name == "精河县"
    test = Inspection.objects.filter(station__district__name="精河县").first()
    assert test is not None
    Finding.objects.create(
        station=test.station,
        inspection=test,
        rule="rows_differ",
        score=0.9,
        why="x",
        occurred_at=now,
        at=now,
    )
    DutyShift.objects.create(
        user=User.objects.get(username="jinghe"),
        district=test.station.district,
        starts_at=now,
        ends_at=now + timedelta(hours=8),
    )


@pytest.fixture
def database(world: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def person(name: str) -> User:
    return User.objects.select_related("organisation").get(username=name)


def scoped(entry: str, user: User) -> "models.QuerySet":
    label, _, parent = entry.partition(" ")
    model = apps.get_model(label)
    if not parent:
        return model.objects.visible_to(user)
    above = model._meta.get_field(parent).related_model
    return model.objects.filter(**{f"{parent}__in": above.objects.visible_to(user)})


def key_of(row: models.Model) -> object:
    return row.code if type(row).__name__ == "Station" else row.pk


def path_of(route: Route, row: models.Model) -> str:
    """Put the row's key in the place of the first argument."""
    start = min(
        i for i in (route.pattern.find("<"), route.pattern.find("(?P")) if i >= 0
    )
    rest = route.path[start + 1 :]
    value = next(one for one in (NOBODYS, "none", "0") if rest.startswith(one))
    return f"{route.path[: start + 1]}{key_of(row)}{rest[len(value) :]}"


def ask(client: Client, path: str, body: dict[str, object] | None = None) -> list[int]:
    sent = client.post(path, body or {}, content_type="application/json")
    got = [client.get(path).status_code, sent.status_code]
    return [status for status in got if status != 405]


def test_every_address_with_an_argument_has_a_line() -> None:
    lost = [
        route.name
        for route in with_arguments()
        if not lookup(ROWS, route.name) and not lookup(ELSEWHERE, route.name)
    ]
    assert lost == [], "add a line to ROWS or ELSEWHERE"


@pytest.mark.parametrize("route", with_arguments(), ids=lambda route: route.name)
def test_another_district_gets_404(route: Route, database: None) -> None:
    entry = lookup(ROWS, route.name)
    if not entry:
        return
    own, other = person("own"), person("other")
    seen = set(scoped(entry, other).values_list("pk", flat=True))
    row = scoped(entry, own).exclude(pk__in=seen).first()
    if row is None:
        assert entry in UNSEEDED, f"the demo holds no {entry} of 精河县"
        return
    path = path_of(route, row)
    with transaction.atomic():
        client = Client(raise_request_exception=False)
        client.force_login(other)
        assert set(ask(client, path, BODIES.get(route.name))) <= {404}, (
            f"{route.name} {path}"
        )
        transaction.set_rollback(True)


@pytest.mark.parametrize("entry", sorted(set(ROWS.values()) - UNSEEDED - FILES))
def test_the_own_district_gets_in(entry: str, database: None) -> None:
    """The first page of each row opens for its own district: the 404 above is about scope."""
    own = person("own")
    other = person("other")
    seen = set(scoped(entry, other).values_list("pk", flat=True))
    row = scoped(entry, own).exclude(pk__in=seen).first()
    assert row is not None
    client = Client(raise_request_exception=False)
    client.force_login(own)
    with transaction.atomic():
        got = {
            route.name: client.get(path_of(route, row)).status_code
            for route in with_arguments()
            if lookup(ROWS, route.name) == entry
        }
        transaction.set_rollback(True)
    assert any(status in (200, 405) for status in got.values()), got


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.STATION])
def test_another_party_gets_404(role: str, database: None) -> None:
    """A firm or station of the demo reaches no row of another one."""
    party = User.objects.filter(roles=[role]).select_related("organisation").first()
    if party is None:
        kind = "enterprise" if role == Role.ENTERPRISE else "station"
        party = User.objects.create(
            username=f"party-{role}",
            name=role,
            roles=[role],
            organisation=Organisation.objects.filter(kind=kind).first(),
        )
    client = Client(raise_request_exception=False)
    client.force_login(party)
    leaks = []
    with transaction.atomic():
        for route in with_arguments():
            entry = lookup(ROWS, route.name)
            if not entry or role not in policy.ROLES[route.name]:
                continue
            mine = set(scoped(entry, party).values_list("pk", flat=True))
            everyone = scoped(entry, User.objects.get(username="officer"))
            row = everyone.exclude(pk__in=mine).first()
            if row is not None and set(ask(client, path_of(route, row))) - {403, 404}:
                leaks.append(route.name)
        transaction.set_rollback(True)
    assert leaks == []
