"""Stop telling people about an alert that has been answered."""

from datetime import datetime

from alerts.models import Alert, Delivery, DeliveryState


def stop_deliveries(*, alert: Alert, now: datetime, why: str) -> int:
    """Cancel what has not been sent yet; returns how many.

    A browser that has not confirmed is not followed by another channel either. A
    summary loses the alert and is dropped when it is empty, see `sending`.
    """
    unsent = Delivery.objects.filter(
        alert=alert, state__in=(DeliveryState.WAITING, DeliveryState.MERGED)
    ).filter(sent_at__isnull=True)
    cancelled = unsent.update(state=DeliveryState.CANCELLED, reason=why)
    Delivery.objects.filter(alert=alert, state=DeliveryState.SENT).update(
        confirm_by=None
    )
    return cancelled
