"""运维监管: what is overdue, expired, failed or changed without a word."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from bozhou_eco.common import clock
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.station_events import kind_of
from polluters.domain.matters import LEDGER
from polluters.models import (
    Consumable,
    DeviceInfo,
    Installation,
    MaintainerStaff,
    ParameterChange,
    Service,
    Upkeep,
)
from polluters.selectors import rulebook
from polluters.selectors.rulebook import Book
from polluters.services.watching.kit import (
    keep,
    lasting,
    make_hit,
    midnight,
    places,
    since,
    stamp,
)

BACK = timedelta(days=400)
FAILED_BACK = timedelta(days=90)
CHANGE_BACK = timedelta(days=30)
Hits = dict[int, list[Hit]]


def look(*, now: datetime) -> int:
    """Look at the ledger; return how many findings were new."""
    book = rulebook.load()
    note_changes(now=now)
    hits: Hits = {}
    sources: tuple[Callable[[datetime, Book], Iterable[tuple[int, Hit]]], ...] = (
        _upkeeps, _consumables, _services, _staff, _installations, _changes,
    )  # fmt: skip
    for source in sources:
        for outlet, hit in source(now, book):
            hits.setdefault(outlet, []).append(hit)
    seen = lasting(frozenset(LEDGER), start=now - BACK, gone="已完成或已更换")
    return sum(
        keep(place, hits.get(place.outlet.pk, []), look=seen, book=book, now=now)
        for place in places()
    )


def _today(now: datetime) -> date:
    return clock.beijing(now).date()


def _after(day: date) -> datetime:
    """Return the moment from which something due on ``day`` is overdue."""
    return midnight(day + timedelta(days=1))


def _late(check: str, row: Any, moment: datetime, now: datetime, **data: object) -> Hit:
    days = (now - moment).total_seconds() / 86_400
    return make_hit(
        check,
        moment,
        now, code=f"{row._meta.model_name[:8]}{row.pk}"[:20],
        score=days, duration=since(moment, now), **data,
    )  # fmt: skip


def _upkeeps(now: datetime, book: Book) -> Iterable[tuple[int, Hit]]:
    overdue = Upkeep.objects.filter(done_at=None, planned_to__lt=now)
    for row in overdue.select_related("analyser"):
        what = f"{row.analyser or '监测设备'}的{row.get_kind_display()}"
        due = stamp(row.planned_to)
        yield (
            row.outlet_id,
            _late("upkeep_overdue", row, row.planned_to, now, what=what, due=due),
        )
    failed = Upkeep.objects.filter(result="failed", done_at__gt=now - FAILED_BACK)
    for row in failed.select_related("analyser"):
        assert row.done_at is not None
        error = "" if row.error is None else f"，相对误差 {row.error:.1f}%"
        yield row.outlet_id, make_hit(
            "upkeep_failed", row.done_at, row.done_at, code=f"failed{row.pk}",
            what=f"{row.analyser or '监测设备'}的{row.get_kind_display()}",
            done=stamp(row.done_at), error=error,
        )  # fmt: skip


def _consumables(now: datetime, book: Book) -> Iterable[tuple[int, Hit]]:
    for row in Consumable.objects.filter(replaced_on=None, expires_on__lt=_today(now)):
        yield row.outlet_id, _late(
            "consumable_expired", row, _after(row.expires_on), now,
            what=f"{row.get_kind_display()}{row}", due=str(row.expires_on),
        )  # fmt: skip


def _services(now: datetime, book: Book) -> Iterable[tuple[int, Hit]]:
    """Yield outlets whose last contract has ended."""
    last: dict[int, Service] = {}
    for row in Service.objects.select_related("maintainer").order_by("valid_from"):
        old = last.get(row.outlet_id)
        if old is None or old.valid_to is not None:
            last[row.outlet_id] = row
    for outlet, row in last.items():
        if row.valid_to is not None and row.valid_to < _today(now):
            yield outlet, _late(
                "service_lapsed", row, _after(row.valid_to), now,
                what=str(row.maintainer), due=str(row.valid_to),
            )  # fmt: skip


def _staff(now: datetime, book: Book) -> Iterable[tuple[int, Hit]]:
    """Yield expired certificates once, at the firm's first outlet."""
    first: dict[int, int] = {}
    for outlet, firm in Service.objects.order_by("pk").values_list(
        "outlet_id", "maintainer_id"
    ):
        first.setdefault(firm, outlet)
    rows = MaintainerStaff.objects.filter(
        active=True, certificate_until__lt=_today(now), maintainer__in=first
    ).select_related("maintainer")
    for row in rows:
        assert row.certificate_until is not None
        yield first[row.maintainer_id], _late(
            "certificate_expired", row, _after(row.certificate_until), now,
            what=str(row), due=str(row.certificate_until),
        )  # fmt: skip


def _installations(now: datetime, book: Book) -> Iterable[tuple[int, Hit]]:
    rows = Installation.objects.filter(
        exempt="", connected_on=None, required_by__lt=_today(now)
    ).select_related("pollutant")
    for row in rows:
        yield row.outlet_id, _late(
            "installation_overdue", row, _after(row.required_by), now,
            what=f"{row.pollutant.short or row.pollutant.name}自动监测",
            due=str(row.required_by), stage=row.stage,
        )  # fmt: skip


def note_changes(*, now: datetime) -> int:
    """Keep parameter changes that loggers told of; return how many were new."""
    rows = DeviceInfo.objects.filter(
        cn="3020", time__gt=now - CHANGE_BACK
    ).select_related("logger")
    made = 0
    for row in rows:
        text = str(row.values.get("Info", "")).strip("/ ")
        if kind_of(text) != "parameter":
            continue
        _, created = ParameterChange.objects.get_or_create(
            outlet_id=row.logger.outlet_id,
            parameter=text[:60],
            changed_at=row.time,
            origin=ParameterChange.Origin.LOGGER,
            defaults={"recorded_at": now, "reason": ""},
        )
        made += created
    return made


def _changes(now: datetime, book: Book) -> Iterable[tuple[int, Hit]]:
    """Yield changes a logger told of that nobody declared in time."""
    hours = book["change_declare_h"]
    allowed = timedelta(hours=hours)
    recent = ParameterChange.objects.filter(changed_at__gt=now - CHANGE_BACK - allowed)
    declared = [row for row in recent if row.origin == "declared"]
    for row in recent:
        if row.origin != "logger" or now - row.changed_at < allowed:
            continue
        known = any(
            other.outlet_id == row.outlet_id
            and abs(other.changed_at - row.changed_at) <= allowed
            and other.recorded_at <= row.changed_at + allowed
            for other in declared
        )
        if not known:
            yield row.outlet_id, make_hit(
                "parameter_undeclared", row.changed_at, row.changed_at,
                code=f"change{row.pk}", what=row.parameter, limit=hours,
            )  # fmt: skip
