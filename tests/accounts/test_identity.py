"""Acts that bind ask again who is there, and nothing that was filled in is lost."""

import re
import time

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bozhou_eco.accounts.identity import FIELD
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.seed.people import demo_secret
from enforcement.domain.workflow import Action
from enforcement.views.moves import BINDING
from tests import factories
from tests.security import policy
from tests.security.routes import NOBODYS

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
MODELS = "/vehicles/models/retire/"
EXPORT = "/vehicles/watchlist/export/"


@pytest.fixture(autouse=True)
def _window(settings) -> None:
    settings.REAUTHENTICATE_SECONDS = 1800


@pytest.fixture
def leader():
    return factories.user(Role.LEADER)


def sign_in(client: Client, user) -> None:
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)


def age(client: Client, seconds: float) -> None:
    """Let the session's proofs be older."""
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= seconds
    session.save()


def carried(page: str) -> dict[str, str]:
    """Read the fields a browser would send from the question page."""
    return dict(
        re.findall(
            r'<textarea name="([^"]+)" hidden[^>]*>\n(.*?)</textarea>', page, re.S
        )
    )


def test_signing_in_counts_for_the_window(client, leader):
    sign_in(client, leader)
    assert client.post(MODELS).url == "/vehicles/models/"
    age(client, 1801)
    answer = client.post(MODELS)
    assert answer.status_code == 200
    assert "确认身份" in answer.content.decode()


def test_a_session_that_proved_nothing_is_asked(client, leader):
    client.force_login(leader)
    assert "确认身份" in client.post(MODELS).content.decode()


def test_the_form_goes_through_the_question_whole(client, leader):
    sign_in(client, leader)
    age(client, 3600)
    given = {"format": "csv", "q": '新E "<b>&amp;\n第二行', "trigger": ""}
    page = client.post(EXPORT, given).content.decode()
    kept = carried(page)
    assert set(kept) == set(given)
    assert kept["q"] == "新E &quot;&lt;b&gt;&amp;amp;\n第二行"
    wrong = client.post(EXPORT, {**given, FIELD: "not-the-password"})
    assert wrong.status_code == 422
    assert "口令或动态验证码不正确" in wrong.content.decode()
    assert carried(wrong.content.decode()) == kept
    assert FIELD not in kept
    done = client.post(EXPORT, {**given, FIELD: PASSWORD})
    assert done.headers["Content-Type"].startswith("text/csv")
    again = client.post(EXPORT, given)
    assert again.headers["Content-Type"].startswith("text/csv"), "one question a window"
    acts = AuditEntry.objects.filter(act__startswith="identity.")
    assert list(acts.order_by("id").values_list("act", flat=True)) == [
        "identity.failed",
        "identity.ok",
    ]


def test_a_code_is_as_good_as_the_password_and_serves_once(client, leader):
    sign_in(client, leader)
    secret = demo_secret(leader.username)
    TOTP.activate(leader, secret)
    age(client, 3600)
    code = format_hotp_value(hotp_value(secret, int(time.time() // 30)))
    assert client.post(MODELS, {FIELD: code}).url == "/vehicles/models/"
    age(client, 3600)
    assert client.post(MODELS, {FIELD: code}).status_code == 422


def test_guessing_is_limited(client, leader):
    sign_in(client, leader)
    age(client, 3600)
    for _ in range(11):
        answer = client.post(MODELS, {FIELD: "wrong-wrong-wrong"})
        assert answer.status_code == 422
    answer = client.post(MODELS, {FIELD: PASSWORD})
    assert answer.status_code == 422, "the right one comes too late"


def test_an_empty_answer_is_no_proof(client, leader):
    sign_in(client, leader)
    age(client, 3600)
    answer = client.post(MODELS, {FIELD: " "})
    assert answer.status_code == 422
    answer = client.post(MODELS, {FIELD: ""})
    assert "尚未确认身份" in answer.content.decode()


@pytest.mark.parametrize("header", ["HTTP_HX_REQUEST", "HTTP_X_REQUESTED_WITH"])
def test_a_script_is_sent_to_the_page_of_its_own(client, leader, header):
    sign_in(client, leader)
    age(client, 3600)
    answer = client.post(MODELS, **{header: "true"})
    assert answer.url == "/accounts/identity/"
    assert "口令" in client.get(answer.url).content.decode()
    done = client.post(answer.url, {FIELD: PASSWORD})
    assert "回到原页面" in done.content.decode()
    assert client.post(MODELS, **{header: "true"}).url == "/vehicles/models/"


def test_a_download_comes_after_the_question(client):
    auditor = factories.user(Role.AUDITOR)
    sign_in(client, auditor)
    age(client, 3600)
    asked = client.get("/audit/export/?act=login")
    assert asked.url == "/accounts/identity/?next=%2Faudit%2Fexport%2F%3Fact%3Dlogin"
    done = client.post(asked.url, {FIELD: PASSWORD, "next": "/audit/export/?act=login"})
    assert 'href="/audit/export/?act=login"' in done.content.decode()
    assert client.get("/audit/export/?act=login").status_code == 200


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_the_question_leads_nowhere_else(client, leader, onward):
    sign_in(client, leader)
    page = client.get("/accounts/identity/", {"next": onward}).content.decode()
    assert "evil" not in page
    assert "javascript:" not in page


def test_looking_and_drafts_ask_nothing(client, leader):
    client.force_login(leader)
    assert client.get("/vehicles/models/").status_code == 200
    assert client.get("/cases/").status_code == 200


def test_the_wrong_role_is_refused_before_it_is_asked(client):
    client.force_login(factories.user(Role.OFFICER))
    assert client.post(MODELS).status_code == 403


def binding_routes() -> set[str]:
    """Return the names of every view that asks who is there."""
    found: set[str] = set()

    def walk(resolver: URLResolver, space: str) -> None:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                inner = f"{space}{entry.namespace}:" if entry.namespace else space
                walk(entry, inner)
            elif isinstance(entry, URLPattern) and hasattr(
                entry.callback, "asks_identity"
            ):
                found.add(f"{space}{entry.name}")

    walk(get_resolver(), "")
    return found


def test_the_table_of_binding_acts_is_whole():
    assert binding_routes() == policy.BINDING


def test_giving_roles_asks(client):
    admin = factories.user(Role.ADMIN)
    admin.is_staff = admin.is_superuser = True
    admin.save()
    other = factories.user(Role.OFFICER)
    client.force_login(admin)
    path = f"/admin/accounts/user/{other.pk}/change/"
    assert "确认身份" not in client.get(path).content.decode()
    answer = client.post(path, {"username": other.username, "roles": Role.LEADER})
    assert carried(answer.content.decode())["roles"] == Role.LEADER
    other.refresh_from_db()
    assert other.roles == [Role.OFFICER]


def test_a_decision_of_a_case_asks(client, leader):
    deciding = {a for a in Action if a.name.startswith(("APPROVE", "DECIDE", "PASS"))}
    assert deciding <= BINDING
    assert Action.TAKE_UP not in BINDING
    client.force_login(leader)
    approving = client.post("/cases/1/act/approve_filing/", {"note": "理由"})
    assert carried(approving.content.decode()) == {"note": "理由"}
    assert client.post("/cases/1/act/take_up/", {"note": "理由"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/polluters/commands/1/approve/",
        "/polluters/explanations/1/decide/",
        "/vehicles/captures/1/transfer.zip",
        f"/vehicles/roadchecks/checks/{NOBODYS}/transfer/",
    ],
)
def test_what_leaves_the_bureau_or_reaches_a_device_asks(client, path):
    """By a direct POST too, without the page that has the button."""
    client.force_login(factories.user(Role.OFFICER, Role.LEADER))
    asked = client.post(path, {"note": "理由"})
    assert carried(asked.content.decode()) == {"note": "理由"}
    assert client.get(path).status_code in (302, 405)
    scripted = client.post(path, {"note": "x"}, headers={"HX-Request": "true"})
    assert scripted.headers["Location"] == "/accounts/identity/"


def test_taking_a_command_back_asks_nothing(client):
    client.force_login(factories.user(Role.OFFICER))
    assert client.post("/polluters/commands/1/cancel/").status_code == 404
