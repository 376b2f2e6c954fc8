"""Two approved site visits of the demo's officers at plants that report."""

from datetime import datetime, timedelta

from django.db import transaction

from alerts.models import Alert
from alerts.services import raise_alert
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from enforcement.services import visits
from enforcement.services.cases import open_case
from enforcement.walkthrough import Cast, Story
from polluters.models import Outlet

KEY = "demo-visit"
PLANS = (
    ("gas", "氮氧化物小时均值临近许可限值，氨水流量与负荷不符", "DCS 与平台数据不能互相印证"),
    ("water", "化学需氧量与流量变化不一致", "视频不能看清采样管路"),
)  # fmt: skip


def seed(*, now: datetime, scale: int = 1) -> None:
    """Plan and approve the visits once; ``scale`` makes no more of them."""
    if Alert.objects.filter(key__startswith=f"{KEY}:").exists():
        return
    for number, (medium, summary, reason) in enumerate(PLANS, 1):
        outlet = (
            Outlet.objects.filter(medium=medium)
            .select_related("enterprise__district", "enterprise__organisation")
            .order_by("pk")[number : number + 1]
            .first()
        )
        if outlet is not None:
            with transaction.atomic():
                _plan(outlet, number, summary, reason, now - timedelta(hours=3))


def _plan(
    outlet: Outlet, number: int, summary: str, reason: str, when: datetime
) -> None:
    def person(name: str) -> User:
        return User.objects.get(username=name)

    firm = outlet.enterprise
    alert = raise_alert(
        key=f"{KEY}:{number}",
        kind="anomaly",
        severity="minor",
        summary=f"{outlet}：{summary}",
        explanation={"说明": "演示数据"},
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=firm.district,
        organisation=firm.organisation,
        evidence_url="",
        occurred_at=when,
        now=when,
    ).alert
    cast = Cast(
        duty=person("officer"),
        lead=person("officer"),
        helper=person("officer2"),
        reviewer=person("reviewer"),
        legal=person("legal"),
        leader=person("leader"),
    )
    story = Story(open_case(alerts=[alert], actor=cast.duty, now=when), cast, when)
    story.check().hand_over()
    visit = visits.plan_visit(
        case=story.case,
        kind="case",
        conversion=reason,
        phone_check="已电话联系企业环保负责人，所述情况与平台数据不一致",
        planned_on=clock.beijing(story.now).date(),
        notice_number=f"博州环检通〔{clock.beijing(when).year}〕{90 + number}号",
        officers=[cast.duty, cast.helper],
        actor=cast.duty,
        now=story.now,
    )
    visits.approve_visit(visit=visit, actor=cast.leader, now=story.now)
