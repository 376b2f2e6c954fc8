"""Alerts about stations: contradicting content, findings, listed vehicles arriving."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from alerts.models import Alert
from alerts.services.clearing import clear_alert
from alerts.services.raising import raise_alert
from bozhou_eco.common import clock
from vehicles.domain.fraud.registry import NAMES
from vehicles.models import Complaint, Finding, Inspection, Station

ARTICLE = "生态环境法典第 225 条、第 1230 条"
PART_NAMES = {
    "session": "登记信息",
    "report": "报告编号",
    "appearance": "外观检验",
    "obd": "OBD 检查",
    "process": "过程数据",
    "results": "检测结果",
}


def tell_conflict(*, inspection: Inspection, part: str, now: datetime) -> None:
    """Tell that a station sent other content for what it had already sent."""
    name = inspection.report or inspection.session
    raise_alert(
        key=f"station:conflict:{inspection.pk}:{part}",
        kind="station_conflict",
        severity="major",
        summary=f"重复上传不同内容：{name} {PART_NAMES.get(part, part)}",
        explanation={"报告": name, "部分": PART_NAMES.get(part, part)},
        subject_key=f"station:{inspection.station.code}",
        subject_name=inspection.station.name,
        district=inspection.station.district,
        organisation=None,
        evidence_url=reverse("vehicles:inspection", args=[inspection.pk]),
        occurred_at=now,
        now=now,
        legal_article=ARTICLE,
    )


def silence_key(station: Station) -> str:
    """Return the key of the alert about a station that sends nothing."""
    return f"station:silent:{station.code}"


def silences_told() -> set[str]:
    """Return the keys of the open alerts about stations that send nothing."""
    rows = Alert.objects.open().filter(
        key__startswith="station:silent:", returned_at__isnull=True
    )
    return set(rows.values_list("key", flat=True))


def tell_silence(*, station: Station, since: datetime, now: datetime) -> None:
    """Tell that a station has sent nothing for hours in which it is open."""
    raise_alert(
        key=silence_key(station),
        kind="station-offline",
        severity="minor",
        summary="营业时间内未收到检验机构任何上传",
        explanation={
            "规则": f"营业时间内连续 {settings.STATION_SILENT_HOURS} 小时无上传",
            "最近上传": f"{clock.beijing(since):%Y-%m-%d %H:%M}",
        },
        subject_key=f"station:{station.code}",
        subject_name=station.name,
        district=station.district,
        organisation=None,
        evidence_url=reverse("vehicles:station", args=[station.code]),
        occurred_at=since,
        now=now,
    )


def clear_silence(*, station: Station, now: datetime) -> None:
    """Take the warning back: the station sends again."""
    clear_alert(key=silence_key(station), now=now, reason="检验机构恢复上传")


def tell_finding(*, finding: Finding, now: datetime) -> str:
    """Tell a finding; returns the alert's key. One alert per station, rule and week.

    Grouping keeps the number of alerts within what a handful of staff can read; the
    bureau sees them, the station does not.
    """
    week = "{}-{:02d}".format(*finding.occurred_at.isocalendar()[:2])
    key = f"station:finding:{finding.station.code}:{finding.rule}:{week}"
    name = NAMES.get(finding.rule, finding.rule)
    raise_alert(
        key=key,
        kind="station_finding",
        severity="major" if finding.score >= 0.8 else "minor",
        summary=f"检验研判：{name}",
        explanation={"理由": finding.why, "把握": f"{finding.score:.0%}"},
        subject_key=f"station:{finding.station.code}",
        subject_name=finding.station.name,
        district=finding.station.district,
        organisation=None,
        evidence_url=reverse("vehicles:finding", args=[finding.pk]),
        occurred_at=finding.occurred_at,
        now=now,
        legal_article=ARTICLE,
        rule=finding.rule,
    )
    return key


def tell_complaint(*, complaint: Complaint, now: datetime) -> None:
    """Tell that a station complains about a refusal."""
    inspection = complaint.inspection
    raise_alert(
        key=f"station:complaint:{complaint.pk}",
        kind="station_complaint",
        severity="minor",
        summary=f"开检异议：{inspection.session}",
        explanation={
            "异议": complaint.text,
            "开检意见": "；".join(str(item["name"]) for item in inspection.objections),
        },
        subject_key=f"station:{inspection.station.code}",
        subject_name=inspection.station.name,
        district=inspection.station.district,
        organisation=None,
        evidence_url=reverse("vehicles:inspection", args=[inspection.pk]),
        occurred_at=now,
        now=now,
        legal_article="",
    )
