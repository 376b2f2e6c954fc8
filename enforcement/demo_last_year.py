"""Demo data of 2025: lenient cases worth 64.8 万元, and a register half off-site.

Every firm is invented; the two sums are those that the bureau reported for the year.
"""

from datetime import date, datetime, time, timedelta

from django.db import transaction

from alerts.services import raise_alert
from bozhou_eco.accounts.models import District, User
from bozhou_eco.common.clock import BEIJING
from enforcement.domain.documents import DocumentKind
from enforcement.models import Case, Inspection
from enforcement.services.cases import open_case
from enforcement.services.feedback import register_inspection
from enforcement.services.penalties import answer_leniency
from enforcement.walkthrough import Cast, Story

YEAR = 2025
LEAST = {
    "extent": "slight",
    "duration": "day",
    "place": "ordinary",
    "repeat": "none",
    "correction": "at_once",
    "harm": "none",
}
WEEK = LEAST | {"duration": "week"}
IN_TIME = LEAST | {"correction": "in_time"}
# What the tables give: six times 100,000, once 13,600, once 34,400 — 648,000 yuan.
LENIENT = (
    (date(2025, 2, 24), "652701", "exceed_air", "exceedance", "博乐城东供热 DA001",
     "颗粒物小时均值超标 0.05 倍，除尘布袋破损，当日更换", LEAST),
    (date(2025, 3, 31), "652722", "exceed_water", "water-exceedance", "精河枸杞加工 DW001",
     "总磷日均值超标 0.04 倍，除磷药剂断供，当日恢复投加", LEAST),
    (date(2025, 5, 12), "652723", "dust", "dust", "温泉商砼料场",
     "砂石料堆约 60 平方米未覆盖，限期内全部覆盖", IN_TIME),
    (date(2025, 6, 16), "652702", "exceed_air", "exceedance", "阿拉山口换装站锅炉 DA001",
     "氮氧化物小时均值超标 0.08 倍，低氮燃烧器调校后达标", LEAST),
    (date(2025, 7, 14), "652722", "monitoring_air", "transmission", "精河建材 DA002",
     "自动监测设备校准记录缺失 3 日，已补做校准并报备", WEEK),
    (date(2025, 8, 18), "652701", "exceed_water", "water-exceedance", "博乐乳品 DW001",
     "化学需氧量日均值超标 0.06 倍，调节池溢流，次日达标", LEAST),
    (date(2025, 9, 8), "652701", "exceed_air", "exceedance", "博乐沥青拌合站 DA001",
     "颗粒物小时均值超标 0.07 倍，点火阶段引风不足", LEAST),
    (date(2025, 11, 3), "652723", "exceed_air", "exceedance", "温泉牧场供热 DA001",
     "二氧化硫小时均值超标 0.03 倍，换用低硫煤后达标", LEAST),
)  # fmt: skip
LOCAL = {"652722": "jinghe", "652723": "wenquan"}
CHECKS = 48
MEANS = ("自动监控数据核查", "视频巡查", "用电工况核查", "无人机巡查")


def seed_last_year(*, now: datetime) -> None:
    """Make the cases and the register of 2025 once; a story a transaction."""
    if Case.objects.filter(subject_key__startswith="demo:lenient2025").exists():
        return
    for number in range(len(LENIENT)):
        with transaction.atomic():
            _lenient(number)
    _register(now)


def _user(name: str) -> User:
    return User.objects.get(username=name)


def _lenient(number: int) -> None:
    """An act found and proved off-site, corrected, and not punished."""
    day, district, topic, kind, subject, summary, answers = LENIENT[number]
    when = datetime.combine(day, time(9, 40), BEIJING)
    key = f"demo:lenient2025:{number}"
    alert = raise_alert(
        key=key, kind=kind, severity="minor", summary=f"{subject} {summary}",
        explanation={"说明": "演示数据"}, subject_key=key, subject_name=subject,
        district=District.objects.get(code=district), organisation=None,
        evidence_url="", occurred_at=when, now=when,
    ).alert  # fmt: skip
    later = when + timedelta(minutes=3)
    case = open_case(
        alerts=[alert],
        actor=_user("officer"),
        now=later,
        kind="dust" if topic == "dust" else "",
    )
    story = Story(case, _cast(district), later)
    story.check().hand_over().elements(topic)
    story.find_off_site("数据、视频与企业说明一致，事实清楚，无须入企")
    story.law(answers)
    conditions = ("minor", "corrected", "no_harm", "education", "commitment")
    met = {"met": True, "evidence": "整改前后数据对比、承诺书和教育记录"}
    answer_leniency(
        case=case, ground="minor", answers=dict.fromkeys(conditions, met),
        actor=story.cast.lead, now=story.now,
    )  # fmt: skip
    story.do("propose_lenient", story.cast.lead, "轻微并已改正", {"ground": "minor"})
    story.paper(DocumentKind.EDUCATION_RECORD, story.cast.lead)
    story.later(days=1).do("approve_lenient", story.cast.leader)
    story.paper(DocumentKind.NO_PENALTY_DECISION, story.cast.lead)
    story.paper(DocumentKind.SERVICE_RECEIPT, story.cast.lead)
    served = {"served_on": story.today, "method": "direct"}
    story.do("serve_no_penalty", story.cast.lead, "", served)
    story.close()


def _cast(district: str) -> Cast:
    return Cast(
        duty=_user("officer"),
        lead=_user(LOCAL.get(district, "officer")),
        helper=_user("officer2"),
        reviewer=_user("reviewer"),
        legal=_user("legal"),
        leader=_user("leader"),
    )


def _register(now: datetime) -> None:
    """Enter as many off-site checks as on-site ones, spread over the year."""
    if Inspection.objects.filter(subject_key__startswith="demo:checked2025").exists():
        return
    districts = list(District.objects.order_by("code"))
    # Visits of the stories that fall into the year count as on-site checks already.
    visited = Inspection.objects.filter(done_on__year=YEAR, mode="on_site").count()
    for number in range(2 * CHECKS - visited):
        off_site = number % 2 == 0 or number >= 2 * (CHECKS - visited)
        found = number % 11 == 0
        register_inspection(
            mode="off_site" if off_site else "on_site",
            kind="special" if number % 7 == 3 else "routine",
            done_on=date(YEAR, 1, 6) + timedelta(days=number * 7 // 2),
            subject_key=f"demo:checked2025:{number}",
            subject_name=f"演示企业 {number % 24 + 1}",
            means=MEANS[number // 2 % len(MEANS)] if off_site else "现场检查",
            found=found,
            result="已提醒并改正" if found else "未发现问题",
            actor=_user("officer"),
            now=now,
            district=districts[number % len(districts)],
        )
