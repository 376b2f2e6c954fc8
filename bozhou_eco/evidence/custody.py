"""The custody log of a piece of evidence, out of the audit log."""

from collections.abc import Iterable

from bozhou_eco.audit.models import AuditEntry


def custody_of(subjects: Iterable[str]) -> list[dict[str, object]]:
    """Return who did, read or took out what, when, of these subjects, oldest first.

    What was decided stays out: a bundle may be read before a second person decides. The
    digest is that of the whole entry, which the audit chain holds.
    """
    found = AuditEntry.objects.filter(subject__in=list(subjects)).order_by("at", "pk")
    return [
        {
            "entry": entry.pk,
            "at": entry.at.isoformat(),
            "kind": entry.kind,
            "act": entry.act,
            "subject": entry.subject,
            "actor": entry.actor_id,
            "actor_name": entry.actor.name if entry.actor else "系统",
            "digest": bytes(entry.digest).hex(),
        }
        for entry in found.select_related("actor")
    ]
