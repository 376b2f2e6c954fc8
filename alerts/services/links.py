"""The single-use link in a message: opened, and answered, with a login where it matters."""

from datetime import datetime

from django.db import transaction

from alerts.domain.life import IllegalMoveError
from alerts.domain.severity import Severity, rank
from alerts.models import Alert, Delivery, Receipt
from alerts.services.acting import acknowledge
from alerts.services.errors import RefusedError
from alerts.services.receipts import add_receipt, find_delivery, mark_delivered
from bozhou_eco.accounts.models import User


def alerts_of(delivery: Delivery) -> list[Alert]:
    """Return the alerts a message speaks of."""
    if not delivery.summary:
        return [delivery.alert] if delivery.alert else []
    ids = delivery.children.values_list("alert_id", flat=True)
    rows = Alert.objects.filter(pk__in=ids).select_related("district")
    return list(rows.order_by("-severity_rank", "-last_at"))


def needs_login(delivery: Delivery) -> bool:
    """Return whether answering by the link asks for a login: 严重, and summaries."""
    return delivery.summary or rank(delivery.severity) >= rank(Severity.CRITICAL)


@transaction.atomic
def open_link(*, token: str, now: datetime) -> Delivery | None:
    """Note that the link of a message was opened; None for a token that is no good."""
    delivery = find_delivery(token)
    if delivery is None:
        return None
    mark_delivered(delivery=delivery, now=now)
    add_receipt(delivery=delivery, kind=Receipt.Kind.OPENED, now=now)
    return delivery


@transaction.atomic
def answer_link(*, token: str, now: datetime, user: User | None) -> Alert:
    """Acknowledge the alert of a message by its single-use link.

    ``user`` is who is signed in, None if nobody. Raises `RefusedError` when the link is
    unknown, expired, used, another person's, or when a login is needed.
    """
    found = find_delivery(token)
    if found is None or found.user is None:
        raise RefusedError("链接无效或已过期，请登录平台查看")
    if needs_login(found) and user is None:
        raise RefusedError("请登录后确认")
    if user is not None and user.pk != found.user_id:
        raise RefusedError("此链接是发给他人的")
    used = Delivery.objects.filter(pk=found.pk, link_used_at__isnull=True).update(
        link_used_at=now
    )
    if not used:
        raise RefusedError("链接已使用过")
    if found.alert is None:
        raise RefusedError("汇总消息请登录后逐条确认")
    person = found.user
    if not Alert.objects.visible_to(person).filter(pk=found.alert_id).exists():
        raise RefusedError("预警已不在您的管辖范围内")
    try:
        alert = acknowledge(alert=found.alert, actor=person, now=now, via="link")
    except IllegalMoveError as error:
        raise RefusedError(str(error)) from error
    add_receipt(delivery=found, kind=Receipt.Kind.ACKNOWLEDGED, now=now)
    return alert
