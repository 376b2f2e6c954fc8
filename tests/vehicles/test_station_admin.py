"""Thresholds are rows: edited in the admin, every change a new version."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.station_makers import station
from vehicles.models import FraudRule, StationCredential
from vehicles.services.findings import rules_in_force

pytestmark = pytest.mark.django_db
URL = "/admin/vehicles/fraudrule/"


def administrator() -> Client:
    user = factories.user(Role.ADMIN)
    user.is_staff = user.is_superuser = True
    user.save()
    browser = Client()
    browser.force_login(user)
    return browser


def change(browser: Client, code: str, values: str):
    row = rules_in_force()[code]
    given = {"code": code, "values": values, "source": "州局确认", "enabled": "on"}
    return browser.post(f"{URL}{row.pk}/change/", given)


def test_a_changed_threshold_is_a_new_version():
    browser = administrator()
    before = rules_in_force()["low_co_co2"]
    assert change(browser, "low_co_co2", '{"floor_pct": 5.0}').status_code == 302
    after = rules_in_force()["low_co_co2"]
    assert (after.version, after.values) == (before.version + 1, {"floor_pct": 5.0})
    before.refresh_from_db()
    assert before.values == {}
    assert AuditEntry.objects.filter(act="config.add").exists()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ('{"floor": 5}', "没有参数 floor"),
        ('{"floor_pct": "5"}', "应为 float"),
        ("[1]", "应为 {参数: 值}"),
    ],
)
def test_unknown_parameters_are_named(values, says):
    answer = change(administrator(), "low_co_co2", values)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert FraudRule.objects.filter(code="low_co_co2").count() == 1


@pytest.mark.parametrize(
    "name",
    [
        *("station", "dialect", "limitrow", "inspectionsettings"),
        *("supervisionsettings", "fraudrule"),
    ],
)
def test_every_list_of_the_admin_opens(name):
    station()
    assert administrator().get(f"/admin/vehicles/{name}/").status_code == 200


def test_keys_are_issued_rotated_and_revoked_by_command(capsys):
    made = station()
    call_command("station_key", made.code, "--signed", "--address", "10.0.0.0/8")
    told = capsys.readouterr().out
    assert "密钥：" in told
    assert "签名密钥：" in told
    held = StationCredential.objects.get()
    call_command("station_key", made.code, "--rotate", held.prefix)
    fresh = StationCredential.objects.exclude(pk=held.pk).get()
    assert fresh.addresses == ["10.0.0.0/8"]
    call_command("station_key", made.code, "--revoke", fresh.prefix)
    fresh.refresh_from_db()
    assert fresh.revoked_at is not None
    with pytest.raises(CommandError, match="没有前缀"):
        call_command("station_key", made.code, "--revoke", fresh.prefix)
    with pytest.raises(CommandError, match="address"):
        call_command("station_key", made.code, "--address", "nowhere")
