"""Demo clues and cases in many stages; every firm, person and plate is invented."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction

from alerts.services import raise_alert
from bozhou_eco.accounts.models import District, Organisation, User
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import UnknownYearError
from enforcement.demo_last_year import seed_last_year
from enforcement.domain.documents import DocumentKind
from enforcement.domain.exchange import Content, Way
from enforcement.models import Agency, Case, Counterpart, Inspection, PartnerUnit
from enforcement.reference import load_reference
from enforcement.selectors.settings import forget_settings, office_calendar
from enforcement.services.cases import open_case
from enforcement.services.feedback import register_inspection
from enforcement.services.penalties import answer_leniency
from enforcement.services.transfers import send_joint
from enforcement.walkthrough import Cast, Story

BRANCHES = {"652701": "博", "652702": "阿", "652722": "精", "652723": "温"}
SLIGHT = {
    "extent": "slight",
    "duration": "day",
    "place": "ordinary",
    "repeat": "none",
    "correction": "at_once",
    "harm": "none",
}
MIDDLE = {**SLIGHT, "extent": "middle", "duration": "week", "correction": "in_time"}
STATION = {
    "vehicles": "many",
    "manner": "tool",
    "repeat": "none",
    "cooperation": "partial",
}
MET = {"met": True, "evidence": "复查记录及监测数据"}


def seed(*, now: datetime, scale: int = 1) -> None:
    """Make agencies and a set of cases once; later runs add nothing."""
    from_models = {
        model.__name__: model
        for model in Case._meta.apps.get_app_config("enforcement").get_models()
    }
    load_reference(from_models.__getitem__)
    forget_settings()
    _agencies(now)
    _partners()
    if Case.objects.filter(subject_key__startswith="demo:").exists():
        return
    base = _known(now)
    for number in range(max(scale, 1)):
        for story in STORIES:
            with transaction.atomic():
                story(base - timedelta(days=number), number)
    _register(base)
    seed_last_year(now=base)


def _known(now: datetime) -> datetime:
    """Return ``now``, or a day in the last year whose holidays are known."""
    try:
        office_calendar().is_working_day(clock.beijing(now).date())
    except UnknownYearError:
        year = max(office_calendar().years)
        return now.replace(year=year, month=11, day=20)
    return now


def _agencies(now: datetime) -> None:
    for organisation in Organisation.objects.filter(kind="department"):
        code = organisation.district.code if organisation.district else ""
        Agency.objects.get_or_create(
            organisation=organisation,
            defaults={
                "full_name": organisation.name
                if not code
                else organisation.name.replace(
                    "州生态环境局", "博尔塔拉蒙古自治州生态环境局"
                ),
                "short": "博州",
                "branch": BRANCHES.get(code, ""),
                "review_body": "博尔塔拉蒙古自治州人民政府",
                "court": "博乐市人民法院",
                "phone": "0909-0000000",
                "address": "博乐市（演示地址）",
                "valid_from": clock.beijing(now).date().replace(month=1, day=1),
                "source": "演示数据；派出机构以自己名义执法依生态环境法典第五十三条",
            },
        )


def _partners() -> None:
    """Let the demo's police and transport sign and answer what is sent to them."""
    authorities = {"PARTNER-POLICE": "traffic_police", "PARTNER-TRANSPORT": "transport"}
    for code, authority in authorities.items():
        organisation = Organisation.objects.filter(code=code).first()
        if organisation is not None:
            PartnerUnit.objects.get_or_create(
                organisation=organisation, defaults={"authority": authority}
            )
    Counterpart.objects.get_or_create(
        code="mobile",
        defaults={
            "name": "移动执法系统",
            "contents": [Content.CHECK.value],
            "way": Way.FOLDER.value,
            "address": "/srv/exchange/mobile",
            "source": "演示配置；目录和内容待与对方约定",
        },
    )


def _user(name: str) -> User:
    return User.objects.get(username=name)


def _cast(local: str = "jinghe") -> Cast:
    return Cast(
        duty=_user("officer"),
        lead=_user(local),
        helper=_user("officer2"),
        reviewer=_user("reviewer"),
        legal=_user("legal"),
        leader=_user("leader"),
    )


def _open(
    key: str,
    number: int,
    when: datetime,
    *,
    kind: str,
    subject: str,
    summary: str,
    severity: str = "major",
    district: str = "652722",
    organisation: Organisation | None = None,
) -> Story:
    full = f"demo:{key}:{number}"
    where = District.objects.get(code=district)
    alert = raise_alert(
        key=full,
        kind=kind,
        severity=severity,
        summary=summary,
        explanation={"说明": "演示数据"},
        subject_key=full,
        subject_name=subject,
        district=where,
        organisation=organisation,
        evidence_url="",
        occurred_at=when,
        now=when,
    ).alert
    case = open_case(
        alerts=[alert], actor=_user("officer"), now=when + timedelta(minutes=2)
    )
    return Story(case, _cast(), when + timedelta(minutes=2))


def _wastewater(now: datetime, number: int) -> None:
    """A wastewater exceedance, fined, paid and closed."""
    story = _open(
        "wastewater", number, now - timedelta(days=70), kind="water-exceedance",
        subject="清泉皮革 DW001", summary="清泉皮革总排口 COD 日均值连续 2 日超标",
    )  # fmt: skip
    story.check().hand_over().visit("总排口 COD 超标属实，生化池曝气故障。").findings()
    story.elements("exceed_water").file()
    amount = story.law({**MIDDLE, "duration": "day"})
    story.investigate().notify().wait_notice().decide(amount, discuss=True).serve()
    story.publish().correct().pay(amount, f"PJ-{number}-0001").close()


def _lenient(now: datetime, number: int) -> None:
    """A first minor exceedance, not punished, with the amount."""
    story = _open(
        "lenient", number, now - timedelta(days=30), kind="exceedance", severity="minor",
        subject="北山热力 DA001", summary="北山热力二氧化硫小时均值超标 0.06 倍",
    )  # fmt: skip
    story.check().hand_over().visit("石灰石浆液泵堵塞，当日修复。").findings()
    story.elements("exceed_air").law(SLIGHT)
    conditions = ("minor", "corrected", "no_harm", "education", "commitment")
    answer_leniency(
        case=story.case,
        ground="minor",
        answers=dict.fromkeys(conditions, MET),
        actor=story.cast.lead,
        now=story.now,
    )
    story.do("propose_lenient", story.cast.lead, "轻微并已改正", {"ground": "minor"})
    story.paper(DocumentKind.EDUCATION_RECORD, story.cast.lead)
    story.later(days=1).do("approve_lenient", story.cast.leader)
    story.paper(DocumentKind.NO_PENALTY_DECISION, story.cast.lead)
    story.paper(DocumentKind.SERVICE_RECEIPT, story.cast.lead)
    data = {"served_on": story.today, "method": "direct"}
    story.do("serve_no_penalty", story.cast.lead, "", data)
    story.correct("巩固整改，完善巡检制度").close()


def _smoke(now: datetime, number: int) -> None:
    """A black-smoke truck: traffic police, reply, re-inspection."""
    story = _open(
        "smoke", number, now - timedelta(days=25), kind="smoke", district="652701",
        subject=f"新E{number}K73X（黄）", summary="G30 博乐入城口抓拍黑烟车，林格曼 3 级",
    )  # fmt: skip
    story.cast = _cast("officer")
    story.check().elements("vehicle_unqualified")
    story.evidence("photo", "抓拍图片", story.cast.duty)
    story.paper(
        DocumentKind.TRANSFER_LETTER, story.cast.duty, recipient="博乐市公安局交警大队"
    )
    data = {
        "authority": "traffic_police",
        "matter": "驾驶排放检验不合格机动车上道路行驶",
    }
    story.do("transfer_out", story.cast.duty, "移送处罚", data)
    story.later(days=9)
    reply = {
        "reply_number": "博公交函〔2026〕7号",
        "replied_on": story.today,
        "result": "已按代码 6063 处 200 元罚款，责令维修复检",
    }
    story.do("record_reply", story.cast.duty, "", reply)
    story.correct("送修并复检合格").close()


def _station(now: datetime, number: int) -> None:
    """A station that swapped cars: a heavy case with a hearing, fine not yet paid."""
    story = _open(
        "station", number, now - timedelta(days=60), kind="station.obd", severity="critical",
        subject="安达机动车检测站", summary="23 辆车 CALID/CVN 相同，疑似替车检验",
        district="652701",
    )  # fmt: skip
    story.cast = _cast("officer")
    story.check().hand_over().visit("调取视频，核实 12 辆车替检。").findings()
    story.elements("station_false_report").file()
    amount = story.law(STATION, serious=True)
    story.investigate().notify().later(days=2).hear()
    story.decide(amount, discuss=True).serve().publish()


def _fault(now: datetime, number: int) -> None:
    """An equipment fault, ended at the online check."""
    story = _open(
        "fault", number, now - timedelta(days=6), kind="constant", severity="minor",
        subject="西部铝业 DA004", summary="西部铝业氮氧化物 6 小时恒值",
    )  # fmt: skip
    story.do("take_up", story.cast.duty)
    note = "采样泵膜片破裂，运维记录与视频一致，已更换"
    story.do("end_online", story.cast.duty, note, {"reason": "equipment"})


def _visiting(now: datetime, number: int) -> None:
    """A kiln under site check, its facts edited."""
    story = _open(
        "visiting", number, now - timedelta(days=5), kind="exceedance",
        subject="晨岭水泥 DA003", summary="晨岭水泥窑尾氮氧化物小时均值连续超标",
    )  # fmt: skip
    story.check().hand_over().visit("脱硝氨水流量偏低，喷枪堵塞。")


def _planned(now: datetime, number: int) -> None:
    """A visit approved for today: it waits on the phones of its two officers."""
    story = _open(
        "planned", number, now - timedelta(days=1), kind="exceedance",
        subject="晨岭水泥 DA001", summary="晨岭水泥窑头颗粒物小时均值超标 0.3 倍",
    )  # fmt: skip
    story.check().hand_over().plan(clock.beijing(now).date())


def _waiting(now: datetime, number: int) -> None:
    """Clues that wait in the first stages."""
    cases = (
        ("alerted", "exceedance", "金泉糖业 DW002", "金泉糖业氨氮日均值超标预警", 0.1),
        ("checking", "hugging", "中天化工 DA002", "中天化工烟尘长期贴近限值", 1),
    )
    for key, kind, subject, summary, days in cases:
        story = _open(
            key, number, now - timedelta(days=days), kind=kind, subject=subject,
            summary=summary, severity="minor", district="652701",
        )  # fmt: skip
        if key == "checking":
            story.do("take_up", story.cast.duty)


def _filing(now: datetime, number: int) -> None:
    """A case on its way through notice, across the change of law."""
    story = _open(
        "notice", number, now - timedelta(days=16), kind="exceedance", district="652723",
        subject="温泉供热 DA001", summary="温泉供热颗粒物小时均值超标 0.4 倍",
    )  # fmt: skip
    story.cast = _cast("wenquan")
    story.check().hand_over().visit("布袋破损属实。").findings()
    last_day_of_old_law = date(2026, 8, 14)
    found = story.case.discovered_on or story.today
    story.elements("monitoring_air", min(last_day_of_old_law, found)).file()
    story.law(MIDDLE)
    story.investigate().notify()


def _supervised(now: datetime, number: int) -> None:
    """A matter from above with its own deadline."""
    due = clock.beijing(now).date() + timedelta(days=8)
    open_case(
        actor=_user("officer"),
        now=now - timedelta(days=2),
        kind="dust",
        source="region",
        title="北山料场扬尘问题（自治区交办）",
        subject_key=f"demo:supervised:{number}",
        subject_name="北山料场",
        district=District.objects.get(code="652701"),
        upstream_number=f"新环督〔2026〕{31 + number}号",
        upstream_due=due,
        summary="群众反映北山料场物料未覆盖，扬尘明显。",
    )


def _handed_over(now: datetime, number: int) -> None:
    """A clue on the desk of a branch that has not signed for it."""
    story = _open(
        "handover", number, now - timedelta(days=3), kind="hugging", severity="minor",
        subject="精河玻璃 DA001", summary="精河玻璃二氧化硫连续 5 日贴近限值",
    )  # fmt: skip
    story.check()
    unit = story.cast.lead.organisation
    assert unit is not None
    story.paper(DocumentKind.HANDOVER_LETTER, story.cast.duty, recipient=unit.name)
    story.do("hand_over", story.cast.duty, "请核查", {"unit": unit.pk})


def _joint(now: datetime, number: int) -> None:
    """A fleet whose trucks smoke: three departments, each with its part."""
    story = _open(
        "joint", number, now - timedelta(days=14), kind="smoke", district="652701",
        subject="虚构运输公司车队", summary="同一车队 3 辆货车 10 日内 4 次被抓拍黑烟",
    )  # fmt: skip
    story.cast = _cast("officer")
    story.do("take_up", story.cast.duty)
    story.evidence("photo", "抓拍图片 1", story.cast.duty)
    story.evidence("photo", "抓拍图片 2", story.cast.duty)
    story.paper(
        DocumentKind.TRANSFER_LETTER, story.cast.duty, recipient="博乐市公安局交警大队"
    )
    files = list(story.case.files.order_by("pk"))
    parts = (
        ("traffic_police", "对 3 辆货车驾驶人依法处理（代码 6063）", files),
        ("transport", "核查车队营运资质和维护记录", files[:1]),
    )
    for authority, matter, sent in parts:
        send_joint(
            case=story.case, authority=authority, unit_name="", matter=matter, files=sent,
            reply_by=story.today + timedelta(days=15), actor=story.cast.duty,
            now=story.later(minutes=6).now,
        )  # fmt: skip


def _discussing(now: datetime, number: int) -> None:
    """A large fine before the group discussion."""
    story = _open(
        "discussing", number, now - timedelta(days=45), kind="exceedance",
        subject="东郊热电 DA002", summary="东郊热电二氧化硫日均值超标 1.6 倍",
        district="652701", severity="critical",
    )  # fmt: skip
    story.cast = _cast("officer")
    story.check().hand_over().visit("脱硫塔循环泵停运 30 小时。").findings()
    story.elements("exceed_air").file()
    story.law({**MIDDLE, "extent": "high"})
    story.investigate().notify().wait_notice()
    story.paper(DocumentKind.LEGAL_OPINION, story.cast.legal)
    story.later(days=1).do("pass_to_discussion", story.cast.legal)


STORIES: tuple[Callable[[datetime, int], None], ...] = (
    _wastewater,
    _lenient,
    _smoke,
    _station,
    _fault,
    _visiting,
    _planned,
    _waiting,
    _filing,
    _supervised,
    _handed_over,
    _joint,
    _discussing,
)


def _register(now: datetime) -> None:
    if Inspection.objects.filter(subject_key__startswith="demo:desk").exists():
        return
    for number in range(12):
        register_inspection(
            mode="off_site",
            kind="routine",
            done_on=clock.beijing(now).date() - timedelta(days=3 * number),
            subject_key=f"demo:desk:{number}",
            subject_name=f"演示企业 {number + 1}",
            means="自动监控数据核查" if number % 2 else "视频巡查",
            found=number % 5 == 0,
            result="已提醒企业" if number % 5 == 0 else "",
            actor=_user("officer"),
            now=now,
        )
