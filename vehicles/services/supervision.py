"""Supervise stations: video checks by lot, site checks, gas comparisons."""

import hashlib
import math
import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from vehicles.models import (
    GasComparison,
    Inspection,
    Instrument,
    SiteCheck,
    SoftwareSeen,
    Station,
    VideoCheck,
)
from vehicles.selectors.gate import supervision_settings
from vehicles.services.errors_stations import StationRefusalError

ITEMS: dict[str, str] = {
    "certificate": "资质认定证书在有效期内，检验项目与方法在证书范围内",
    "signatory": "授权签字人在岗并在授权范围内签发报告",
    "verification": "测功机、分析仪、烟度计等检定或校准在有效期内",
    "daily_check": "泄漏、零点、标气、加载滑行等日常检查如实开展并有记录",
    "standard_gas": "标准物质在有效期内，浓度与设备要求相符",
    "software": "检测软件及版本与备案一致，无修改数据的功能",
    "probe": "取样探头插入深度、双排气管同时取样符合要求",
    "obd_direct": "OBD 诊断仪直接连接车辆接口，中间无其他装置",
    "visible_smoke": "检验中出现明显可见烟度的车辆判为不合格",
    "video": "检验过程视频与照片完整、清晰、可调阅",
    "records": "检验报告与原始记录保存完整",
}
"""The checklist of a site check, after HJ 1237-2021 and published cases (memory)."""
ANSWERS = ("good", "fault", "none")


def _record(
    station: Station,
    act: str,
    actor: User | None,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        actor=actor, act=act, subject=f"station:{station.code}", detail=detail, now=now
    )


def month_of(now: datetime) -> date:
    """Return the first day of the month in Beijing time."""
    return clock.beijing(now).date().replace(day=1)


def note_software(*, inspection: Inspection, now: datetime) -> None:
    """Remember which version of test software a test named."""
    version = str(inspection.document.get("software_version") or "")[:40]
    if version:
        row, made = SoftwareSeen.objects.get_or_create(
            station=inspection.station,
            version=version,
            defaults={"first_at": now, "last_at": now},
        )
        if not made and now - row.last_at > timedelta(hours=1):
            SoftwareSeen.objects.filter(pk=row.pk).update(last_at=now)


@transaction.atomic
def file_software(*, software: SoftwareSeen, actor: User, now: datetime) -> None:
    """File a version of test software as known."""
    software.filed = True
    software.save(update_fields=["filed"])
    detail = {"version": software.version}
    _record(software.station, "station.software.file", actor, detail, now)


@transaction.atomic
def draw_videos(*, station: Station, now: datetime, seed: str) -> list[VideoCheck]:
    """Draw this month's tests of a station by lot, up to the quota.

    Tests with files come first, since only they can be looked at; those without remain
    in the pot, for a missing video is a finding too. ``seed`` makes the lot repeatable.
    """
    station = Station.objects.select_for_update(of=("self",)).get(pk=station.pk)
    rules, month = supervision_settings(), month_of(now)
    begin = clock.beijing(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    done = Inspection.objects.filter(
        station=station, state=Inspection.State.DONE, finished_at__gte=begin
    )
    quota = max(
        rules.video_least, math.ceil(done.count() * rules.video_share_pct / 100)
    )
    held = VideoCheck.objects.filter(station=station, month=month)
    missing = quota - held.count()
    if missing <= 0:
        return []
    pot = sorted(done.filter(video_check=None).values_list("pk", flat=True))
    drawn = random.Random(seed).sample(pot, min(missing, len(pot)))
    made = VideoCheck.objects.bulk_create(
        VideoCheck(station=station, inspection_id=pk, month=month, drawn_at=now)
        for pk in drawn
    )
    detail = {"month": month.isoformat(), "seed": seed, "drawn": drawn, "pot": len(pot)}
    _record(station, "station.video.draw", None, detail, now)
    return made


def draw_all_videos(*, now: datetime) -> int:
    """Draw the month's quota at every active station; returns how many were drawn."""
    count = 0
    for station in Station.objects.filter(active=True):
        digest = hashlib.sha256(
            f"{station.code}/{now.isoformat()}".encode()
        ).hexdigest()
        count += len(draw_videos(station=station, now=now, seed=digest[:16]))
    return count


@transaction.atomic
def judge_video(
    *, check: VideoCheck, verdict: str, note: str, actor: User, now: datetime
) -> VideoCheck:
    """Take the verdict of a reviewer on a drawn test; once."""
    check = VideoCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if check.verdict:
        raise StationRefusalError("该抽审已有结论", code="already_judged")
    if verdict not in VideoCheck.Verdict.values:
        raise StationRefusalError("未知的结论", status=400, field="verdict")
    if verdict != VideoCheck.Verdict.GOOD and not note.strip():
        raise StationRefusalError("请说明不规范之处", status=400, field="note")
    check.verdict, check.note = verdict, note.strip()[:300]
    check.reviewed_by, check.reviewed_at = actor, now
    check.save()
    detail = {"inspection": check.inspection_id, "verdict": verdict, "note": check.note}
    _record(check.station, "station.video.judge", actor, detail, now)
    return check


@transaction.atomic
def draw_site_check(*, now: datetime, seed: str, actor: User) -> SiteCheck:
    """Draw one station and its officers by lot (双随机).

    Stations that were not checked for longest are in the pot together: the half with the
    oldest checks. Officers come from the bureau and, where possible, the district.
    """
    rules, rng = supervision_settings(), random.Random(seed)
    busy = SiteCheck.objects.filter(done_at=None).values("station")
    pot = list(
        Station.objects.filter(active=True)
        .exclude(pk__in=busy)
        .annotate(last=Max("site_checks__done_at"))
        .order_by(F("last").asc(nulls_first=True), "code")
    )
    if not pot:
        raise StationRefusalError(
            "没有可抽取的机构：均有未完成的检查", code="empty_pot"
        )
    station = rng.choice(pot[: max(1, math.ceil(len(pot) / 2))])
    officers = sorted(
        User.objects.filter(is_active=True, roles__contains=[Role.OFFICER]).filter(
            organisation__district__in=[None, station.district_id]
        )
        | User.objects.filter(
            is_active=True,
            roles__contains=[Role.OFFICER],
            organisation__district=None,
        ),
        key=lambda user: user.pk,
    )
    if len(officers) < rules.site_officers:
        raise StationRefusalError(
            f"执法人员不足 {rules.site_officers} 名", code="few_officers"
        )
    check = SiteCheck.objects.create(
        station=station,
        drawn_at=now,
        seed=seed,
        due_on=clock.beijing(now).date() + timedelta(days=rules.site_days),
    )
    chosen = rng.sample(officers, rules.site_officers)
    check.officers.set(chosen)
    detail = {
        "seed": seed,
        "pot": [row.code for row in pot],
        "officers": [user.pk for user in chosen],
    }
    _record(station, "station.site.draw", actor, detail, now)
    return check


@transaction.atomic
def fill_site_check(
    *,
    check: SiteCheck,
    items: Mapping[str, str],
    note: str,
    actor: User,
    now: datetime,
) -> SiteCheck:
    """Take the filled checklist; every item needs an answer, faults need words."""
    check = SiteCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if check.done_at is not None:
        raise StationRefusalError("该检查已完成", code="already_done")
    missing = [name for name in ITEMS if items.get(name) not in ANSWERS]
    if missing:
        raise StationRefusalError(
            "尚未填写：" + "、".join(ITEMS[name][:12] for name in missing),
            status=400,
            field=missing[0],
        )
    check.items = {name: items[name] for name in ITEMS}
    if check.faults and not note.strip():
        raise StationRefusalError("有不符合项，请填写说明", status=400, field="note")
    check.note, check.done_at, check.done_by = note.strip()[:500], now, actor
    check.save()
    _record(check.station, "station.site.done", actor, {"faults": check.faults}, now)
    return check


@transaction.atomic
def compare_gas(
    *,
    station: Station,
    serial: str,
    gas: str,
    standard: float,
    reading: float,
    unit: str,
    bottle: str,
    actor: User,
    now: datetime,
) -> GasComparison:
    """Keep a comparison with the bureau's own gas and judge it by the tolerance."""
    item = Instrument.objects.filter(station=station, serial=serial).first()
    if item is None:
        raise StationRefusalError("没有该仪器", status=400, field="serial")
    if not standard > 0 or not math.isfinite(reading):
        raise StationRefusalError("标气浓度应大于 0", status=400, field="standard")
    tolerance = supervision_settings().gas_tolerance_pct
    made = GasComparison.objects.create(
        station=station,
        instrument=item,
        at=now,
        gas=gas[:10],
        standard=standard,
        reading=reading,
        unit=unit[:10],
        tolerance_pct=tolerance,
        passed=abs(reading / standard - 1) * 100 <= tolerance,
        bottle=bottle[:60],
        actor=actor,
    )
    detail = {"serial": serial, "error_pct": made.error_pct, "passed": made.passed}
    _record(station, "station.gas.compare", actor, detail, now)
    return made
