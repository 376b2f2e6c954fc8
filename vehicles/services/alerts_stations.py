"""Alerts about stations: contradicting content, findings, listed vehicles arriving."""

from datetime import datetime

from django.urls import reverse

from alerts.services.raising import raise_alert
from vehicles.domain.fraud.registry import NAMES
from vehicles.models import Complaint, Finding, Inspection

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
