"""The doors: roles, second factor, idle sessions, closed sign-up, admin."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.admin import site
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from bozhou_eco.accounts.access import role_required
from bozhou_eco.accounts.models import District, Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.seed.people import demo_secret
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"


@role_required(Role.LEGAL)
def legal_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def test_roles_at_the_door(rf: RequestFactory) -> None:
    request = rf.get("/x")
    request.user = factories.user(Role.LEGAL)
    assert legal_only(request).content == b"ok"
    request.user = factories.user(Role.OFFICER, Role.LEADER)
    with pytest.raises(PermissionDenied):
        legal_only(request)
    request.user = AnonymousUser()
    assert legal_only(request).status_code == 302


def test_sign_up_is_closed(client: Client) -> None:
    answer = client.post(
        "/accounts/signup/",
        {"username": "me", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert not factories.User.objects.filter(username="me").exists()
    assert answer.status_code == 200


@pytest.mark.parametrize("rest", ["", "done/", "key/1-abc-def/", "key/done/"])
def test_nobody_gets_a_new_password_by_mail(
    client: Client, rest: str, mailoutbox: list[object]
) -> None:
    """Neither a letter nor a difference between a known and an unknown address."""
    user = factories.user(Role.OFFICER)
    user.email = "officer@example.cn"
    user.save()
    for email in (user.email, "nobody@example.cn"):
        answer = client.post(f"/accounts/password/reset/{rest}", {"email": email})
        assert answer.status_code == 404
    assert client.get(f"/accounts/password/reset/{rest}").status_code == 404
    assert mailoutbox == []
    assert "password/reset" not in client.get("/accounts/login/").content.decode()


def test_login_asks_for_the_second_factor(client: Client) -> None:
    user = factories.user(Role.OFFICER)
    secret = demo_secret(user.username)
    TOTP.activate(user, secret)
    answer = client.post(
        "/accounts/login/", {"login": user.username, "password": PASSWORD}
    )
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
    code = format_hotp_value(hotp_value(secret, int(time.time() // 30)))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_wrong_code_lets_nobody_in(client: Client) -> None:
    user = factories.user(Role.OFFICER)
    TOTP.activate(user, demo_secret(user.username))
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_staff_without_a_second_factor_must_set_one_up(
    client: Client, settings
) -> None:
    settings.MFA_REQUIRED = True
    client.force_login(factories.user(Role.OFFICER))
    assert client.get("/").headers["Location"] == "/accounts/2fa/totp/activate/"
    with_factor = factories.user(Role.OFFICER)
    Authenticator.objects.create(user=with_factor, type="totp", data={})
    client.force_login(with_factor)
    assert "totp" not in client.get("/").headers.get("Location", "")


def test_a_second_factor_that_is_taken_away_is_missed_at_once(
    client: Client, settings
) -> None:
    settings.MFA_REQUIRED = True
    user = factories.user(Role.OFFICER)
    secret = demo_secret(user.username)
    TOTP.activate(user, secret)
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    code = format_hotp_value(hotp_value(secret, int(time.time() // 30)))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/alerts/").status_code == 200
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=user, type="totp").exists()
    assert client.get("/alerts/").headers["Location"] == "/accounts/2fa/totp/activate/"


def admin_form(user: User, **given: object) -> ModelForm:
    """Fill in the administrator's page of a user."""
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True)
    form = site.get_model_admin(User).get_form(request, user, change=True)
    fields = {"username": user.username, "name": user.name, "roles": user.roles}
    return form(data=fields | {"is_active": "on"} | given, instance=user)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": "\u043efficer"}, "username"),  # Cyrillic о
        ({"username": "offic\u200ber"}, "username"),
        ({"username": "KNOWN"}, "username"),
        ({"roles": [Role.ADMIN, Role.OFFICER]}, "roles"),
        ({"roles": [Role.AUDITOR, Role.ADMIN]}, "roles"),
        ({"roles": [Role.AUDITOR, Role.LEADER]}, "roles"),
        ({"roles": [Role.OFFICER], "is_superuser": "on"}, "is_superuser"),
        ({"roles": [Role.LEADER], "is_staff": "on"}, "is_staff"),
    ],
    ids=range(8),
)
def test_an_account_is_nobody_elses_and_keeps_duties_apart(
    given: dict[str, object], field: str
) -> None:
    known = factories.user(Role.OFFICER)
    User.objects.filter(pk=known.pk).update(username="known")
    form = admin_form(factories.user(Role.OFFICER), **given)
    assert not form.is_valid()
    assert field in form.errors


def test_sound_accounts_are_taken() -> None:
    user = factories.user(Role.OFFICER)
    assert admin_form(user, roles=[Role.OFFICER, Role.REVIEWER]).is_valid()
    assert admin_form(user, username="巴特尔.2", roles=[Role.AUDITOR]).is_valid()
    own = admin_form(
        user, username=user.username.upper(), roles=[Role.ADMIN], is_staff="on"
    )
    assert own.is_valid(), own.errors


@pytest.mark.parametrize(
    ("name", "status"), [("gulnar", 302), ("\u0261ulnar", 200)], ids=["sound", "alike"]
)
def test_an_account_is_made_by_the_same_rules(
    client: Client, name: str, status: int
) -> None:
    admin = factories.user(Role.ADMIN)
    admin.is_staff = admin.is_superuser = True
    admin.save()
    client.force_login(admin)
    given = {"username": name, "name": "古丽娜", "roles": Role.OFFICER}
    words = {"password1": "a-Long-pass-2026", "password2": "a-Long-pass-2026"}
    answer = client.post("/admin/accounts/user/add/", given | words)
    assert answer.status_code == status
    assert User.objects.filter(username=name).exists() == (status == 302)


def test_the_rest_interface_waits_for_the_second_factor_too(
    client: Client, settings
) -> None:
    settings.MFA_REQUIRED = True
    client.force_login(factories.user(Role.OFFICER))
    for path in ("/api/v1/alerts/", "/api/v1/captures/", "/api/schema/"):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "second_factor_missing"
    with_factor = factories.user(Role.OFFICER)
    Authenticator.objects.create(user=with_factor, type="totp", data={})
    client.force_login(with_factor)
    assert client.get("/api/v1/alerts/").status_code == 200


def test_an_idle_session_ends(client: Client, settings) -> None:
    settings.SESSION_IDLE_SECONDS = 60
    client.force_login(factories.user(Role.OFFICER))
    client.get("/accounts/email/")
    session = client.session
    session["last_seen"] = int(time.time()) - 120
    session.save()
    answer = client.get("/accounts/sessions/")
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_login_failures_are_limited(client: Client) -> None:
    user = factories.user(Role.OFFICER)
    for _ in range(6):
        client.post("/accounts/login/", {"login": user.username, "password": "wrong"})
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_the_admin_is_for_staff_and_its_saves_are_audited(client: Client) -> None:
    officer = factories.user(Role.OFFICER)
    client.force_login(officer)
    assert client.get("/admin/").status_code in (302, 403)
    admin = factories.user(Role.ADMIN)
    admin.is_staff = admin.is_superuser = True
    admin.save()
    client.force_login(admin)
    answer = client.post(
        "/admin/accounts/district/add/", {"code": "659007", "name": "双河市"}
    )
    assert answer.status_code == 302
    made = District.objects.get(code="659007")
    entry = AuditEntry.objects.get(act="config.add")
    assert entry.subject == f"accounts.district:{made.pk}"
    assert entry.actor == admin
    client.post(f"/admin/accounts/district/{made.pk}/delete/", {"post": "yes"})
    assert not District.objects.filter(pk=made.pk).exists()
    assert AuditEntry.objects.filter(act="config.delete").count() == 1


def test_every_answer_carries_a_strict_policy(client: Client) -> None:
    page = client.get("/accounts/login/")
    policy = page.headers["Content-Security-Policy"]
    scripts = next(p for p in policy.split(";") if p.strip().startswith("script-src"))
    assert "unsafe" not in scripts
    admin = client.get("/admin/login/")
    if "Content-Security-Policy" in admin.headers:
        assert (
            "unsafe-inline"
            not in admin.headers["Content-Security-Policy"].split("style-src")[0]
        )
    assert page.headers["X-Frame-Options"] == "DENY"
    assert len(page.headers["X-Request-ID"]) == 32


def test_what_a_person_sees_is_kept_in_no_shared_cache(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    for path in ("/", "/alerts/", "/vehicles/files/", "/api/v1/alerts/"):
        assert "private" in client.get(path).headers["Cache-Control"], path
    assert "Cache-Control" not in Client().get("/alerts/").headers
