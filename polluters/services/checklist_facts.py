"""What the platform knows about an outlet, for the online check-list of a clue (线上排查)."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Q

from bozhou_eco.common.clock import BEIJING, beijing
from polluters.models import (
    Consumable,
    Exceedance,
    Finding,
    Mark,
    Mean,
    Outlet,
    Period,
    Service,
    Upkeep,
)

SHOWN = 6
MARGIN = timedelta(days=1)
AVERAGINGS = {
    "hour": "小时均值",
    "day": "日均值",
    "24h": "24 小时均值",
    "5min": "五分钟均值",
}


def outlet_facts(*, subject_key: str, first: date, last: date) -> dict[str, str]:
    """Return what is known about ``outlet:ID`` from ``first`` to ``last``, by item."""
    number = subject_key.partition(":")[2]
    outlet = (
        Outlet.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    )
    if outlet is None:
        return {}
    start = datetime.combine(first, time(0), BEIJING) - MARGIN
    end = datetime.combine(max(last, first), time(0), BEIJING) + 2 * MARGIN
    found = {
        "values": _values(outlet, start, end),
        "flags": _flags(outlet, start, end),
        "marks": _marks(outlet, start, end),
        "maintenance": _maintenance(outlet, start, end),
        "facility": _findings(outlet, start, end),
        "ledger": _ledger(outlet, last),
        "explanation": _explanation(outlet, start, end),
    }
    return {code: text for code, text in found.items() if text}


def _listed(parts: Iterable[str], count: int) -> str:
    shown = list(parts)
    more = f"；另有 {count - len(shown)} 条" if count > len(shown) else ""
    return "；".join(shown) + more


def _stamp(moment: datetime) -> str:
    return f"{beijing(moment):%m-%d %H:%M}"


def _values(outlet: Outlet, start: datetime, end: datetime) -> str:
    rows = Exceedance.objects.filter(
        point__outlet=outlet, time__gte=start, time__lt=end
    ).select_related("point__pollutant")
    count = rows.count()
    if not count:
        return f"{start:%m-%d} 至 {end:%m-%d} 没有超标记录"
    worst = rows.order_by("-multiple", "time")[:SHOWN]
    return _listed((_value(row) for row in worst), count)


def _value(row: Exceedance) -> str:
    point = row.point
    name = point.pollutant.short or point.pollutant.name
    parts = [
        f"{_stamp(row.time)} {name}{AVERAGINGS.get(row.averaging, '')} {row.value:g} {point.unit}"
    ]
    if row.bound is not None:
        parts.append(f"限值 {row.bound:g}")
    if row.multiple is not None:
        parts.append(f"超 {row.multiple:.2f} 倍")
    return "，".join(parts) + f"（{row.get_state_display()}）"


def _flags(outlet: Outlet, start: datetime, end: datetime) -> str:
    rows = Mean.objects.filter(
        point__outlet=outlet, period=Period.HOUR, time__gte=start, time__lt=end
    ).values_list("flags", "valid")
    counted: Counter[str] = Counter()
    total = valid = 0
    for flags, good in rows:
        counted.update({str(flag): int(n) for flag, n in flags.items()})
        total += 1
        valid += good
    if not total:
        return ""
    words = "、".join(f"{flag} {n}" for flag, n in sorted(counted.items()))
    share = 100 * valid / total
    return f"小时均值 {total} 个，有效 {valid} 个（{share:.1f}%）；标记计数 {words or '无'}"


def _within(start: datetime, end: datetime) -> Q:
    return Q(begin__lt=end) & (Q(end__isnull=True) | Q(end__gt=start))


def _marks(outlet: Outlet, start: datetime, end: datetime) -> str:
    rows = (
        Mark.objects.filter(_within(start, end), outlet=outlet, withdrawn_at=None)
        .select_related("kind")
        .order_by("begin")
    )
    count = rows.count()
    if not count:
        return "该时段没有工况或设备标记"
    return _listed((_mark(row) for row in rows[:SHOWN]), count)


def _mark(row: Mark) -> str:
    end = _stamp(row.end) if row.end else "未结束"
    why = f"：{row.reason}" if row.reason else ""
    return f"{row.kind}（{row.get_origin_display()}）{_stamp(row.begin)} 至 {end}{why}"


def _maintenance(outlet: Outlet, start: datetime, end: datetime) -> str:
    wide = timedelta(days=7)
    done = Upkeep.objects.filter(
        outlet=outlet, done_at__gte=start - wide, done_at__lt=end + wide
    ).order_by("done_at")
    words = [
        f"{_stamp(row.done_at)} {row.get_kind_display()}{row.get_result_display()}"
        for row in done[:SHOWN]
        if row.done_at
    ]
    keeper = (
        Service.objects.filter(outlet=outlet, valid_from__lte=end.date())
        .filter(Q(valid_to=None) | Q(valid_to__gte=start.date()))
        .select_related("maintainer")
        .first()
    )
    if keeper is not None:
        words.append(f"运维单位 {keeper.maintainer}")
    late = Upkeep.objects.filter(outlet=outlet, done_at=None, planned_to__lt=end)
    missed = late.count()
    if missed:
        words.append(f"逾期未做 {missed} 项")
    return "；".join(words)


def _findings(outlet: Outlet, start: datetime, end: datetime) -> str:
    rows = Finding.objects.filter(
        logger__outlet=outlet, state=Finding.State.OPEN, begin__lt=end, end__gt=start
    ).order_by("-score")
    count = rows.count()
    if not count:
        return ""
    shown = (f"{row.check_name}：{row.why[:80]}" for row in rows[:SHOWN])
    return "数据异常 " + _listed(shown, count)


def _ledger(outlet: Outlet, on: date) -> str:
    rows = Consumable.objects.filter(outlet=outlet, replaced_on=None)
    expired = [str(row) for row in rows if row.overdue(on)]
    if expired:
        return "标气、试剂过期仍在用：" + "、".join(expired[:SHOWN])
    count = rows.count()
    return f"在用标气、试剂 {count} 种，均在有效期内" if count else ""


def _explanation(outlet: Outlet, start: datetime, end: datetime) -> str:
    rows = (
        Mark.objects.filter(
            _within(start, end),
            outlet=outlet,
            withdrawn_at=None,
            origin=Mark.Origin.ENTERPRISE,
        )
        .exclude(reason="")
        .order_by("begin")
    )
    return "；".join(f"{_stamp(row.begin)} {row.reason}" for row in rows[:SHOWN])
