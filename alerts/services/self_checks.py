"""企业自查自纠: the party is warned first, answers within a deadline, officers see it."""

from datetime import datetime, timedelta

from django.db import transaction

from alerts.domain.kinds import may_go_first
from alerts.models import Alert, AlertEvent, SelfCheck
from alerts.selectors.kinds import kind_policy, self_check_hours
from alerts.services.announce import announce_after_commit
from alerts.services.errors import RefusedError
from bozhou_eco.accounts.models import Organisation, User
from bozhou_eco.audit import services as audit


def ask_self_check(*, alert: Alert, now: datetime) -> SelfCheck | None:
    """Open the self-check of an alert where its kind allows it; None where not.

    Never for suspicion: fraud, 标停未停, door events and the like (`may_go_first`).
    """
    organisation = alert.organisation
    if organisation is None or organisation.kind != Organisation.Kind.ENTERPRISE:
        return None
    if alert.confidential or not may_go_first(alert.kind):
        return None
    if not kind_policy(alert.kind).enterprise_first:
        return None
    due_at = now + timedelta(hours=self_check_hours(alert.kind))
    check, created = SelfCheck.objects.get_or_create(
        alert=alert,
        defaults={"organisation": organisation, "asked_at": now, "due_at": due_at},
    )
    if created:
        _event(alert, "self_check", None, now, f"答复期限 {due_at.isoformat()}")
    return check


def _event(
    alert: Alert, action: str, actor: User | None, now: datetime, reason: str
) -> None:
    AlertEvent.objects.create(
        alert=alert,
        at=now,
        action=action,
        from_state=alert.state,
        to_state=alert.state,
        severity=alert.severity,
        actor=actor,
        reason=reason,
    )


@transaction.atomic
def reply_self_check(
    *, check: SelfCheck, cause: str, measures: str, actor: User, now: datetime
) -> SelfCheck:
    """Store the party's answer; it may be given late, and only once.

    Raises `RefusedError` for another organisation's check, a second answer or an empty
    cause.
    """
    row: SelfCheck = SelfCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if actor.organisation_id != row.organisation_id:
        raise RefusedError("只能答复本单位的自查")
    if row.replied_at is not None:
        raise RefusedError("此自查已答复")
    if not cause.strip():
        raise RefusedError("请填写原因")
    row.cause, row.measures = cause.strip(), measures.strip()
    row.replied_at, row.replied_by = now, actor
    row.save()
    late = "（逾期）" if now > row.due_at else ""
    _event(row.alert, "reply", actor, now, f"企业已答复{late}：{row.cause}")
    audit.record(
        actor=actor,
        act="alert.self_check.reply",
        subject=f"alert:{row.alert_id}",
        detail={"late": now > row.due_at},
        now=now,
    )
    announce_after_commit([row.alert_id])
    return row


@transaction.atomic
def note_overdue(*, now: datetime, limit: int = 200) -> int:
    """Tell officers of self-checks that nobody answered in time; returns how many."""
    rows = list(
        SelfCheck.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(due_at__lte=now, replied_at__isnull=True, overdue_told_at__isnull=True)
        .select_related("alert")[:limit]
    )
    for row in rows:
        row.overdue_told_at = now
        row.save(update_fields=["overdue_told_at"])
        _event(row.alert, "self_check", None, now, "企业逾期未答复")
    announce_after_commit([row.alert_id for row in rows])
    return len(rows)
