"""What a message says and how it is handed to its carrier."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from alerts.clients import apprise, phone, sms_aliyun, sms_tencent, webpush
from alerts.clients.base import Carrier, Parcel
from alerts.domain.flood import summarise
from alerts.domain.messages import (
    DEFAULT_TEMPLATE,
    SUMMARY_TEMPLATE,
    Message,
    compose,
    compose_summary,
)
from alerts.models import Alert, Channel, Delivery, PushSubscription
from alerts.selectors.kinds import kind_label
from bozhou_eco.common import clock

Kind = Channel.Kind

CARRIERS: Mapping[str, Carrier] = {
    Kind.APPRISE: apprise.send,
    Kind.SMS_ALIYUN: sms_aliyun.send,
    Kind.SMS_TENCENT: sms_tencent.send,
    Kind.WEBPUSH: webpush.send,
    Kind.PHONE: phone.send,
}
"""Carriers that reach over the network; the browser channel goes by Channels."""


def secret_of(channel: Channel) -> dict[str, Any]:
    """Return a channel's keys; an unreadable secret is an empty one."""
    try:
        found = json.loads(channel.secret or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def link_of(token: str) -> str:
    """Return the address that is put into a message."""
    site: str = settings.SITE_URL
    return site.rstrip("/") + reverse("alerts:notice", args=[token])


def message_of(delivery: Delivery, alerts: Sequence[Alert], link: str) -> Message:
    """Return what leaves the platform about these alerts: type, district, link."""
    if delivery.summary:
        summary = summarise(
            (a.severity, kind_label(a.kind), a.district.name if a.district else "")
            for a in alerts
        )
        return compose_summary(summary, link=link, template=SUMMARY_TEMPLATE)
    alert = alerts[0]
    return compose(
        kind=kind_label(alert.kind),
        district=alert.district.name if alert.district else "全州",
        severity=alert.severity,
        time=f"{clock.beijing(alert.last_at):%H:%M}",
        link=link,
        template=delivery.channel.template or DEFAULT_TEMPLATE,
    )


def parcels_of(
    delivery: Delivery, message: Message, alerts: Sequence[Alert]
) -> list[Parcel]:
    """Return what the carrier is given; Web Push has one parcel a browser."""
    channel = delivery.channel
    base = {
        "title": message.title,
        "body": message.body,
        "link": message.link,
        "settings": channel.settings,
        "secret": secret_of(channel),
    }
    if channel.kind == Channel.Kind.WEBPUSH:
        rows = PushSubscription.objects.filter(user=delivery.user, gone_at=None)
        return [
            Parcel(
                address=row.endpoint,
                extra={
                    "endpoint": row.endpoint,
                    "p256dh": row.p256dh,
                    "auth": row.auth,
                },
                **base,
            )
            for row in rows
        ]
    worst = max(alerts, key=lambda a: a.severity_rank)
    extra = {
        "kind": kind_label(worst.kind)
        + (f"等{len(alerts)}条" if len(alerts) > 1 else ""),
        "district": worst.district.name if worst.district else "全州",
        "link": message.link,
    }
    return [Parcel(address=delivery.address, extra=extra, **base)]
