"""The nightly re-verification, and the alert that a fault in it raises."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.services import raise_alert
from bozhou_eco.audit.services import Fault
from bozhou_eco.evidence.integrity import verify_everything
from bozhou_eco.evidence.models import IntegrityRun
from enforcement.services.steps import verify_all_steps
from polluters.services.frames import verify_hours
from vehicles.services.inspection_bundles import verify_inspections

# Frames and tests are many: a night looks at what came lately, `verify_records` at all.
LATELY = timedelta(days=35)


def verify_records(*, since: datetime) -> Iterator[Fault]:
    """Yield raw frames, vehicle tests and case steps that are not as sealed."""
    yield from verify_hours(since=since)
    yield from verify_inspections(since=since)
    yield from verify_all_steps()


def verify_and_warn(*, now: datetime) -> IntegrityRun:
    """Verify store, chains, records, audit log, anchors; warn of any fault at once."""
    run = verify_everything(now=now, records=verify_records(since=now - LATELY))
    if run.fault_count:
        raise_alert(
            key="integrity:platform",
            kind="integrity",
            severity="critical",
            summary=f"完整性核验发现 {run.fault_count} 处问题，涉及证据原件、封存记录或审计记录",
            explanation={
                "核验时间": run.started_at.isoformat(),
                "问题数": run.fault_count,
                "首要问题": [
                    f"{fault['place']}：{fault['reason']}" for fault in run.faults[:5]
                ],
                "处理": "保全现场，停止清理任务，由安全审计员在“完整性核验”页查看全部问题",
            },
            subject_key="platform:integrity",
            subject_name="平台证据库",
            district=None,
            organisation=None,
            evidence_url="",
            occurred_at=run.ended_at,
            now=now,
            magnitude=float(run.fault_count),
        )
    return run
