"""What is kept of a judgement: the record of an exceedance, its alert, its falling away."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.urls import reverse

from alerts.services import clear_alert, raise_alert
from polluters.domain.judge import Word
from polluters.models import Exceedance, Point
from polluters.services.live import exceedance_key


def record(
    point: Point,
    *,
    averaging: str,
    time: datetime,
    values: dict[str, Any],
    live: bool,
    now: datetime,
) -> Exceedance:
    """Write an exceedance anew or over its earlier judgement; a new live one is told."""
    standing = values["state"] == Exceedance.State.EXCEEDED
    values = values | {"settled_at": now if standing else None}
    row, created = Exceedance.objects.update_or_create(
        point=point,
        averaging=averaging,
        time=time,
        defaults=values,
        create_defaults=values | {"live": live, "found_at": now},
    )
    if created and live:
        announce(row, now=now)
    return row


def fall_away(
    row: Exceedance, *, word: Word, explanation: dict[str, Any], now: datetime
) -> None:
    """Let an exceedance go that was exempted or is none after all."""
    row.state = (
        Exceedance.State.EXEMPT if word == Word.EXEMPT else Exceedance.State.WITHDRAWN
    )
    row.explanation = explanation
    row.settled_at = now
    row.save(update_fields=["state", "explanation", "settled_at"])
    others = Exceedance.objects.filter(
        point=row.point_id, state__in=Exceedance.STANDING
    )
    if not others.exists():
        clear_alert(
            key=exceedance_key(row.point_id),
            now=now,
            reason=row.get_state_display(),
        )


def announce(row: Exceedance, *, now: datetime) -> None:
    """Raise the alert of an exceedance with its whole explanation."""
    point = row.point
    outlet, enterprise = point.outlet, point.outlet.enterprise
    told = row.explanation
    word = row.get_state_display()
    name = point.pollutant.short or point.pollutant.name
    over = f"，超标 {row.multiple:.2f} 倍" if row.multiple else ""
    raise_alert(
        key=exceedance_key(point.pk),
        kind="exceedance",
        severity="critical" if (row.multiple or 0) >= 1 else "major",
        summary=(
            f"{word}：{name} {told.get('averaging', '')} {row.value:.4g} {point.unit}，"
            f"{told.get('kind', '')} {told.get('limit', '')}{over}"
        ),
        explanation={"lines": lines_of(told), "judgement": told},
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=enterprise.district,
        organisation=enterprise.organisation,
        evidence_url=reverse("polluters:outlet", args=[outlet.pk]),
        occurred_at=row.time,
        now=now,
        legal_article=str(told.get("article", "")),
    )


def lines_of(told: dict[str, Any]) -> list[list[str]]:
    """Return a stored judgement as labelled lines, in the order they are read."""
    unit = told["unit"]
    left_out = Counter(row["reason"] for row in told["left_out"])
    lines = [
        ["用词", told["word"]],
        ["判定对象", f"{told['point']} {told['averaging']}（{told['judged']}）"],
        ["时段", f"{told['begin']} 至 {told['end']}"],
        ["判定值", "无" if told["value"] is None else f"{told['value']:.4g} {unit}"],
        ["限值", f"{told['limit']} {unit}（{told['kind']}）"],
        ["超标倍数", "" if told["multiple"] is None else f"{told['multiple']:.2f}"],
        [
            "采用数据",
            f"有效 {told['valid_count']} 个，实收 {told['got']} 个，应收 {told['due']} 个",
        ],
        ["未采用", "、".join(f"{why} {n} 个" for why, n in left_out.items()) or "无"],
        ["公式", told["formula"]],
        ["标准", told["standard"]],
        ["限值来源", told["limit_source"]],
        ["说明", "；".join(told["notes"])],
    ]
    return [line for line in lines if line[1]]
