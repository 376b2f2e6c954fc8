"""The bureau's figures (数据年报): each computed from records, none typed in.

A figure is a queryset of the records it counts and what is taken of them, so the number
on the page and the list behind it cannot differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from enforcement.models import Inspection as Check
from enforcement.models import LenientTest
from enforcement.selectors.figures import stood_by
from polluters.models import Enterprise, Logger
from polluters.selectors.air import CityDay, city_days, good_share
from vehicles.models import FleetMonth, Inspection, RoadCheck, Site, Station

TEN_THOUSAND = 10_000


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """The moment it begins."""
        return datetime.combine(self.first, time(0), clock.BEIJING)

    @property
    def ends(self) -> datetime:
        """The moment it is over."""
        return datetime.combine(self.last + timedelta(days=1), time(0), clock.BEIJING)

    @property
    def years(self) -> list[int]:
        """The calendar years it touches."""
        return list(range(self.first.year, self.last.year + 1))


Rows = Callable[[User, Period], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure: its name, what it counts of which records, and since which version.

    Where ``days`` is given the records are days of the city's air instead of rows.
    ``part`` narrows the records to the numerator of a share; ``money`` names the field
    that is summed, in yuan. ``columns`` are heading and path of the list behind it,
    ``page`` the URL name of a record and ``key`` the path of its argument.
    """

    code: str
    name: str
    unit: str
    how: str
    rows: Rows
    columns: tuple[tuple[str, str], ...]
    page: str = ""
    key: str = "pk"
    part: Q | None = None
    money: str = ""
    days: Callable[[User, Period], list[CityDay]] | None = None
    group: str = "机动车"
    source: str = "本局统计口径（待确认）"
    version: str = "1"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a period; ``value`` is None where nothing can be said."""

    definition: Definition
    value: float | None
    top: float
    bottom: float | None = None


def _sites(user: User, period: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = Site.objects.visible_to(user)
    complete = ~Q(legal_review="") & ~Q(technical_review="")
    return rows.filter(
        complete,
        published_on__lte=period.last,
        sign_set_on__lte=period.last,
        legal_reviewed_on__lte=period.last,
        technical_reviewed_on__lte=period.last,
    ).select_related("district")


def _tests(user: User, period: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = Inspection.objects.visible_to(user)
    found = rows.filter(
        state=Inspection.State.DONE,
        started_at__gte=period.begins,
        started_at__lt=period.ends,
    )
    return found.select_related("station", "vehicle").defer("document", "digests")


def _stations(user: User, period: Period) -> QuerySet[Any]:
    tests = Inspection.objects.filter(
        station=OuterRef("pk"),
        state=Inspection.State.DONE,
        started_at__gte=period.begins,
        started_at__lt=period.ends,
    )
    rows: QuerySet[Any] = Station.objects.visible_to(user)
    return rows.filter(Exists(tests)).select_related("district")


def _checks(user: User, period: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = RoadCheck.objects.visible_to(user)
    return rows.filter(at__gte=period.begins, at__lt=period.ends).select_related(
        "vehicle", "campaign"
    )


def _violations(user: User, period: Period) -> QuerySet[Any]:
    return _checks(user, period).filter(verdict=RoadCheck.Verdict.FAIL)


def _units(user: User, period: Period) -> QuerySet[Any]:
    networked = Logger.objects.filter(outlet__enterprise=OuterRef("pk"))
    rows: QuerySet[Any] = Enterprise.objects.visible_to(user)
    return rows.filter(
        Exists(networked), key_years__overlap=period.years
    ).select_related("district")


def _reports(user: User, period: Period) -> QuerySet[Any]:
    return ClueReport.objects.filter(
        state=ClueReport.State.SIGNED, ends_on__range=(period.first, period.last)
    ).select_related("signed_by")


def _problems(user: User, period: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = ClueReportItem.objects.visible_to(user)
    return rows.filter(
        included=True,
        verdict=ClueReportItem.Verdict.PROBLEM,
        report__in=_reports(user, period),
    ).select_related("report", "district")


def _lenient(user: User, period: Period) -> QuerySet[Any]:
    ids = user.district_ids()
    rows = LenientTest.objects.filter(approved_on__range=(period.first, period.last))
    if ids is not None:
        rows = rows.filter(case__district_id__in=ids)
    return stood_by(rows, period.last).select_related("case__district")


def _register(user: User, period: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = Check.objects.visible_to(user)
    return rows.filter(done_on__range=(period.first, period.last)).select_related(
        "district"
    )


def _air(user: User, period: Period) -> list[CityDay]:
    days = city_days(start=period.first, end=period.last)
    return [day for day in days if day.value is not None]


def _none(user: User, period: Period) -> QuerySet[Any]:
    return Site.objects.none()


_ALL = (
    Definition(
        "sites", "黑烟车抓拍点位", "个",
        "期末法制审核、技术审核齐全，已设标志并公布地点的点位数",
        _sites,
        (("编号", "code"), ("点位", "name"), ("行政区", "district"), ("道路", "road"),
         ("公布日期", "published_on")),
    ),
    Definition(
        "stations", "联网检验机构", "家",
        "期间至少上传并签发过一次检验的检验机构数",
        _stations,
        (("编号", "code"), ("名称", "name"), ("行政区", "district")),
        "vehicles:station", "code",
    ),
    Definition(
        "tests", "机动车排放检验", "次",
        "期间开始并已签发结论的检验次数（含复检，中止的不计）",
        _tests,
        (("报告编号", "report"), ("开始", "started_at"), ("机构", "station"),
         ("号牌", "vehicle"), ("方法", "get_method_display"),
         ("结论", "get_outcome_display")),
        "vehicles:inspection",
    ),
    Definition(
        "checked", "路检路查车辆", "辆",
        "期间路检路查记录的车辆数（每次检查计一辆）",
        _checks,
        (("时间", "at"), ("路检", "campaign"), ("号牌", "vehicle"),
         ("结论", "get_verdict_display")),
        "vehicles:roadcheck",
    ),
    Definition(
        "violations", "路检发现违法", "辆",
        "期间路检路查结论为不合格的车辆数",
        _violations,
        (("时间", "at"), ("路检", "campaign"), ("号牌", "vehicle"),
         ("检查方式", "get_means_display")),
        "vehicles:roadcheck",
    ),
    Definition(
        "units", "联网重点排污单位", "家",
        "名录年份与期间相交、至少一个排放口接入数采仪的重点排污单位数",
        _units,
        (("名称", "name"), ("行政区", "district"), ("行业", "industry")),
        "polluters:enterprise", group="污染源",
    ),
    Definition(
        "reports", "线索周报", "期",
        "周日在期间内、已签发的线索周报期数",
        _reports,
        (("文号", "number"), ("起", "starts_on"), ("止", "ends_on"),
         ("签发人", "signed_by")),
        "overview:weekly_report", group="非现场监管",
    ),
    Definition(
        "problems", "周报发现问题", "个",
        "期间线索周报所列、经核实为属实的线索数",
        _problems,
        (("周报", "report"), ("对象", "subject_name"), ("内容", "text"),
         ("行政区", "district")),
        "overview:weekly_report", "report_id", group="非现场监管",
    ),
    Definition(
        "exempted", "免予处罚金额", "万元",
        "期间批准不予处罚的案件，按裁量本应处罚的金额之和",
        _lenient,
        (("线索编号", "case"), ("行政区", "case.district"), ("批准日", "approved_on"),
         ("金额（元）", "exempted")),
        "enforcement:case", "case_id", money="exempted", group="非现场监管",
    ),
    Definition(
        "off_site", "非现场执法检查占比", "%",
        "执法检查登记中方式为“非现场”的次数 ÷ 全部次数（现场与非现场）",
        _register,
        (("日期", "done_on"), ("方式", "get_mode_display"), ("对象", "subject_name"),
         ("手段", "means"), ("发现问题", "found")),
        part=Q(mode="off_site"), group="非现场监管",
        source="生态环境部未公布统一公式；本口径按检查次数（待确认）",
    ),
    Definition(
        "good_air", "空气质量优良天数比例", "%",
        "城市 AQI ≤ 100 的天数 ÷ 有 AQI 的天数（官方 AQI 优先，否则按 HJ 633 计算）",
        _none,
        (("日期", "day"), ("AQI", "value"), ("类别", "level"), ("官方 AQI", "official"),
         ("参与点位", "stations"), ("沙尘影响", "dust")),
        days=_air, group="环境质量", source="HJ 633 日评价",
    ),
)  # fmt: skip
DEFINITIONS = {definition.code: definition for definition in _ALL}


def figure(
    definition: Definition,
    user: User,
    period: Period,
    *,
    days: list[CityDay] | None = None,
) -> Figure:
    """Compute one figure from its records; ``days`` are those of the air, if at hand."""
    if definition.days is not None:
        air = good_share(definition.days(user, period) if days is None else days)
        value = None if air.share is None else round(100 * air.share, 1)
        return Figure(definition, value, air.good, air.days)
    rows = definition.rows(user, period).order_by()
    if definition.part is not None:
        counted = rows.aggregate(
            top=Count("pk", filter=definition.part), bottom=Count("pk")
        )
        top, bottom = counted["top"], counted["bottom"]
        share = round(100 * top / bottom, 1) if bottom else None
        return Figure(definition, share, top, bottom)
    if definition.money:
        yuan = float(rows.aggregate(v=Sum(F(definition.money)))["v"] or 0)
        return Figure(definition, round(yuan / TEN_THOUSAND, 2), yuan)
    count = rows.count()
    return Figure(definition, count, count)


def records(
    definition: Definition, user: User, period: Period
) -> QuerySet[Any] | list[CityDay]:
    """Return the records behind a figure, newest first."""
    if definition.days is not None:
        return definition.days(user, period)
    return definition.rows(user, period).order_by("-pk")


def report(user: User, period: Period) -> tuple[list[Figure], list["Trend"]]:
    """Return every figure of a period for what ``user`` may see, and the months."""
    air = _air(user, period)
    found = [figure(definition, user, period, days=air) for definition in _ALL]
    return found, _trends(user, period, air)


def by_group(found: list[Figure]) -> list[tuple[str, list[Figure]]]:
    """Return figures by their group, in order."""
    groups: dict[str, list[Figure]] = {}
    for one in found:
        groups.setdefault(one.definition.group, []).append(one)
    return list(groups.items())


@dataclass(frozen=True, slots=True)
class Trend:
    """A series by month for the charts: label, count, marked part."""

    title: str
    note: str
    rows: list[tuple[str, float, float]]


def _trends(user: User, period: Period, days: list[CityDay]) -> list[Trend]:
    """Return the months of tests, roadside checks and good days."""
    months = _months(period)
    ids = user.district_ids()
    sums = FleetMonth.objects.filter(month__range=(months[0], months[-1]))
    if ids is not None:
        sums = sums.filter(district_id__in=ids)
    tests = {
        row["month"]: row
        for row in sums.order_by()
        .values("month")
        .annotate(n=Sum("tests"), bad=Sum("failed"))
    }
    checks = _by_month(_checks(user, period), "at", Q(verdict="fail"))
    air = _air_by_month(days)
    return [
        Trend(
            "逐月检验次数",
            "深色为不合格",
            [(f"{m:%y-%m}", *_pair(tests.get(m), "n", "bad")) for m in months],
        ),
        Trend(
            "逐月路检车辆",
            "深色为不合格",
            [(f"{m:%y-%m}", *checks.get((m.year, m.month), (0, 0))) for m in months],
        ),
        Trend(
            "逐月空气质量有效天数",
            "深色为超标天数",
            [(f"{m:%y-%m}", *air.get((m.year, m.month), (0, 0))) for m in months],
        ),
    ]


def _pair(row: Mapping[str, Any] | None, all_: str, part: str) -> tuple[float, float]:
    return (float(row[all_]), float(row[part])) if row else (0.0, 0.0)


def _months(period: Period) -> list[date]:
    found: list[date] = []
    month = period.first.replace(day=1)
    while month <= period.last and len(found) < 60:
        found.append(month)
        month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    return found


def _by_month(
    rows: QuerySet[Any], field: str, part: Q
) -> dict[tuple[int, int], tuple[float, float]]:
    year, month = f"{field}__year", f"{field}__month"
    counted = (
        rows.order_by()
        .values(year, month)
        .annotate(n=Count("pk"), bad=Count("pk", filter=part))
    )
    return {(row[year], row[month]): (row["n"], row["bad"]) for row in counted}


def _air_by_month(
    days: list[CityDay],
) -> dict[tuple[int, int], tuple[float, float]]:
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for day in days:
        key = day.day.year, day.day.month
        count, bad = found.get(key, (0, 0))
        found[key] = count + 1, bad + (not day.good)
    return found


def cell(row: Any, path: str) -> Any:
    """Return what a column shows of a record."""
    value = row
    for name in path.split("."):
        value = getattr(value, name, None)
    if callable(value):
        value = value()
    if isinstance(value, datetime):
        return f"{clock.beijing(value):%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "是" if value else "否"
    return "—" if value in (None, "") else value
