"""Take the parts of a session in any order; finish or abort it."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock, queue
from bozhou_eco.evidence.services import seal_digest
from vehicles.domain.fraud.pass_rates import stratum
from vehicles.domain.inspection.judge import Judgement, judge
from vehicles.domain.inspection.process import Curve as ProcessData
from vehicles.domain.inspection.process import lacking, pack, unpack
from vehicles.domain.inspection.read import as_json, build, parse_moment
from vehicles.domain.inspection.reports import issue
from vehicles.domain.inspection.results import Results
from vehicles.domain.inspection.shapes import (
    Appearance,
    Environment,
    Instrument,
    Obd,
    Registration,
    VehicleTest,
)
from vehicles.models import Curve, EcuSeen, Inspection, Line, Station
from vehicles.selectors.gate import limits
from vehicles.selectors.tests import own_test
from vehicles.services.errors_stations import StationRefusalError, UnknownSessionError
from vehicles.services.following import follow_ended
from vehicles.services.tests_open import (
    ContentDiffersError,
    canonical_digest,
    keeping_refused,
)

ANALYSE = "vehicles.tasks.analyse_inspection"
FUTURE = timedelta(minutes=5)


def whole_test(
    inspection: Inspection, *, process: ProcessData | None = None
) -> VehicleTest:
    """Return the whole test as the rules and the REST interface know it."""
    vehicle = inspection.vehicle
    known = (
        Registration(
            vehicle.vin,
            vehicle.fuel,
            vehicle.stage,
            vehicle.rated_power_kw,
            vehicle.gross_mass_kg,
            vehicle.registered_on,
        )
        if vehicle.registered
        else Registration()
    )
    content = {
        **inspection.document,
        "report": inspection.report or "",
        "session": inspection.session,
        "station": inspection.station.code,
        "line": inspection.line.number,
        "category": inspection.category,
        "method": inspection.method,
        "attempt": inspection.attempt,
        "started_at": inspection.started_at,
        "ended_at": inspection.ended_at,
        "registration": as_json(known),
    }
    if process is not None:
        content["process"] = process
    test: VehicleTest = build(VehicleTest, content)
    return test


def process_of(inspection: Inspection) -> ProcessData:
    """Return the process data of a test; empty if none came."""
    found = Curve.objects.filter(pk=inspection.pk).first()
    return unpack(bytes(found.data)) if found else ProcessData()


def _locked(station: Station, session: str) -> Inspection:
    found = own_test(station, session, lock=True)
    if found is None:
        raise UnknownSessionError
    return found


@keeping_refused
@transaction.atomic
def put_part(
    *,
    station: Station,
    session: str,
    part: str,
    content: dict[str, Any],
    now: datetime,
) -> Inspection:
    """Take one part: ``appearance``, ``obd``, ``results``.

    The same content again changes nothing; other content is kept, refused and told.
    """
    plain = _canonical(part, content)
    digest = canonical_digest(plain)
    inspection = _locked(station, session)
    if not _is_new(inspection, part, digest, plain, now):
        return inspection
    if part == "results":
        _take_results(inspection, plain, now)
    else:
        inspection.document[part] = plain
    inspection.received.append(part)
    inspection.digests[part] = digest
    inspection.updated_at = now
    changed = ["document", "received", "digests", "updated_at"]
    if part == "results":
        changed += ["ended_at", "temperature_c", "humidity_pct", "pressure_kpa"]
    inspection.save(update_fields=changed)
    return inspection


def _canonical(part: str, content: dict[str, Any]) -> dict[str, Any]:
    if part == "appearance":
        return dict(as_json(build(Appearance, content)))
    if part == "obd":
        return dict(as_json(build(Obd, content)))
    instruments = [build(Instrument, item) for item in content.get("instruments") or ()]
    ended = parse_moment(content["ended_at"]) if content.get("ended_at") else None
    return {
        "results": as_json(build(Results, content.get("results") or {})),
        "environment": as_json(build(Environment, content.get("environment") or {})),
        "instruments": as_json(instruments),
        "ended_at": as_json(ended),
    }


def _is_new(
    inspection: Inspection, part: str, digest: str, content: Any, now: datetime
) -> bool:
    held = inspection.digests.get(part)
    if held == digest:
        return False
    if held is not None:
        raise ContentDiffersError(
            "该部分已上传且内容不同；本次内容已留存，未采用",
            inspection=inspection,
            part=part,
            content=content,
            now=now,
        )
    if inspection.state != Inspection.State.OPEN:
        raise StationRefusalError(
            f"该次检验{inspection.get_state_display()}，不再接收数据",
            code="session_closed",
            field=part,
        )
    return True


def _take_results(inspection: Inspection, plain: dict[str, Any], now: datetime) -> None:
    ended = parse_moment(plain["ended_at"]) if plain["ended_at"] else None
    if ended is not None and ended > now + FUTURE:
        raise StationRefusalError(
            "结束时间在将来", status=400, code="future", field="ended_at"
        )
    if ended is not None and ended < inspection.started_at:
        raise StationRefusalError(
            "结束时间早于开始时间", status=400, code="bad_order", field="ended_at"
        )
    inspection.ended_at = ended
    weather = plain["environment"]
    for name in ("temperature_c", "humidity_pct", "pressure_kpa"):
        setattr(inspection, name, weather.get(name))
    for name in ("results", "environment", "instruments"):
        inspection.document[name] = plain[name]


@keeping_refused
@transaction.atomic
def put_process(
    *, station: Station, session: str, process: ProcessData, now: datetime
) -> Inspection:
    """Take the process data of a session in one row."""
    data = pack(process)
    digest = hashlib.sha256(data).hexdigest()
    inspection = _locked(station, session)
    fault = lacking(process, inspection.method)
    if fault is not None:
        raise StationRefusalError(fault[1], status=400, code=fault[0], field="process")
    summary = {"rows": process.rows, "sha256": digest}
    if not _is_new(inspection, "process", digest, summary, now):
        return inspection
    Curve.objects.create(
        inspection=inspection, rows=process.rows, data=data, sha256=digest
    )
    inspection.received.append("process")
    inspection.digests["process"] = digest
    inspection.updated_at = now
    inspection.save(update_fields=["received", "digests", "updated_at"])
    return inspection


@transaction.atomic
def finish(
    *, station: Station, session: str, now: datetime
) -> tuple[Inspection, Judgement]:
    """Judge a session and issue its report number; finishing again gives the same.

    Raises StationRefusalError naming the parts that are still missing.
    """
    inspection = _locked(station, session)
    # Judging asks only whether process data came, so they are not read here.
    came = "process" in inspection.received
    test = whole_test(inspection, process=ProcessData(rows=int(came)))
    result = judge(
        test,
        limits(inspection.method),
        variant=inspection.variant or "a",
        on=clock.beijing(inspection.started_at).date(),
    )
    if inspection.state == Inspection.State.DONE:
        return inspection, result
    if inspection.state == Inspection.State.ABORTED:
        raise StationRefusalError("该次检验已中止", code="session_closed")
    if result.missing:
        raise StationRefusalError(
            "尚缺：" + "、".join(result.missing),
            code="parts_missing",
            field=result.missing[0],
        )
    # Numbers of one line are given one after the other.
    Line.objects.select_for_update().values_list("pk").get(pk=inspection.line_id)
    inspection.report = _report_number(inspection, now)
    inspection.state = Inspection.State.DONE
    inspection.finished_at = inspection.updated_at = now
    inspection.ended_at = inspection.ended_at or now
    inspection.outcome = result.verdict.overall
    inspection.reasons = [reason[:200] for reason in result.verdict.reasons]
    inspection.group = stratum(test)
    inspection.document["verdict"] = as_json(result.verdict)
    inspection.save(
        update_fields=[
            *("report", "state", "finished_at", "updated_at", "ended_at"),
            *("outcome", "reasons", "group", "document"),
        ]
    )
    remember_ecus(inspection, test)
    _seal(inspection, now)
    follow_ended(inspection=inspection, now=now)
    queue.after_commit(ANALYSE, inspection.pk)
    return inspection, result


def remember_ecus(inspection: Inspection, test: VehicleTest) -> None:
    """Keep the engine's software identity where rules can find it."""
    EcuSeen.objects.bulk_create(
        EcuSeen(inspection=inspection, calid=ecu.calid.upper(), cvn=ecu.cvn.upper())
        for ecu in test.obd.ecus
        if ecu.unit in ("engine", "") and ecu.calid
    )


def _report_number(inspection: Inspection, now: datetime) -> str:
    for sequence in range(1, 100):
        number = str(
            issue(
                station_code=inspection.station.code,
                line=inspection.line.number[-2:],
                at=now,
                sequence=sequence,
            )
        )
        if not Inspection.objects.filter(report=number).exists():
            return number
    raise StationRefusalError("同一秒内报告过多，请稍后再试", status=503, code="busy")


def _seal(inspection: Inspection, now: datetime) -> None:
    digest = bytes.fromhex(canonical_digest(inspection.digests))
    seal_digest(
        chain=f"station:{inspection.station.code}",
        subject=f"inspection:{inspection.report}",
        digest=digest,
        now=now,
    )
    audit.record(
        actor=None,
        act="inspection.finish",
        subject=f"inspection:{inspection.pk}",
        detail={"report": inspection.report, "outcome": inspection.outcome},
        now=now,
    )


@transaction.atomic
def abort(*, station: Station, session: str, reason: str, now: datetime) -> Inspection:
    """End a session without a report; aborting again changes nothing."""
    inspection = _locked(station, session)
    if inspection.state == Inspection.State.DONE:
        raise StationRefusalError("该次检验已完成，不能中止", code="session_closed")
    if inspection.state == Inspection.State.OPEN:
        inspection.state = Inspection.State.ABORTED
        inspection.outcome = "aborted"
        inspection.reasons = [reason[:200]]
        inspection.updated_at = now
        inspection.save()
        audit.record(
            actor=None,
            act="inspection.abort",
            subject=f"inspection:{inspection.pk}",
            detail={"reason": reason[:200]},
            now=now,
        )
    return inspection
