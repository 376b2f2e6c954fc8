"""Take parcels of the national platform: hour and day data, marks, rates; with receipt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.exchange import (
    Parcel,
    Receipt,
    RefusedError,
    folder,
    receipt_of,
    refusal,
    rest,
    unpack,
)
from polluters.domain.marks import deadline_of
from polluters.domain.national import (
    PERIODS,
    BadFileError,
    Line,
    read_lines,
)
from polluters.models import (
    Mark,
    MarkKind,
    NationalMean,
    NationalParcel,
    NationalRate,
    Outlet,
    Period,
    Point,
)
from polluters.selectors import rulebook
from polluters.services.closing import rejudge

KINDS = ("hour", "day", "marks", "rates")
SHOWN = 200
AHEAD = timedelta(hours=1)
Way = NationalParcel.Way


@dataclass
class _Taking:
    """A parcel being taken, with what its lines refer to."""

    row: NationalParcel
    now: datetime
    points: Mapping[tuple[str, str, str], Point] = field(default_factory=dict)
    outlets: Mapping[tuple[str, str], Outlet] = field(default_factory=dict)
    touched: list[tuple[int, datetime, datetime]] = field(default_factory=list)

    def point(self, line: Line) -> Point:
        """Return the point of a line, by source code, outlet and factor."""
        key = (line.text("source_code"), line.text("outlet"), line.text("factor"))
        if key not in self.points:
            raise ValueError(f"本平台没有此点位：{' '.join(key)}")
        return self.points[key]

    def outlet(self, line: Line) -> Outlet:
        """Return the outlet of a line."""
        key = (line.text("source_code"), line.text("outlet"))
        if key not in self.outlets:
            raise ValueError(f"本平台没有此排放口：{' '.join(key)}")
        return self.outlets[key]


def take_parcel(
    parcel: Parcel, *, way: str, now: datetime, actor: User | None = None
) -> Receipt:
    """Take a parcel and return its receipt; one taken before is answered as then.

    Raises ``RefusedError`` if its kind or a head line cannot be used, or if another
    content came under a number that was taken; the refusal is kept by ``refuse``.
    """
    manifest = parcel.manifest
    if manifest.kind not in KINDS:
        raise RefusedError([f"内容 kind 应为 {' '.join(KINDS)} 之一"])
    with transaction.atomic():
        known = NationalParcel.objects.filter(
            number=manifest.number, state="taken"
        ).first()
        if known is not None:
            if known.digest != parcel.digest:
                raise RefusedError([f"批次号 {manifest.number} 已用于另一内容"])
            return receipt_of(
                parcel, now=known.received_at, taken=known.taken,
                refused=known.refused, problems=known.problems,
            )  # fmt: skip
        row = NationalParcel.objects.create(
            number=manifest.number, kind=manifest.kind, sender=manifest.sender[:60],
            day=manifest.day, digest=parcel.digest, way=way, state="taken",
            received_at=now, received_by=actor,
        )  # fmt: skip
        problems = _fill(row, parcel, now)
        audit.record(
            actor=actor,
            act="polluters.take_national",
            subject=f"parcel:{manifest.number}",
            detail={"kind": row.kind, "taken": row.taken, "refused": row.refused},
            now=now,
        )
    return receipt_of(
        parcel, now=now, taken=row.taken, refused=row.refused, problems=problems
    )


def refuse(
    number: str, problems: tuple[str, ...], *, way: str, now: datetime,
    actor: User | None = None,
) -> Receipt:  # fmt: skip
    """Keep that a parcel was not taken, and return the refusal."""
    NationalParcel.objects.create(
        number=number[:80], way=way, state="refused", problems=list(problems)[:SHOWN],
        received_at=now, received_by=actor,
    )  # fmt: skip
    return refusal(number, now=now, problems=problems)


def _fill(row: NationalParcel, parcel: Parcel, now: datetime) -> list[str]:
    points = {
        (p.outlet.enterprise.source_code, p.outlet.code, p.pollutant.code): p
        for p in Point.objects.filter(active=True).select_related(
            "outlet__enterprise", "pollutant"
        )
    }
    outlets = {
        (o.enterprise.source_code, o.code): o
        for o in Outlet.objects.select_related("enterprise")
    }
    taking = _Taking(row, now, points, outlets)
    keepers: Mapping[str, tuple[str, Callable[[_Taking, bytes], tuple[int, list[str]]]]]
    keepers = {
        "hour": ("mean", _means),
        "day": ("mean", _means),
        "marks": ("marks", _marks),
        "rates": ("rates", _rates),
    }
    problems: list[str] = []
    for name, body in sorted(parcel.files.items()):
        try:
            taken, wrong = keepers[row.kind][1](taking, body)
        except BadFileError as error:
            raise RefusedError([f"{name}：{error}"]) from error
        row.taken += taken
        row.refused += len(wrong)
        problems += [f"{name} {text}" for text in wrong]
    row.problems = problems[:SHOWN]
    row.save(update_fields=["taken", "refused", "problems"])
    for outlet, begin, end in sorted(set(taking.touched)):
        rejudge(outlet=outlet, begin=begin, end=end, now=now)
    return problems[:SHOWN]


def _means(taking: _Taking, body: bytes) -> tuple[int, list[str]]:
    period = Period.HOUR if taking.row.kind == "hour" else Period.DAY

    def make(line: Line) -> NationalMean:
        time = line.moment("time")
        if time is None:
            raise ValueError("时间为空")
        if time.minute or time.second or (period == Period.DAY and time.hour):
            raise ValueError(f"时间不是{period.label}的起点：{line['time'][:30]}")
        return NationalMean(
            point=taking.point(line), period=period, time=time,
            value=line.number_of("value"), converted=line.number_of("converted"),
            flag=line["flag"][:8], valid=line.yes("valid"), parcel=taking.row,
        )  # fmt: skip

    rows, problems = read_lines(body, "mean", make)
    unique = {(row.point_id, row.time): row for row in rows}
    NationalMean.objects.bulk_create(
        unique.values(), batch_size=2000, update_conflicts=True,
        unique_fields=["point", "period", "time"],
        update_fields=["value", "converted", "flag", "valid", "parcel"],
    )  # fmt: skip
    return len(rows), problems


def _rates(taking: _Taking, body: bytes) -> tuple[int, list[str]]:
    def make(line: Line) -> NationalRate:
        time = line.moment("time")
        if time is None:
            raise ValueError("时间为空")
        if line["period"] not in PERIODS:
            raise ValueError(f"时段应为 小时、日、月、季：{line['period'][:20]}")
        return NationalRate(
            point=taking.point(line), period=PERIODS[line["period"]], time=time,
            backfilled=line.yes("backfilled") is not False,
            transmission=line.share_of("transmission"),
            effective=line.share_of("effective"), parcel=taking.row,
        )  # fmt: skip

    rows, problems = read_lines(body, "rates", make)
    unique = {(r.point_id, r.period, r.time, r.backfilled): r for r in rows}
    NationalRate.objects.bulk_create(
        unique.values(), batch_size=2000, update_conflicts=True,
        unique_fields=["point", "period", "time", "backfilled"],
        update_fields=["transmission", "effective", "parcel"],
    )  # fmt: skip
    return len(rows), problems


def _marks(taking: _Taking, body: bytes) -> tuple[int, list[str]]:
    kinds = {}
    for kind in MarkKind.objects.all():
        kinds[kind.code] = kinds[kind.name] = kind
    hour = rulebook.number("mark_deadline_hour")

    def make(line: Line) -> Mark:
        if line.text("kind") not in kinds:
            raise ValueError(f"没有此标记种类：{line['kind'][:20]}，请在后台配置中登记")
        begin, end = line.moment("begin"), line.moment("end")
        filled = line.moment("filled_at")
        if begin is None or filled is None:
            raise ValueError("开始时间或填报时间为空")
        if end is not None and end <= begin:
            raise ValueError("结束时间不晚于开始时间")
        if filled > taking.now + AHEAD:
            raise ValueError(f"填报时间在未来：{line['filled_at'][:30]}")
        outlet = taking.outlet(line)
        return Mark(
            outlet=outlet, point=taking.point(line) if line["factor"] else None,
            kind=kinds[line["kind"]], begin=begin, end=end,
            origin=Mark.Origin.NATIONAL, reason=line["reason"][:300],
            key=line.text("id")[:80], filler=line["filler"][:40], made_at=filled,
            received_at=taking.now,
            deadline=deadline_of(clock.beijing(begin), hour=hour),
            withdrawn_at=taking.now if line.yes("withdrawn") else None,
            withdrawn_reason="国家平台撤销" if line.yes("withdrawn") else "",
        )  # fmt: skip

    rows, problems = read_lines(body, "marks", make)
    for row in {row.key: row for row in rows}.values():
        old = Mark.objects.filter(origin=row.origin, key=row.key).first()
        if old is not None:
            taking.touched.append((old.outlet_id, old.begin, old.end or taking.now))
            row.pk, row.received_at = old.pk, old.received_at
        row.save()
        taking.touched.append((row.outlet_id, row.begin, row.end or taking.now))
    return len(rows), problems


def take_folder(*, now: datetime) -> int:
    """Take what waits in the exchange folder and answer each; return how many."""
    if not settings.NATIONAL_INBOX:
        return 0
    inbox = Path(settings.NATIONAL_INBOX)
    done = 0
    for number in folder.waiting(inbox):
        try:
            answer = take_parcel(folder.take(inbox, number), way=Way.FOLDER, now=now)
        except RefusedError as error:
            answer = refuse(number, error.problems, way=Way.FOLDER, now=now)
        folder.answer(inbox, answer)
        done += 1
    return done


def fetch_day(*, day: str, now: datetime) -> int:
    """Fetch a day's parcels of every kind by REST; return how many were taken.

    A kind that cannot be had holds up none of the others; its ``NotSentError`` is
    raised once they are in.
    """
    if not settings.NATIONAL_URL:
        return 0
    done = 0
    failed: rest.NotSentError | None = None
    for kind in KINDS:
        params = {"kind": kind, "day": day}
        try:
            parcel = rest.fetch(
                settings.NATIONAL_URL, secret=settings.NATIONAL_SECRET, params=params
            )
            if parcel is not None:
                take_parcel(parcel, way=Way.REST, now=now)
                done += 1
        except RefusedError as error:
            refuse(f"{kind}-{day}", error.problems, way=Way.REST, now=now)
        except rest.NotSentError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return done


def take_upload(body: bytes, *, actor: User, now: datetime) -> Receipt:
    """Take a ZIP that a person uploaded; a refusal is kept and returned."""
    number = "upload"
    try:
        parcel = unpack(body)
        number = parcel.number
        return take_parcel(parcel, way=Way.UPLOAD, now=now, actor=actor)
    except RefusedError as error:
        return refuse(number, error.problems, way=Way.UPLOAD, now=now, actor=actor)
