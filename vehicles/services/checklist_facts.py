"""What the platform knows about a vehicle or a station, for the online check-list."""

from datetime import date, datetime, time, timedelta

from bozhou_eco.common.clock import BEIJING, beijing
from vehicles.domain.fraud.registry import NAMES
from vehicles.models import (
    Capture,
    DailyCheck,
    Finding,
    Inspection,
    Instrument,
    RepairNotice,
    RoadCheck,
    Site,
    StaffMember,
    Station,
    Vehicle,
    VideoCheck,
)

SHOWN = 5
LOOK_BACK = timedelta(days=183)
DAY = timedelta(days=1)
OBD_WORDS = ("obd", "ecu", "calid", "vin")


def _stamp(moment: datetime) -> str:
    return f"{beijing(moment):%Y-%m-%d %H:%M}"


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    start = datetime.combine(first, time(0), BEIJING) - DAY
    return start, datetime.combine(max(first, last), time(0), BEIJING) + 2 * DAY


def _known(found: dict[str, str]) -> dict[str, str]:
    return {code: text for code, text in found.items() if text}


# --- vehicles --------------------------------------------------------------------------
def vehicle_facts(*, subject_key: str, first: date, last: date) -> dict[str, str]:
    """Return what is known about ``vehicle:PLATE:COLOUR``, by item of the check-list."""
    plate, _, color = subject_key.partition(":")[2].partition(":")
    if not plate:
        return {}
    start, end = _span(first, last)
    captures = Capture.objects.filter(plate_final=plate, color_final=color)
    inside = list(
        captures.filter(captured_at__gte=start, captured_at__lt=end).select_related(
            "site"
        )[:SHOWN]
    )
    vehicle = Vehicle.objects.filter(plate=plate, plate_color=color).first()
    return _known(
        {
            "images": "；".join(_capture(row) for row in inside),
            "device": "；".join(_register(row.site, first) for row in inside[:1]),
            "vehicle": _registration(vehicle) if vehicle else "",
            "inspections": _last_test(vehicle, end) if vehicle else "",
            "others": _elsewhere(plate, color, vehicle, start, end),
            "records": _repairs(plate, color),
        }
    )


def _capture(row: Capture) -> str:
    people = row.reviews.filter(undone_at=None).count()
    level = "未定级" if row.level_final is None else f"林格曼 {row.level_final} 级"
    files = row.files.count()
    return (
        f"{_stamp(row.captured_at)} {row.site} {level}，{row.get_state_display()}"
        f"（{people} 人复核），证据 {files} 件，号牌识别分 {row.plate_score:.2f}"
    )


def _register(site: Site, on: date) -> str:
    gaps = site.register_gaps(on)
    if gaps:
        return f"{site}：" + "、".join(gaps)
    return (
        f"{site}：法制审核、技术审核、标志、公布齐全，"
        f"证书 {site.certificate} 有效至 {site.certificate_until}"
    )


def _registration(vehicle: Vehicle) -> str:
    if not vehicle.registered:
        return "没有登记信息"
    parts = (
        vehicle.vehicle_type,
        vehicle.get_fuel_display() if vehicle.fuel else "",
        vehicle.get_stage_display() if vehicle.stage is not None else "",
        f"初次登记 {vehicle.registered_on}" if vehicle.registered_on else "",
        f"用车单位 {vehicle.user_company}" if vehicle.user_company else "",
        f"检验有效期至 {vehicle.inspection_until}" if vehicle.inspection_until else "",
    )
    return "，".join(part for part in parts if part)


def _last_test(vehicle: Vehicle, end: datetime) -> str:
    row = (
        Inspection.objects.filter(vehicle=vehicle, started_at__lt=end)
        .select_related("station")
        .order_by("-started_at")
        .first()
    )
    if row is None:
        return "没有排放检验记录"
    outcome = row.get_outcome_display() if row.outcome else row.get_state_display()
    return (
        f"{_stamp(row.started_at)} {row.station} {row.get_method_display()} "
        f"{outcome}，第 {row.attempt} 次"
    )


def _elsewhere(
    plate: str, color: str, vehicle: Vehicle | None, start: datetime, end: datetime
) -> str:
    words = []
    earlier = Capture.objects.filter(
        plate_final=plate,
        color_final=color,
        state=Capture.State.CONFIRMED,
        captured_at__gte=start - LOOK_BACK,
        captured_at__lt=start,
    ).count()
    if earlier:
        words.append(f"此前六个月另有 {earlier} 次确认的抓拍")
    if vehicle is not None:
        checks = RoadCheck.objects.filter(
            vehicle=vehicle, at__gte=start - LOOK_BACK, at__lt=end
        )
        words += [
            f"{_stamp(row.at)} 路检{row.get_verdict_display()}"
            for row in checks[:SHOWN]
        ]
        words += [
            f"重点车辆：{entry.reason}" for entry in vehicle.watch_entries.all()[:SHOWN]
        ]
    return "；".join(words) or "没有其他抓拍、路检记录"


def _repairs(plate: str, color: str) -> str:
    rows = RepairNotice.objects.filter(
        capture__plate_final=plate, capture__color_final=color
    ).order_by("-issued_at")
    return "；".join(
        f"{row.number} {row.state_words}"
        + ("" if row.withdrawn else f"（限 {row.due_on}）")
        for row in rows[:SHOWN]
    )


# --- stations --------------------------------------------------------------------------
def station_facts(*, subject_key: str, first: date, last: date) -> dict[str, str]:
    """Return what is known about ``station:CODE``, by item of the check-list."""
    station = Station.objects.filter(code=subject_key.partition(":")[2]).first()
    if station is None:
        return {}
    start, end = _span(first, last)
    findings = Finding.objects.filter(
        station=station, occurred_at__gte=start - 30 * DAY, occurred_at__lt=end
    ).order_by("-score")
    return _known(
        {
            "findings": _suspicions(findings),
            "curves": _tests(station, start, end),
            "obd": _suspicions(
                [row for row in findings if any(w in row.rule for w in OBD_WORDS)]
            ),
            "video": _videos(station),
            "equipment": _equipment(station, first, start, end),
            "people": _people(station, first),
        }
    )


def _suspicions(found: object) -> str:
    rows = list(found)  # type: ignore[call-overload]
    if not rows:
        return ""
    shown = "；".join(
        f"{NAMES.get(row.rule, row.rule)}：{row.why[:80]}" for row in rows[:SHOWN]
    )
    more = f"；另有 {len(rows) - SHOWN} 条" if len(rows) > SHOWN else ""
    return shown + more


def _tests(station: Station, start: datetime, end: datetime) -> str:
    rows = Inspection.objects.filter(
        station=station, started_at__gte=start, started_at__lt=end
    )
    total = rows.count()
    if not total:
        return "该时段没有检验"
    alike = rows.filter(curve__likeness__gte=3).count()
    passed = rows.filter(outcome="pass").count()
    text = f"检验 {total} 次，合格 {passed} 次"
    return text + (f"；过程曲线异常相似 {alike} 次" if alike else "")


def _videos(station: Station) -> str:
    rows = VideoCheck.objects.filter(station=station).exclude(verdict="")
    total = rows.count()
    if not total:
        return ""
    bad = rows.exclude(verdict=VideoCheck.Verdict.GOOD).count()
    return f"视频抽审 {total} 次，不规范或无录像 {bad} 次"


def _equipment(station: Station, on: date, start: datetime, end: datetime) -> str:
    expired = [
        str(row)
        for row in Instrument.objects.filter(station=station, verified_until__lt=on)
    ]
    failed = DailyCheck.objects.filter(
        instrument__station=station, passed=False, at__gte=start, at__lt=end
    ).count()
    words = []
    if expired:
        words.append("检定过期：" + "、".join(expired[:SHOWN]))
    if failed:
        words.append(f"日常检查不合格 {failed} 次")
    return "；".join(words) or "检定在有效期内，该时段日常检查没有不合格"


def _people(station: Station, on: date) -> str:
    rows = list(StaffMember.objects.filter(station=station, active=True))
    late = [str(row) for row in rows if row.valid_until and row.valid_until < on]
    text = f"在岗 {len(rows)} 人"
    return text + (f"；资格过期：{'、'.join(late[:SHOWN])}" if late else "")
