"""The report card of a station, the risk ranking, and findings by station and week."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from vehicles.domain.fraud.pass_rates import (
    INSPECTOR,
    LINE,
    MEASURES,
    STATION,
    Rate,
    RateParams,
)
from vehicles.domain.fraud.registry import NAMES
from vehicles.models import Finding, Line, Lock, SiteCheck, Station, VideoCheck
from vehicles.models.supervision import default_points
from vehicles.selectors.gate import supervision_settings
from vehicles.selectors.rates import SubjectRate, suspect, year_rates

YEAR = timedelta(days=365)
SOON = timedelta(days=60)
KIND_NAMES = {STATION: "机构", LINE: "检测线", INSPECTOR: "检验员"}


@dataclass(frozen=True, slots=True)
class CardRow:
    """One line of a report card: subject, measure, comparison and its word."""

    subject: str
    kind: str
    measure: str
    rate: Rate
    suspect: bool

    @property
    def word(self) -> str:
        """What the comparison amounts to."""
        if not self.rate.enough:
            return "数据不足"
        if self.suspect:
            return "异常"
        return "偏少，属随机范围" if self.rate.high < 1 else "正常"


@dataclass(frozen=True, slots=True)
class Points:
    """One reason for risk with its points."""

    name: str
    detail: str
    points: float


@dataclass(slots=True)
class Risk:
    """A station's place in the ranking and what it rests on."""

    station: Station
    parts: list[Points] = field(default_factory=list)
    first: Rate | None = None

    @property
    def score(self) -> float:
        """The sum of the points."""
        return round(sum(part.points for part in self.parts), 1)

    def add(self, name: str, detail: str, points: float) -> None:
        """Add a reason unless it weighs nothing."""
        if points > 0:
            self.parts.append(Points(name, detail, round(points, 1)))


def card(station: Station, now: datetime) -> list[CardRow]:
    """Return a station's report card: itself, its lines, its inspectors."""
    params = RateParams()
    lines = {str(line.pk): line.number for line in station.lines.all()}
    people = {person.number: person.name for person in station.staff.all()}
    rows = []
    for item in year_rates(now, params):
        if item.station != station.pk:
            continue
        names = {
            STATION: "本机构",
            LINE: f"{lines.get(item.key, item.key)} 线",
            INSPECTOR: people.get(item.key, item.key),
        }
        rows.append(
            CardRow(
                names[item.kind],
                item.kind,
                item.measure,
                item.rate,
                suspect(item.measure, item.rate, params),
            )
        )
    kinds, measures = list(KIND_NAMES), list(MEASURES)
    return sorted(
        rows,
        key=lambda row: (
            kinds.index(row.kind),
            row.subject,
            measures.index(row.measure),
        ),
    )


def ranking(user: User, now: datetime) -> list[Risk]:
    """Return all stations the user may see, the riskiest first, each with reasons."""
    risks = {
        row.pk: Risk(row)
        for row in Station.objects.visible_to(user)
        .filter(active=True)
        .select_related("district")
    }
    points = {**default_points(), **supervision_settings().risk_points}
    _rate_points(risks, year_rates(now, RateParams()), points)
    _finding_points(risks, now, points)
    _supervision_points(risks, now, points)
    for risk in risks.values():
        _paper_points(risk, clock.beijing(now).date(), points)
    return sorted(risks.values(), key=lambda risk: (-risk.score, risk.station.code))


def _rate_points(
    risks: dict[int, Risk], rates: Sequence[SubjectRate], points: Mapping[str, float]
) -> None:
    params = RateParams()
    outliers: dict[int, list[str]] = defaultdict(list)
    for item in rates:
        risk = risks.get(item.station)
        if risk is None:
            continue
        bad = suspect(item.measure, item.rate, params)
        if item.kind == STATION:
            if item.measure == "first":
                risk.first = item.rate
            if bad:
                rate = item.rate
                risk.add(
                    f"{MEASURES[item.measure]}不合格偏离同类",
                    f"{rate.failed} 次，应约 {rate.expected:.0f} 次，比值 {rate.ratio:.2f}"
                    f"（{rate.low:.2f}～{rate.high:.2f}）",
                    points["rate"],
                )
        elif bad:
            outliers[item.station].append(KIND_NAMES[item.kind])
    for pk, found in outliers.items():
        risks[pk].add(
            "检测线、检验员异常",
            f"{len(found)} 项",
            min(points["outlier"] * len(found), points["outlier_most"]),
        )


def _finding_points(
    risks: dict[int, Risk], now: datetime, points: Mapping[str, float]
) -> None:
    rows = (
        Finding.objects.filter(station__in=risks, occurred_at__gte=now - YEAR)
        .order_by()
        .values("station_id")
        .annotate(
            held=Count("pk", filter=Q(verdict="confirmed")),
            strong=Count("pk", filter=Q(verdict="", score__gte=0.8)),
            weak=Count("pk", filter=Q(verdict="", score__lt=0.8)),
        )
    )
    for row in rows:
        risk = risks[row["station_id"]]
        risk.add(
            "属实的线索",
            f"{row['held']} 条",
            min(points["confirmed"] * row["held"], points["confirmed_most"]),
        )
        open_now = f"{row['strong'] + row['weak']} 条，把握高 {row['strong']} 条"
        waiting = points["strong"] * row["strong"] + points["weak"] * row["weak"]
        risk.add("待核查的线索", open_now, min(waiting, points["waiting_most"]))


def _supervision_points(
    risks: dict[int, Risk], now: datetime, points: Mapping[str, float]
) -> None:
    held = Lock.objects.filter(station__in=risks, lifted_at__isnull=True)
    for row in held.order_by().values("station_id").annotate(n=Count("pk")):
        risks[row["station_id"]].add(
            "锁定未解除",
            f"{row['n']} 项",
            min(points["lock"] * row["n"], points["lock_most"]),
        )
    videos = VideoCheck.objects.filter(
        station__in=risks, drawn_at__gte=now - YEAR, verdict__in=("fault", "no_video")
    )
    for row in videos.order_by().values("station_id").annotate(n=Count("pk")):
        risks[row["station_id"]].add(
            "视频抽审不规范",
            f"{row['n']} 次",
            min(points["video"] * row["n"], points["video_most"]),
        )
    for check in SiteCheck.objects.filter(station__in=risks, done_at__gte=now - YEAR):
        count = len(check.faults)
        risks[check.station_id].add(
            "双随机检查不符合",
            f"{count} 项",
            min(points["site_item"] * count, points["site_most"]),
        )


def _paper_points(risk: Risk, today: date, points: Mapping[str, float]) -> None:
    until = risk.station.cma_until
    if until is None:
        risk.add("资质认定有效期未登记", "", points["paper_missing"])
    elif until < today:
        risk.add("资质认定已过期", f"{until}", points["paper_expired"])
    elif until < today + SOON:
        risk.add("资质认定将到期", f"{until}", points["paper_soon"])


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one station in one week."""

    station: Station
    week: str
    monday: date
    rows: list[Finding]
    within: int

    @property
    def rules(self) -> list[tuple[str, int]]:
        """Rules and their counts, most frequent first."""
        count: dict[str, int] = defaultdict(int)
        for row in self.rows:
            count[NAMES.get(row.rule, row.rule)] += 1
        return sorted(count.items(), key=lambda item: -item[1])

    @property
    def best(self) -> float:
        """The strongest score of the group."""
        return max(row.score for row in self.rows)


def finding_groups(
    user: User, given: dict[str, str], most: int = 300
) -> tuple[list[Group], int]:
    """Return open findings by station and week, and the weekly budget.

    Within a week the budget goes to the strongest findings, one a test first, so that a
    handful of people look at what matters; ``within`` counts a group's share of it.
    """
    budget = supervision_settings().weekly_budget
    found = Finding.objects.visible_to(user).filter(verdict="")
    if given.get("station"):
        found = found.filter(station__code=given["station"])
    if given.get("rule") in NAMES:
        found = found.filter(rule=given["rule"])
    rows = list(
        found.select_related("station", "inspection__vehicle").order_by("-occurred_at")[
            :most
        ]
    )
    weeks: dict[date, list[Finding]] = defaultdict(list)
    for row in rows:
        day = clock.beijing(row.occurred_at).date()
        weeks[day - timedelta(days=day.weekday())].append(row)
    groups = []
    for monday, items in sorted(weeks.items(), reverse=True):
        chosen = _within(items, budget)
        by_station: dict[int, list[Finding]] = defaultdict(list)
        for row in items:
            by_station[row.station_id].append(row)
        for mine in by_station.values():
            mine.sort(key=lambda row: (row.pk not in chosen, -row.score))
            week = "{} 年第 {} 周".format(*monday.isocalendar()[:2])
            inside = sum(row.pk in chosen for row in mine)
            groups.append(Group(mine[0].station, week, monday, mine, inside))
    groups.sort(
        key=lambda group: (-group.monday.toordinal(), -group.within, -group.best)
    )
    return groups, budget


def _within(items: list[Finding], budget: int) -> set[int]:
    chosen: list[Finding] = []
    seen: set[int | None] = set()
    rest: list[Finding] = []
    for row in sorted(items, key=lambda row: -row.score):
        fresh = row.inspection_id not in seen
        (chosen if fresh else rest).append(row)
        seen.add(row.inspection_id)
    return {row.pk for row in (chosen + rest)[:budget]}


def quota(station: Station, now: datetime) -> dict[str, Any]:
    """Return how the month's video checks of a station stand."""
    month = clock.beijing(now).date().replace(day=1)
    rows = list(
        VideoCheck.objects.filter(station=station, month=month)
        .select_related("inspection__vehicle", "reviewed_by")
        .order_by("verdict", "-drawn_at")
    )
    return {
        "rows": rows,
        "open": sum(not row.verdict for row in rows),
        "done": sum(bool(row.verdict) for row in rows),
    }


def asked_lines(station: Station) -> list[Line]:
    """Return the lines whose change of methods waits for consent."""
    return list(station.lines.exclude(asked_methods=None))
