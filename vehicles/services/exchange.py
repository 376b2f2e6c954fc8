"""Exchange with other vehicle platforms: a parcel a day, receipt, retry, daily 对账.

A parcel's content is made anew from the records each time it is tried, under the same
number; what was not accepted for its content is sent again as a new revision.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock, exchange
from bozhou_eco.common.exchange import folder, rest
from vehicles.domain import region_records as records
from vehicles.models import (
    ExchangeChannel,
    ExchangeCheck,
    ExchangeParcel,
    Inspection,
)
from vehicles.services.alerts_exchange import (
    clear_unchecked,
    tell_unchecked,
    tell_unsent,
)

HELD = "held.csv"
CHECK_KIND = "held"
LONGEST_LIST = 500
PATIENCE = timedelta(hours=2)
"""How long a parcel in the shared folder may wait for its receipt before a retry."""
ALERT_AFTER = 5


class ExchangeRefusedError(Exception):
    """An act on the exchange that cannot be done; the message is for the officer."""


def _bounds(day: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, time(0), clock.BEIJING)
    return begin, begin + timedelta(days=1)


def finished_on(
    day: date, reports: Sequence[str] | None = None
) -> "Iterable[Inspection]":
    """Return the tests finished on a Beijing day, or of these only some reports."""
    begin, end = _bounds(day)
    rows = Inspection.objects.filter(
        state=Inspection.State.DONE, finished_at__gte=begin, finished_at__lt=end
    )
    if reports:
        rows = rows.filter(report__in=reports)
    return rows.select_related("station__district", "vehicle", "line").order_by("pk")


@transaction.atomic
def prepare(
    *,
    channel: ExchangeChannel,
    day: date,
    now: datetime,
    reports: Sequence[str] = (),
    actor: User | None = None,
) -> ExchangeParcel:
    """Make the parcel of a day; without ``reports`` the day's first one only once."""
    ExchangeChannel.objects.select_for_update().get(pk=channel.pk)
    held = ExchangeParcel.objects.filter(channel=channel, kind=records.KIND, day=day)
    last = held.aggregate(n=Max("revision"))["n"] or 0
    if last and not reports:
        return held.get(revision=1)
    revision = last + 1
    made = ExchangeParcel.objects.create(
        channel=channel,
        number=f"BZ-TEST-{day:%Y%m%d}-{revision:02d}",
        kind=records.KIND,
        day=day,
        revision=revision,
        reports=list(reports),
        made_at=now,
        next_at=now,
    )
    audit.record(
        actor=actor,
        act="exchange.prepare",
        subject=f"parcel:{made.number}",
        detail={"channel": channel.code, "reports": len(reports)},
        now=now,
    )
    return made


def parcel_of(row: ExchangeParcel) -> exchange.Parcel:
    """Return the parcel with the records of its day."""
    tests = list(finished_on(row.day, row.reports))
    by_type = {
        records.STATION: _stations(tests),
        records.VEHICLE: _vehicles(tests),
        records.TEST: map(_test, tests),
    }
    files: dict[str, bytes] = {}
    rows: dict[str, int] = {}
    for kind in records.TYPES:
        files[kind.file], rows[kind.file] = records.as_file(kind, by_type[kind.code])
    return exchange.make_parcel(
        number=row.number,
        kind=row.kind,
        sender=row.channel.sender,
        receiver=row.channel.receiver,
        files=files,
        rows=rows,
        day=row.day,
        now=row.made_at,
    )


def _stations(tests: Sequence[Inspection]) -> Iterator[dict[str, object]]:
    for station in {test.station_id: test.station for test in tests}.values():
        yield {
            "station_code": station.code,
            "name": station.name,
            "district_code": station.district.code,
            "cma_number": station.cma_number,
            "cma_until": station.cma_until,
        }


def _vehicles(tests: Sequence[Inspection]) -> Iterator[dict[str, object]]:
    names = [name for name, _ in records.TYPES[1].columns]
    for vehicle in {test.vehicle_id: test.vehicle for test in tests}.values():
        yield {name: getattr(vehicle, name) for name in names}


def _test(test: Inspection) -> dict[str, object]:
    results = {
        name: value
        for name, value in (test.document.get("results") or {}).items()
        if value is not None
    }
    return {
        "report": test.report,
        "station_code": test.station.code,
        "line": test.line.number,
        "plate": test.vehicle.plate,
        "plate_color": test.vehicle.plate_color,
        "vin": test.vin,
        "category": test.category,
        "method": test.method,
        "attempt": test.attempt,
        "started_at": clock.beijing(test.started_at).isoformat(),
        "ended_at": clock.beijing(test.ended_at).isoformat() if test.ended_at else "",
        "outcome": test.outcome,
        "results": json.dumps(results, ensure_ascii=False, sort_keys=True),
        "curve_sha256": test.digests.get("process", ""),
    }


def _place(channel: ExchangeChannel, path: str) -> Path:
    return Path(settings.MEDIA_ROOT) / path if path else Path()


def _secret(channel: ExchangeChannel) -> str:
    return os.environ.get(channel.secret_name, "") if channel.secret_name else ""


# --- sending ----------------------------------------------------------------------------
def send(*, parcel: ExchangeParcel, now: datetime) -> ExchangeParcel:
    """Send a parcel and take its receipt, or say when it is tried again."""
    packed = parcel_of(parcel)
    channel = parcel.channel
    parcel.rows = sum(entry.rows or 0 for entry in packed.manifest.files)
    parcel.digest = packed.digest
    parcel.attempts += 1
    parcel.sent_at = now
    try:
        if channel.mode == ExchangeChannel.Mode.REST:
            _take_receipt(
                parcel, rest.send(channel.url, packed, secret=_secret(channel)), now
            )
        else:
            folder.put(_place(channel, channel.outbox), packed)
            parcel.state = ExchangeParcel.State.SENT
            parcel.next_at, parcel.error = now + PATIENCE, ""
    except rest.NotSentError as error:
        _failed(parcel, str(error), now, again=error.again)
    except (exchange.RefusedError, OSError) as error:
        _failed(parcel, str(error), now, again=isinstance(error, OSError))
    parcel.save()
    return parcel


def _failed(parcel: ExchangeParcel, reason: str, now: datetime, *, again: bool) -> None:
    parcel.state, parcel.error = ExchangeParcel.State.FAILED, reason[:300]
    parcel.next_at = exchange.next_attempt(parcel.attempts, now) if again else None
    if not again or parcel.attempts >= ALERT_AFTER:
        tell_unsent(parcel=parcel, reason=reason, now=now)


def _take_receipt(
    parcel: ExchangeParcel, receipt: exchange.Receipt, now: datetime
) -> None:
    states = ExchangeParcel.State
    parcel.state = states.ACCEPTED if receipt.accepted else states.REFUSED
    parcel.answered_at, parcel.next_at, parcel.error = now, None, ""
    parcel.taken, parcel.refused = receipt.taken, receipt.refused
    parcel.problems = list(receipt.problems)[:LONGEST_LIST]
    audit.record(
        actor=None,
        act="exchange.receipt",
        subject=f"parcel:{parcel.number}",
        detail={"accepted": receipt.accepted, "taken": receipt.taken},
        now=now,
    )


def collect_receipts(*, channel: ExchangeChannel, now: datetime) -> int:
    """Take the receipts that lie in the shared folder."""
    count = 0
    for parcel in channel.parcels.filter(state=ExchangeParcel.State.SENT):
        try:
            receipt = folder.receipt(_place(channel, channel.outbox), parcel.number)
        except exchange.RefusedError as error:
            parcel.error = str(error)[:300]
            parcel.save(update_fields=["error"])
            continue
        if receipt is None:
            continue
        _take_receipt(parcel, receipt, now)
        parcel.save()
        count += 1
    return count


def run(*, now: datetime, days: int = 3) -> dict[str, int]:
    """Prepare yesterday's parcels, take receipts, send what is due, compare the days."""
    done = {"sent": 0, "receipts": 0, "checked": 0}
    yesterday = clock.beijing(now).date() - timedelta(days=1)
    for channel in ExchangeChannel.objects.filter(enabled=True):
        for back in range(days):
            prepare(channel=channel, day=yesterday - timedelta(days=back), now=now)
        if channel.mode == ExchangeChannel.Mode.FOLDER:
            done["receipts"] += collect_receipts(channel=channel, now=now)
        due = channel.parcels.filter(next_at__lte=now).order_by("day", "revision")
        for parcel in due:
            send(parcel=parcel, now=now)
            done["sent"] += 1
        done["checked"] += check_waiting(channel=channel, now=now)
    return done


# --- 对账 --------------------------------------------------------------------------------
def check_waiting(*, channel: ExchangeChannel, now: datetime) -> int:
    """Compare with every list of held records that the other side has left."""
    if channel.mode == ExchangeChannel.Mode.REST:
        return _check_by_rest(channel, now)
    inbox = _place(channel, channel.inbox)
    count = 0
    for number in folder.waiting(inbox):
        try:
            parcel = folder.take(inbox, number)
            check_held(channel=channel, parcel=parcel, now=now)
            answer = exchange.receipt_of(parcel, now=now)
            count += 1
        except exchange.RefusedError as error:
            answer = exchange.refusal(number, now=now, problems=error.problems)
        folder.answer(inbox, answer)
    return count


def _check_by_rest(channel: ExchangeChannel, now: datetime) -> int:
    if not channel.check_url:
        return 0
    day = clock.beijing(now).date() - timedelta(days=1)
    try:
        parcel = rest.fetch(
            channel.check_url, secret=_secret(channel), params={"day": str(day)}
        )
        if parcel is None:
            raise exchange.RefusedError(["对方尚未给出当日清单"])
        check = check_held(channel=channel, parcel=parcel, now=now)
        if check.day != day:
            raise exchange.RefusedError([f"对方给出的是 {check.day} 的清单"])
    except (rest.NotSentError, exchange.RefusedError) as error:
        tell_unchecked(channel=channel, day=day, reason=str(error), now=now)
        return 0
    clear_unchecked(channel=channel, now=now)
    return 1


@transaction.atomic
def check_held(
    *, channel: ExchangeChannel, parcel: exchange.Parcel, now: datetime
) -> ExchangeCheck:
    """Compare one day: which reports both sides hold, and with which outcome."""
    day = parcel.manifest.day
    if parcel.manifest.kind != CHECK_KIND or day is None:
        raise exchange.RefusedError([f"只接收类别为 {CHECK_KIND}、注明日期的对账批次"])
    if HELD not in parcel.files:
        raise exchange.RefusedError([f"对账批次缺少 {HELD}"])
    try:
        theirs = records.read_held(parcel.files[HELD])
    except (ValueError, UnicodeDecodeError) as error:
        raise exchange.RefusedError([str(error)]) from error
    ours: dict[str, float | str | None] = {
        str(test.report): test.outcome for test in finished_on(day)
    }
    found = exchange.reconcile(ours, theirs)
    check, _ = ExchangeCheck.objects.update_or_create(
        channel=channel,
        kind=records.KIND,
        day=day,
        defaults={
            "at": now,
            "ours": len(ours),
            "theirs": len(theirs),
            "same": found.same,
            "differing": [
                {"report": d.key, "ours": d.ours, "theirs": d.theirs}
                for d in found.differing[:LONGEST_LIST]
            ],
            "only_ours": list(found.only_ours[:LONGEST_LIST]),
            "only_theirs": list(found.only_theirs[:LONGEST_LIST]),
            "even": found.even,
        },
    )
    audit.record(
        actor=None,
        act="exchange.check",
        subject=f"exchange:{channel.code}:{day}",
        detail={"same": found.same, "even": found.even},
        now=now,
    )
    return check


def resend(*, check: ExchangeCheck, actor: User, now: datetime) -> ExchangeParcel:
    """Send again what the other side lacks or holds otherwise, as a new revision."""
    reports = [*check.only_ours, *(item["report"] for item in check.differing)]
    if not reports:
        raise ExchangeRefusedError("没有需要补报的记录")
    parcel = prepare(
        channel=check.channel, day=check.day, now=now, reports=reports, actor=actor
    )
    return send(parcel=parcel, now=now)


@transaction.atomic
def retry(*, parcel: ExchangeParcel, actor: User, now: datetime) -> ExchangeParcel:
    """Send a failed or refused parcel again by hand."""
    parcel = (
        ExchangeParcel.objects.select_for_update(of=("self",))
        .select_related("channel")
        .get(pk=parcel.pk)
    )
    if parcel.state == ExchangeParcel.State.ACCEPTED:
        raise ExchangeRefusedError("该批次已签收，无须重发")
    if parcel.state == ExchangeParcel.State.REFUSED:
        tests = [str(test.report) for test in finished_on(parcel.day, parcel.reports)]
        parcel = prepare(
            channel=parcel.channel, day=parcel.day, now=now, reports=tests, actor=actor
        )
    audit.record(
        actor=actor,
        act="exchange.retry",
        subject=f"parcel:{parcel.number}",
        detail={},
        now=now,
    )
    return send(parcel=parcel, now=now)
