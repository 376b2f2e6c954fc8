"""Stop telling people about an alert that has been answered."""

from datetime import datetime

from alerts.domain.routing import Why
from alerts.models import Alert, Delivery, DeliveryState


def stop_deliveries(
    *, alert: Alert, now: datetime, why: str, party: bool = False
) -> int:
    """Cancel what has not been sent yet; returns how many.

    An enterprise is told all the same when an officer takes the alert on: its notice
    and the time to answer are its own. ``party`` stops that notice too.

    A browser that has not confirmed is not followed by another channel either. A
    summary loses the alert and is dropped when it is empty, see `sending`.
    """
    unsent = Delivery.objects.filter(
        alert=alert, state__in=(DeliveryState.WAITING, DeliveryState.MERGED)
    ).filter(sent_at__isnull=True)
    waiting = Delivery.objects.filter(alert=alert, state=DeliveryState.SENT)
    if not party:
        unsent, waiting = unsent.exclude(why=Why.PARTY), waiting.exclude(why=Why.PARTY)
    cancelled = unsent.update(state=DeliveryState.CANCELLED, reason=why)
    waiting.update(confirm_by=None)
    return cancelled
