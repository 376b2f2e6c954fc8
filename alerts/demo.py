"""Invented alerts of the past month, subscriptions, a roster, a rule for the demo."""

import random
from datetime import datetime, time, timedelta

from django.db import transaction

from alerts import rules as registry
from alerts.domain.verdicts import Verdict
from alerts.models import (
    Alert,
    Channel,
    ContactAddress,
    DutyPlan,
    OfficeSeason,
    Rule,
    SavedView,
    Subscription,
)
from alerts.services import (
    Signal,
    acknowledge,
    clear_alert,
    raise_alerts,
    record_outcome,
)
from alerts.services.people import extend_plan
from alerts.services.rules import draft_rule
from bozhou_eco.accounts.models import FACT_ROLES, District, Role, User
from bozhou_eco.common import clock

SEED = 20261123
PAST = 36
SEASONS = (
    ("夏季作息", (5, 1), (9, 30), ("09:30", "13:30", "16:00", "20:00")),
    ("冬季作息", (10, 1), (4, 30), ("10:00", "14:00", "15:30", "19:30")),
)
STORIES = (
    ("exceedance", "major", "NOx 小时均值高于许可限值", Verdict.PENALTY),
    ("exceedance", "critical", "SO2 余下时段即使为零，均值也将超限", Verdict.CORRECTED),
    ("exceedance", "minor", "颗粒物当前值高于许可限值", Verdict.MAINTENANCE),
    ("constant", "major", "COD 连续 6 小时数值不变", Verdict.DEVICE_FAULT),
    ("offline", "minor", "数采仪 40 分钟无报文", Verdict.RETURNED),
    ("smoke", "major", "黑烟车抓拍，林格曼 3 级", Verdict.FALSE_RECOGNITION),
)


def seed(*, now: datetime, scale: int = 1) -> None:
    """Add what is missing; nothing is made twice."""
    officers = list(
        User.objects.filter(is_active=True, roles__overlap=[Role.OFFICER]).order_by(
            "pk"
        )
    )
    _settings(officers)
    _roster(officers, now)
    if officers and not Rule.objects.exists() and "exceedance" in registry.registered():
        _rule(officers[0], now)
    if officers and not Alert.objects.filter(key__startswith="demo:").exists():
        _past(officers[0], now, PAST * scale)


def _settings(officers: list[User]) -> None:
    for name, first, last, hours in SEASONS:
        OfficeSeason.objects.get_or_create(
            name=name,
            defaults={
                "first_month": first[0],
                "first_day": first[1],
                "last_month": last[0],
                "last_day": last[1],
                "morning_from": hours[0],
                "morning_to": hours[1],
                "afternoon_from": hours[2],
                "afternoon_to": hours[3],
                "source": "演示数据，待单位确认",
            },
        )
    for user in User.objects.filter(is_active=True):
        if user.has_role(*FACT_ROLES) and not user.subscriptions.exists():
            Subscription.objects.create(user=user, channels=["browser"])
    for user in officers[:1]:
        phone = Channel.objects.filter(code="phone").first()
        if phone is not None:
            ContactAddress.objects.get_or_create(
                user=user, channel=phone, defaults={"address": "演示手机"}
            )
            Subscription.objects.get_or_create(
                user=user,
                name="链路自检",
                defaults={
                    "kinds": ["canary"],
                    "channels": ["phone"],
                    "min_severity": "info",
                    "cap": 60,
                },
            )
    SavedView.objects.get_or_create(
        user=None,
        role=Role.OFFICER,
        name="严重与较重",
        defaults={"query": "tab=open&severity=critical&severity=major"},
    )


def _roster(officers: list[User], now: datetime) -> None:
    whole = [u for u in officers if u.district_ids() is None]
    leaders = User.objects.filter(is_active=True, roles__overlap=[Role.LEADER])
    for name, level, people in (
        ("州局值班", "duty", [u.pk for u in whole]),
        ("州局带班领导", "leader", [u.pk for u in leaders]),
    ):
        if not people:
            continue
        plan, _ = DutyPlan.objects.get_or_create(
            name=name, defaults={"level": level, "people": people, "start": time(10)}
        )
        today = clock.beijing(now).date()
        plan.refresh_from_db()
        begin = now - timedelta(days=1)  # so that somebody is on duty right now
        extend_plan(plan=plan, until=today + timedelta(days=6), actor=None, now=begin)


def _rule(author: User, now: datetime) -> None:
    draft_rule(
        document={
            "code": "nox-hour-over",
            "name": "氮氧化物小时均值超过限值",
            "kind": "exceedance",
            "severity": "major",
            "scope": {"pollutants": ["a21002"]},
            "params": {"multiple": 1.0, "hours": 1},
            "note": "演示规则，可先回溯测试再启用",
        },
        actor=author,
        now=now,
    )


@transaction.atomic
def _past(officer: User, now: datetime, count: int) -> None:
    rng = random.Random(SEED)
    districts = list(District.objects.order_by("code"))
    for number in range(count):
        kind, severity, summary, verdict = STORIES[number % len(STORIES)]
        at = now - timedelta(days=1 + 28 * rng.random())
        key = f"demo:{number}"
        signal = Signal(
            key=key,
            kind=kind,
            severity=severity,
            summary=f"{summary}（演示）",
            subject_key=f"demo:{number % 9}",
            subject_name=f"虚构企业 {number % 9 + 1} 号 排口",
            occurred_at=at,
            explanation={"说明": "演示数据，企业为虚构"},
            district=rng.choice(districts) if districts else None,
        )
        (made,) = raise_alerts([signal], now=at)
        alert = made.alert
        if alert.state == "unack":
            alert = acknowledge(
                alert=alert,
                actor=officer,
                now=at + timedelta(minutes=rng.randint(2, 30)),
            )
        over = at + timedelta(hours=rng.randint(1, 6))
        clear_alert(key=key, now=over, reason="回到正常")
        alert.refresh_from_db()
        if verdict is not Verdict.RETURNED:
            record_outcome(
                alert=alert,
                outcome=verdict.value,
                note="演示",
                actor=officer,
                now=over + timedelta(hours=1),
            )
    Alert.objects.filter(key__startswith="demo:").update(escalate_at=None)
    for alert in Alert.objects.filter(key__startswith="demo:"):
        alert.events.filter(tell=True).update(told_at=now)
