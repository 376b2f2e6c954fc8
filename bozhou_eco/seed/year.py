"""Records of the demo's year 2025 outside the vehicles: register, exemptions, weekly
reports, air. The bureau's figures page arrives at its published numbers from them."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from bozhou_eco.accounts.models import District, User
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from enforcement.models import Case, LenientTest
from enforcement.models import Inspection as Check
from polluters.models import AirDay, AirStation, Enterprise
from polluters.selectors.air import CITY

YEAR = 2025
REPORTS, PROBLEMS = 38, 11
OFF_SITE, ON_SITE = 88, 88
BAD_DAYS = 6
CAME_BY = "演示数据（2025 年，虚构）"
EXEMPTED = (
    *(120_000, 100_000, 80_000, 60_000, 50_000, 48_000),
    *(45_000, 40_000, 35_000, 30_000, 25_000, 15_000),
)
"""Yuan; together 64.8 万元."""
SECTIONS = ("exceedance", "anomaly", "late_mark", "equipment")
TEXTS = ("小时均值超过许可限值", "数据长时间恒值", "异常标记逾期", "采样管路温度偏低")


def _moment(day: date, hour: int = 16) -> datetime:
    return datetime.combine(day, time(hour), clock.BEIJING)


@transaction.atomic
def seed(*, now: datetime, scale: int = 1) -> None:
    """Make the records of the year once."""
    if AirDay.objects.filter(came_by=CAME_BY).exists():
        return
    rng = random.Random(YEAR)
    districts = list(District.objects.all())
    firms = list(Enterprise.objects.select_related("district")[:30])
    officer = User.objects.filter(username="officer").first()
    leader = User.objects.filter(username="leader").first()
    if not (districts and firms and officer and leader):
        return
    for firm in firms:
        if YEAR not in firm.key_years:
            firm.key_years = sorted({*firm.key_years, YEAR})
            firm.save(update_fields=["key_years"])
    _register(firms, officer, rng)
    _exemptions(firms, leader)
    _reports(firms, leader)
    _air(districts[0], now, rng)


def _register(firms: list[Enterprise], officer: User, rng: random.Random) -> None:
    modes = ["off_site"] * OFF_SITE + ["on_site"] * ON_SITE
    rng.shuffle(modes)
    rows = []
    for number, mode in enumerate(modes):
        firm = firms[number % len(firms)]
        rows.append(
            Check(
                mode=mode,
                kind="routine",
                done_on=date(YEAR, 1, 6) + timedelta(days=2 * number),
                subject_key=f"enterprise:{firm.pk}",
                subject_name=firm.name,
                organisation=firm.organisation,
                district=firm.district,
                means="自动监控数据核查" if mode == "off_site" else "现场检查",
                found=number % 9 == 0,
                actor=officer,
            )
        )
    Check.objects.bulk_create(rows)


def _exemptions(firms: list[Enterprise], leader: User) -> None:
    for number, yuan in enumerate(EXEMPTED, 1):
        firm = firms[number]
        day = date(YEAR, number, 12)
        case = Case.objects.create(
            number=f"博环线〔{YEAR}〕{900 + number}号",
            title=f"{firm.short_name}轻微违法不予处罚",
            kind="exhaust",
            severity="minor",
            state="ended",
            stage="feedback",
            source="alert",
            subject_key=f"enterprise:{firm.pk}",
            subject_name=firm.name,
            district=firm.district,
            organisation=firm.organisation,
            summary="违法行为轻微，已及时改正，未造成危害后果（演示数据）。",
            opened_at=_moment(day - timedelta(days=30)),
            ended_at=_moment(day),
            outcome="lenient",
            discovered_on=day - timedelta(days=30),
            created_by=leader,
        )
        LenientTest.objects.create(
            case=case,
            ground="minor",
            answers={},
            exempted=Decimal(yuan),
            passed=True,
            approved_on=day,
            actor=leader,
            at=_moment(day),
        )


def _reports(firms: list[Enterprise], leader: User) -> None:
    monday = date(YEAR, 1, 6)
    problems = set(range(2, 2 + 3 * PROBLEMS, 3))
    for issue in range(1, REPORTS + 1):
        signed = _moment(monday + timedelta(days=7), 10)
        report = ClueReport.objects.create(
            starts_on=monday,
            ends_on=monday + timedelta(days=6),
            year=YEAR,
            issue=issue,
            number=f"博环线报〔{YEAR}〕{issue}期",
            state=ClueReport.State.SIGNED,
            summary="演示数据：历史周报，未附文件。",
            drafted_at=signed - timedelta(hours=2),
            signed_at=signed,
            signed_by=leader,
            digest="0" * 64,
        )
        for place in range(2):
            firm = firms[(issue + place * 7) % len(firms)]
            found = place == 0 and issue in problems
            ClueReportItem.objects.create(
                report=report,
                section=SECTIONS[(issue + place) % 4],
                position=place,
                key=f"demo:{issue}:{place}",
                subject_key=f"enterprise:{firm.pk}",
                subject_name=firm.name,
                district=firm.district,
                organisation=firm.organisation,
                text=TEXTS[(issue + place) % 4],
                verdict="problem" if found else "none",
                decided_at=signed + timedelta(days=3),
                decided_by=leader,
            )
        monday += timedelta(days=7)


def _air(district: District, now: datetime, rng: random.Random) -> None:
    city, _ = AirStation.objects.get_or_create(
        code=CITY,
        defaults={"name": "城市均值", "district": district, "assessed": False},
    )
    days = [date(YEAR, 1, 1) + timedelta(days=n) for n in range(365)]
    spring = [day for day in days if day.month in (1, 3, 4, 12)]
    bad = set(rng.sample(spring, BAD_DAYS))
    AirDay.objects.filter(station=city, day__year=YEAR).delete()
    AirDay.objects.bulk_create(
        AirDay(
            station=city,
            day=day,
            origin=AirDay.Origin.REVIEWED,
            official_aqi=rng.randint(112, 190) if day in bad else rng.randint(24, 96),
            came_by=CAME_BY,
            stored_at=now,
        )
        for day in days
    )
