"""Browsers register for Web Push; only known push services, only one's own browser."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from alerts.models import Channel, PushSubscription
from alerts.services.push_browsers import b64, public_key, unb64
from tests import factories

pytestmark = pytest.mark.django_db
ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/abc"


def registration(**changes: Any) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    given = {"endpoint": ENDPOINT, "p256dh": b64(point), "auth": b64(b"a" * 16)}
    return given | changes


@pytest.fixture
def client() -> Client:
    call_command("make_push_keys", "mailto:ops@example.invalid")
    client = Client()
    client.force_login(factories.user("officer"))
    return client


def post(client: Client, given: dict[str, Any]) -> Any:
    return client.post("/api/v1/push/", given, content_type="application/json")


def test_the_key_is_the_public_one_of_the_channel(client: Client) -> None:
    channel = Channel.objects.get(code="webpush")
    key = client.get("/api/v1/push/").json()["key"]
    assert key == public_key(channel)
    assert len(unb64(key)) == 65
    assert json.loads(channel.secret)["private_key"] not in key
    Channel.objects.filter(code="webpush").update(enabled=False)
    assert client.get("/api/v1/push/").json()["key"] == ""
    assert post(client, registration()).status_code == 409


def test_register_again_hand_over_and_forget(client: Client) -> None:
    assert post(client, registration()).status_code == 201
    assert post(client, registration()).status_code == 201
    row = PushSubscription.objects.get()
    other = Client()
    other_user = factories.user("officer")
    other.force_login(other_user)
    assert post(other, registration()).status_code == 201
    row.refresh_from_db()
    assert row.user == other_user

    def delete(by: Client) -> Any:
        given = {"endpoint": ENDPOINT}
        return by.delete("/api/v1/push/", given, content_type="application/json")

    assert delete(client).status_code == 204
    row.refresh_from_db()
    assert row.gone_at is None
    assert delete(other).status_code == 204
    row.refresh_from_db()
    assert row.gone_at is not None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "http://updates.push.services.mozilla.com/x"}, "endpoint"),
        ({"endpoint": "https://127.0.0.1/x"}, "endpoint"),
        ({"endpoint": "https://fcm.googleapis.com.example.cn/x"}, "endpoint"),
        ({"endpoint": "https://evilnotify.windows.com/x"}, "endpoint"),
        ({"p256dh": "AAAA"}, "p256dh"),
        ({"auth": "?"}, "auth"),
    ],
)
def test_what_is_no_push_service_is_refused(
    client: Client, change: dict[str, Any], field: str
) -> None:
    answer = post(client, registration(**change))
    assert answer.status_code == 409
    assert field in answer.json()["title"]
    assert not PushSubscription.objects.exists()


def test_new_keys_end_old_registrations_and_need_a_contact(client: Client) -> None:
    post(client, registration())
    call_command("make_push_keys", "https://eco.example.cn")
    assert PushSubscription.objects.get().gone_at is not None
    with pytest.raises(CommandError, match="mailto"):
        call_command("make_push_keys", "ops")


def test_only_the_newest_ten_browsers_are_kept(client: Client) -> None:
    for number in range(12):
        post(client, registration(endpoint=f"{ENDPOINT}/{number}"))
    kept = PushSubscription.objects.filter(gone_at=None)
    assert kept.count() == 10
    assert not kept.filter(endpoint=f"{ENDPOINT}/0").exists()
