"""The test button of a channel: what will arrive where, and whether it did."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from alerts.clients.base import Parcel
from alerts.domain.messages import compose, mask
from alerts.models import Channel, PushSubscription
from alerts.selectors.people import read_book
from alerts.services.composing import CARRIERS, secret_of
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.push import publisher


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test message went: to which (masked) address, what it said."""

    ok: bool
    address: str
    text: str
    error: str = ""


def try_channel(*, channel: Channel, user: User, now: datetime) -> Trial:
    """Send a test message to ``user`` by one channel and say how it went."""
    site: str = settings.SITE_URL
    message = compose(
        kind="测试消息",
        district="全州",
        severity="info",
        time=f"{clock.beijing(now):%H:%M}",
        link=site.rstrip("/") + reverse("alerts:list"),
    )
    address = read_book(now).addresses.get((user.pk, channel.code), "")
    if channel.scope == Channel.Scope.PERSON and not address:
        return Trial(False, "", message.body, "没有登记地址，或渠道未启用")
    if channel.inside:
        told: dict[str, object] = {
            "type": "alert.notify",
            "title": message.title,
            "body": message.body,
            "url": reverse("alerts:list"),
            "severity": "info",
            "alert": None,
            "token": "",
        }
        done = publisher.publish(f"user.{user.pk}", told)
        result = Trial(
            done, "已打开的页面", message.body, "" if done else "实时通道不可用"
        )
    else:
        result = _carry(channel, user, address, message.title, message.body)
    audit.record(
        actor=user,
        act="channel.test",
        subject=f"channel:{channel.code}",
        detail={"ok": result.ok, "error": result.error},
        now=now,
    )
    return result


def _carry(channel: Channel, user: User, address: str, title: str, body: str) -> Trial:
    extra: dict[str, object] = {"kind": "测试消息", "district": "全州", "link": ""}
    if channel.kind == Channel.Kind.WEBPUSH:
        row = PushSubscription.objects.filter(user=user, gone_at=None).first()
        if row is None:
            return Trial(False, "", body, "此浏览器未登记推送")
        extra = {"endpoint": row.endpoint, "p256dh": row.p256dh, "auth": row.auth}
    outcome = CARRIERS[channel.kind](
        Parcel(
            address=address,
            title=title,
            body=body,
            link="",
            settings=channel.settings,
            secret=secret_of(channel),
            extra=extra,
        )
    )
    return Trial(outcome.ok, mask(address), body, outcome.error)
