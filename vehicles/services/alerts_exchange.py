"""Alerts about the exchange: parcels that do not go out, days that are not compared."""

from datetime import date, datetime

from django.urls import reverse

from alerts.services import clear_alert, raise_alert
from bozhou_eco.common import clock
from vehicles.domain import region_records as records
from vehicles.models import ExchangeChannel, ExchangeParcel

CHECKED_BY = 6
"""The hour by which yesterday should have been compared."""


def _tell(
    channel: ExchangeChannel,
    key: str,
    summary: str,
    explanation: dict[str, object],
    now: datetime,
) -> None:
    raise_alert(
        key=key,
        kind="process.exchange",
        severity="minor",
        summary=summary,
        explanation=explanation,
        subject_key=f"exchange:{channel.code}",
        subject_name=channel.name,
        district=None,
        organisation=None,
        evidence_url=reverse("vehicles:exchange"),
        occurred_at=now,
        now=now,
    )


def tell_unsent(*, parcel: ExchangeParcel, reason: str, now: datetime) -> None:
    """Tell that a parcel does not go out."""
    _tell(
        parcel.channel,
        f"exchange:{parcel.number}",
        f"向{parcel.channel.name}报送失败：{parcel.number}",
        {"原因": reason[:300], "尝试次数": parcel.attempts},
        now,
    )


def unchecked_key(channel: ExchangeChannel) -> str:
    """Return the key of the alert about a day that was not compared."""
    return f"exchange:check:{channel.code}"


def tell_unchecked(
    *, channel: ExchangeChannel, day: date, reason: str, now: datetime
) -> None:
    """Tell that a day could not be compared, once the other side had the night for it."""
    late = clock.beijing(now).hour >= CHECKED_BY
    if not late or channel.checks.filter(kind=records.KIND, day=day).exists():
        return
    _tell(
        channel,
        unchecked_key(channel),
        f"与{channel.name}的日对账未能完成：{day}",
        {
            "数据日期": str(day),
            "对账地址": channel.check_url,
            "原因": reason[:300],
            "处理": "与对方核对对账地址与密钥；平台每一刻钟重试，完成后此预警自动解除",
        },
        now,
    )


def clear_unchecked(*, channel: ExchangeChannel, now: datetime) -> None:
    """Let the alert go: the day was compared."""
    clear_alert(key=unchecked_key(channel), now=now, reason="对账已完成")
