"""Receipts: what happened to a message, sealed, so that it can serve as proof of notice."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction

from alerts.models import Alert, Delivery, DeliveryState, Receipt
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import digest_of

CHAIN = "notices"
SALT = "alerts.notice"
LINK_AGE = timedelta(days=3)
TOKEN_BYTES = 12


def new_token() -> tuple[str, bytes]:
    """Return a signed token for a link and the digest that is stored of it."""
    token = signing.TimestampSigner(salt=SALT, sep=".").sign(
        secrets.token_urlsafe(TOKEN_BYTES)
    )
    return token, token_digest(token)


def token_digest(token: str) -> bytes:
    """Return what a delivery stores of its token."""
    return hashlib.sha256(token.encode()).digest()


def find_delivery(token: str) -> Delivery | None:
    """Return the delivery of a link; None for a forged, altered or expired token."""
    try:
        signing.TimestampSigner(salt=SALT, sep=".").unsign(token, max_age=LINK_AGE)
    except signing.BadSignature:
        return None
    return (
        Delivery.objects.filter(token_digest=token_digest(token))
        .select_related("alert__district", "user__organisation", "channel")
        .first()
    )


@transaction.atomic
def add_receipt(
    *,
    delivery: Delivery,
    kind: str,
    now: datetime,
    detail: dict[str, object] | None = None,
) -> bool:
    """Add a receipt unless there is one of this kind; returns whether it is new.

    Its digest goes into the chain `CHAIN`, so a later change shows.
    """
    told = detail or {}
    digest = digest_of(
        {
            "delivery": delivery.pk,
            "kind": kind,
            "at": now.isoformat(),
            "user": delivery.user_id,
            "channel": delivery.channel_id,
            "title": delivery.title,
            "body": delivery.body,
            "detail": told,
        }
    )
    try:
        with transaction.atomic():
            row = Receipt.objects.create(
                delivery=delivery, kind=kind, at=now, detail=told, digest=digest
            )
    except IntegrityError:
        return False
    audit.add_link(chain=CHAIN, subject=f"receipt:{row.pk}", digest=digest, now=now)
    return True


@transaction.atomic
def note_receipt(*, token: str, kind: str, now: datetime, user: User) -> bool:
    """Take a browser's word that it showed (``received``) or opened a message."""
    delivery = find_delivery(token)
    if delivery is None or delivery.user_id != user.pk:
        return False
    word = Receipt.Kind.DELIVERED if kind == "received" else Receipt.Kind.OPENED
    mark_delivered(delivery=delivery, now=now)
    return add_receipt(delivery=delivery, kind=word, now=now)


def mark_delivered(*, delivery: Delivery, now: datetime) -> None:
    """Say that a message arrived; no other channel is tried then."""
    Delivery.objects.filter(
        pk=delivery.pk, state__in=(DeliveryState.SENT, DeliveryState.SENDING)
    ).update(state=DeliveryState.DELIVERED, delivered_at=now, confirm_by=None)


def note_acknowledged(*, alert: Alert, actor: User, now: datetime) -> None:
    """Add the receipts that an acknowledgement on the page stands for."""
    for delivery in Delivery.objects.filter(
        alert=alert, user=actor, sent_at__isnull=False
    ):
        add_receipt(delivery=delivery, kind=Receipt.Kind.ACKNOWLEDGED, now=now)
