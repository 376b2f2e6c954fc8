"""Open a test session: the vehicle's file, the start gate, the answer."""

import hashlib
import json
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import IntegrityError, transaction

from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from vehicles.domain import plates
from vehicles.domain.inspection.gate import Decision, Objection, decide
from vehicles.domain.inspection.read import as_json, build
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Inspection, RefusedPost, Station, Vehicle
from vehicles.selectors.gate import gate_facts, gate_rules, inspection_settings, line_of
from vehicles.selectors.tests import file_locked, own_test
from vehicles.services.alerts_stations import tell_conflict
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.watchlist import match_arrival

FUTURE = timedelta(minutes=5)
EARLIEST_YEAR = 2000
"""A clock that was never set gives 1970; no station had a network before this."""
SESSION_FIELDS = (
    *("category", "method", "attempt", "started_at", "staff", "vehicle"),
    *("software_version", "sent_at"),
)
FROM_ENTRY = (
    *("plate_type", "vin", "engine_number", "brand", "model", "engine_model"),
    *(
        "vehicle_type",
        "fuel",
        "registered_on",
        "gross_mass_kg",
        "rated_power_kw",
        "use",
    ),
)


def canonical_text(content: object) -> bytes:
    """Return content as JSON, whatever the order of its keys."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()


def canonical_digest(content: object) -> str:
    """Return the SHA-256 of content, whatever the order of its keys."""
    return hashlib.sha256(canonical_text(content)).hexdigest()


class ContentDiffersError(StationRefusalError):
    """Other content came for what was already accepted."""

    def __init__(
        self,
        message: str,
        *,
        inspection: Inspection,
        part: str,
        content: Any,
        now: datetime,
    ) -> None:
        super().__init__(message, code="content_differs", field=part)
        self.inspection = inspection
        self.part = part
        self.content = content
        self.now = now


Act = TypeVar("Act", bound=Callable[..., Any])


def keeping_refused(act: Act) -> Act:
    """Keep what an act refused as contradicting, after its transaction rolled back."""

    @wraps(act)
    def guarded(**given: Any) -> Any:
        try:
            return act(**given)
        except ContentDiffersError as error:
            keep_refused(
                inspection=error.inspection,
                part=error.part,
                content=error.content,
                now=error.now,
            )
            raise

    return cast(Act, guarded)


def vehicle_for(*, test: VehicleTest, station: Station) -> Vehicle:
    """Return the vehicle's file, locked; without one, begin it with what was entered.

    A file with registration data is never changed by what a station enters. Called in
    the transaction of the session that it belongs to.
    """
    entry = test.vehicle
    try:
        plate = plates.parse(entry.plate, entry.plate_color or None)
    except (plates.PlateError, ValueError) as error:
        raise StationRefusalError(
            str(error), status=400, code="bad_plate", field="vehicle.plate"
        ) from error
    vehicle = file_locked(plate.text, plate.color.value)
    if vehicle is None:
        vehicle = _begin_file(plate, test, station) or file_locked(
            plate.text, plate.color.value
        )
    if vehicle is None:
        raise StationRefusalError("车辆档案正忙，请稍后再试", code="busy")
    if not vehicle.registered and not vehicle.vin and entry.vin:
        vehicle.vin = entry.vin
        vehicle.save(update_fields=["vin", "updated_at"])
    return vehicle


def _begin_file(
    plate: plates.Plate, test: VehicleTest, station: Station
) -> Vehicle | None:
    """Begin a file; None if another request began it in the same moment."""
    entry = test.vehicle
    values = {name: getattr(entry, name) for name in FROM_ENTRY if getattr(entry, name)}
    try:
        with transaction.atomic():
            made: Vehicle = Vehicle.objects.create(
                **values,
                plate=plate.text,
                plate_color=plate.color.value,
                stage=entry.emission_stage,
                near_key=plates.near_key(plate.text),
                aftertreatment=[item[:10] for item in entry.aftertreatment],
                district=station.district if plate.local else None,
            )
    except IntegrityError:
        return None
    return made


def _check_entry(test: VehicleTest, now: datetime) -> None:
    """Refuse moments that cannot be and letters of another width, by field."""

    def refuse(field: str, code: str, message: str) -> None:
        raise StationRefusalError(message, status=400, code=code, field=field)

    if test.started_at and test.started_at > now + FUTURE:
        refuse("started_at", "future", "开始时间在将来")
    if test.started_at and test.started_at.year < EARLIEST_YEAR:
        hint = f"开始时间早于 {EARLIEST_YEAR} 年，请核对机构时钟"
        refuse("started_at", "too_old", hint)
    registered = test.vehicle.registered_on
    if registered and registered > clock.beijing(now).date():
        refuse("vehicle.registered_on", "future", "初次登记日期在将来")
    for name in ("vin", "engine_number"):
        text = getattr(test.vehicle, name)
        if unicodedata.normalize("NFKC", text) != text:
            refuse(f"vehicle.{name}", "full_width", "请用半角字母和数字")


@keeping_refused
@transaction.atomic
def open_session(
    *, station: Station, content: dict[str, Any], now: datetime, late: bool = False
) -> tuple[Inspection, bool]:
    """Open a session; returns it and whether it is new.

    ``content`` is a validated REST document. The same content again is the same answer;
    other content under the same number is kept, refused (409) and told. A refusal of
    the start gate opens nothing but leaves the session, aborted, to complain about.
    With ``late`` the test already took place, so the gate only records.
    """
    test: VehicleTest = build(VehicleTest, content)
    _check_entry(test, now)
    document = {k: v for k, v in as_json(test).items() if k in SESSION_FIELDS}
    digest = canonical_digest(document)
    held = own_test(station, test.session)
    if held is not None:
        return _again(held, document, digest, now), False
    found = line_of(station, test.line)
    if found is None:
        raise StationRefusalError(
            f"本机构没有 {test.line} 线", status=400, code="unknown_line", field="line"
        )
    line, instruments = found
    vehicle = vehicle_for(test=test, station=station)
    settings = inspection_settings()
    offset = (test.sent_at - now).total_seconds() if test.sent_at else None
    facts = gate_facts(
        station=station,
        line=line,
        instruments=instruments,
        vehicle=vehicle,
        test=test,
        now=now,
        clock_offset=offset,
    )
    decision = decide(facts, gate_rules(settings))
    if late:
        decision = replace(decision, allowed=True, binding=False)
    made = Inspection.objects.create(
        station=station,
        line=line,
        vehicle=vehicle,
        session=test.session,
        state=Inspection.State.OPEN if decision.allowed else Inspection.State.ABORTED,
        category=test.category or "periodic",
        method=test.method,
        attempt=test.attempt or facts.attempts_before + 1,
        inspector=test.staff.inspector or test.staff.driver,
        opened_at=now,
        started_at=test.started_at or now,
        updated_at=now,
        document=document,
        received=["session"],
        digests={"session": digest},
        allowed=decision.allowed,
        objections=[_plain(item, decision) for item in decision.objections],
        variant=settings.variant,
        clock_offset=offset,
        vin=test.vehicle.vin,
        odometer_km=test.vehicle.odometer_km,
    )
    Station.objects.filter(pk=station.pk).update(last_seen_at=now)
    _audit(made, decision, now)
    match_arrival(inspection=made, now=now)
    return made, True


def _plain(item: Objection, decision: Decision) -> dict[str, object]:
    found = asdict(item)
    return {**found, "name": item.name, "binding": decision.binding}


def _audit(made: Inspection, decision: Decision, now: datetime) -> None:
    audit.record(
        actor=None,
        act="inspection.open" if decision.allowed else "inspection.refuse",
        subject=f"inspection:{made.pk}",
        detail={
            "station": made.station.code,
            "session": made.session,
            "reasons": [item.reason.value for item in decision.objections],
        },
        now=now,
    )


def _again(
    held: Inspection, document: dict[str, Any], digest: str, now: datetime
) -> Inspection:
    same = held.digests.get("session") == digest
    if not same:
        # A repeat is often sent with a fresh sending time.
        before = {k: v for k, v in held.document.items() if k in SESSION_FIELDS}
        before.pop("sent_at", None)
        same = before == {k: v for k, v in document.items() if k != "sent_at"}
    if same:
        return held
    raise ContentDiffersError(
        "该流水号已用于不同内容的检验；本次内容已留存，未采用",
        inspection=held,
        part="session",
        content=document,
        now=now,
    )


def keep_refused(
    *, inspection: Inspection, part: str, content: Any, now: datetime
) -> RefusedPost:
    """Keep content that contradicts what was accepted, and raise an alert for it."""
    kept, made = RefusedPost.objects.get_or_create(
        inspection=inspection,
        part=part,
        sha256=canonical_digest(content),
        defaults={"content": content, "at": now},
    )
    if made:
        tell_conflict(inspection=inspection, part=part, now=now)
    return kept
