"""Pages of alerting in both themes and sizes, and a push shown by a real browser."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page

from alerts.clients import webpush
from alerts.clients.base import Parcel
from alerts.models import Channel, DutyShift, Heartbeat, SavedView, Webhook, WebhookCall
from alerts.services.canary import start_canary
from alerts.services.rules import draft_rule
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from bozhou_eco.common.push import publisher
from bozhou_eco.overview.services.clue_reports import draft_report, sign_report
from tests import factories
from tests.alerts.servers import server
from tests.alerts.test_carriers import Browser, b64
from tests.browser.conftest import Opener, violations
from tests.browser.test_live import alarm, connected

FORMS = [(theme, width) for theme in ("light", "dark") for width in (1440, 390)]
PAGES = {
    "list": "/alerts/",
    "filtered": "/alerts/?severity=critical&q=没有",
    "detail": "/alerts/{alert}/",
    "subscriptions": "/alerts/subscriptions/",
    "duty": "/alerts/duty/",
    "rules": "/alerts/rules/",
    "rule": "/alerts/rules/{rule}/",
    "chain": "/alerts/chain/",
    "webhooks": "/alerts/webhooks/",
    "webhook": "/alerts/webhooks/{call}/",
    "weekly": "/weekly/",
    "draft": "/weekly/{draft}/",
    "signed": "/weekly/{signed}/",
}


def fill(user: User) -> dict[str, int]:
    now = clock.now()
    row = alarm(factories.point(high=100).outlet)
    DutyShift.objects.create(
        user=user, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=9)
    )
    SavedView.objects.create(user=user, name="严重", query="severity=critical")
    Heartbeat.objects.create(key="worker", name="任务进程", last_at=now)
    start_canary(kind="alert", now=now)
    version = draft_rule(
        document={
            "code": "nox",
            "name": "氮氧化物超标",
            "kind": "exceedance",
            "severity": "major",
            "scope": {},
            "params": {"multiple": 1.0, "hours": 1},
        },
        actor=user,
        now=now,
    )
    hook = Webhook.objects.create(
        name="省厅", url="http://127.0.0.1:9/", secret="s" * 16
    )
    call = WebhookCall.objects.create(
        webhook=hook,
        event=row.events.get(),
        payload={"id": row.pk},
        due_at=now,
        created_at=now,
    )
    signed = draft_report(now=now - timedelta(days=7))
    sign_report(report=signed, actor=user, now=now)
    return {
        "alert": row.pk,
        "rule": version.pk,
        "call": call.pk,
        "draft": draft_report(now=now).pk,
        "signed": signed.pk,
    }


def in_frame(page: Page) -> None:
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0


@pytest.mark.parametrize(("theme", "width"), FORMS)
def test_pages(visit: Opener, theme: str, width: int) -> None:
    user = factories.user(Role.OFFICER)
    ids = fill(user)
    told = []
    for name, path in PAGES.items():
        page = visit(path.format(**ids), user, theme=theme, width=width)
        page.wait_for_timeout(300)
        in_frame(page)
        told += [f"{name}: {text}" for text in violations(page)]
        page.context.close()
    assert told == []


def worker_of(page: Page) -> tuple[Any, str]:
    """Return a DevTools session and the id of the page's service worker."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []

    def note(event: dict[str, Any]) -> None:
        found.extend(row["registrationId"] for row in event["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    page.wait_for_function(
        "navigator.serviceWorker.ready.then(r => r.active.state === 'activated')"
    )
    for _ in range(300):
        if found:
            return session, found[0]
        page.wait_for_timeout(100)
    raise AssertionError("no service worker registered")


def test_a_push_is_encrypted_carried_and_shown(visit: Opener, address: str) -> None:
    """Our sender → a local push service that decrypts → the worker of a real Chromium."""
    call_command("make_push_keys", "mailto:ops@example.invalid")
    channel = Channel.objects.get(code="webpush")
    device = Browser()
    with server() as service:
        service.status = 201
        sent = webpush.send(
            Parcel(
                address=service.url,
                title="严重预警 · 精河县",
                body="超标预警",
                link="/alerts/",
                settings=channel.settings,
                secret=json.loads(channel.secret),
                extra={
                    "endpoint": service.url + "/push/1",
                    "p256dh": b64(device.public),
                    "auth": b64(device.auth),
                },
            )
        )
        assert sent.ok
        told = device.read(service.seen[0].body)
    page = visit("/alerts/", factories.user(Role.OFFICER), offline_ready=True)
    page.context.grant_permissions(["notifications"], origin=address)
    session, worker = worker_of(page)
    shown: list[dict[str, str]] = []
    for attempt in range(150):  # a push lost by a busy browser is sent again
        if attempt % 30 == 0:
            session.send(
                "ServiceWorker.deliverPushMessage",
                {"origin": address, "registrationId": worker, "data": json.dumps(told)},
            )
        shown = page.evaluate(
            "navigator.serviceWorker.ready.then(r => r.getNotifications()).then("
            "all => all.map(n => ({title: n.title, body: n.body, url: n.data.url})))"
        )
        if shown:
            break
        page.wait_for_timeout(100)
    assert shown == [
        {"title": "严重预警 · 精河县", "body": "超标预警", "url": "/alerts/"}
    ]


def test_a_message_for_this_person_is_shown_on_any_page(visit: Opener) -> None:
    """Without the permission for notifications the page itself says it."""

    user = factories.user(Role.OFFICER)
    page = visit("/", user)
    connected(page)
    publisher.publish(
        f"user.{user.pk}",
        {
            "type": "alert.notify", "title": "严重预警", "body": "精河县 超标预警",
            "url": "/alerts/", "severity": "critical", "alert": None, "token": "",
        },
    )  # fmt: skip
    page.get_by_text("严重预警：精河县 超标预警").wait_for()
