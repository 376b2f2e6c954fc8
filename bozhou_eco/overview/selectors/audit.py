"""What the security auditor reads: the audit log, its chain, the integrity runs.

The auditor sees who did what and when, never the facts behind it: entries hold
identifiers only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date

from bozhou_eco.audit.models import AuditEntry, Link, Seal
from bozhou_eco.common import clock
from bozhou_eco.evidence.models import IntegrityRun


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; a date that cannot be read is told, not guessed."""

    who: str = ""
    kind: str = ""
    act: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    wrong: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filters":
        """Read the query string."""
        wrong: list[str] = []
        since = _day(given.get("since", ""), "起始日期", wrong)
        until = _day(given.get("until", ""), "截止日期", wrong)
        return cls(
            who=given.get("who", "").strip(),
            kind=given.get("kind", ""),
            act=given.get("act", "").strip(),
            subject=given.get("subject", "").strip(),
            since=since,
            until=until + timedelta(days=1) if until else None,
            wrong=tuple(wrong),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered at all."""
        return any(
            (self.who, self.kind, self.act, self.subject, self.since, self.until)
        )


def _day(text: str, label: str, wrong: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        wrong.append(f"{label}“{text[:20]}”不是日期，应为 2026-11-23 的形式")
        return None
    return datetime.combine(day, time(), tzinfo=clock.BEIJING)


def entries(filters: Filters) -> QuerySet[AuditEntry]:
    """Return the entries asked for, newest first."""
    rows = AuditEntry.objects.select_related("actor").order_by("-at", "-pk")
    if filters.who:
        rows = rows.filter(
            Q(actor__username__icontains=filters.who)
            | Q(actor__name__icontains=filters.who)
        )
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.act:
        rows = rows.filter(act__startswith=filters.act)
    if filters.subject:
        rows = rows.filter(subject__startswith=filters.subject)
    if filters.since:
        rows = rows.filter(at__gte=filters.since)
    if filters.until:
        rows = rows.filter(at__lt=filters.until)
    return rows


def place_in_chain(entry: AuditEntry) -> Seal | None:
    """Return the seal of an entry; None while the sealer has not come by."""
    link = Link.objects.filter(chain="audit", subject=f"entry:{entry.pk}").first()
    return Seal.objects.filter(link=link).first() if link else None


def export_rows(filters: Filters) -> Iterator[tuple[object, ...]]:
    """Yield the rows of an export."""
    for entry in entries(filters).iterator(chunk_size=2000):
        yield (
            entry.pk,
            entry.at,
            entry.actor.username if entry.actor else "系统",
            entry.actor.name if entry.actor else "",
            entry.get_kind_display(),
            entry.act,
            entry.subject,
            entry.request_id,
            bytes(entry.digest).hex(),
        )


def integrity_runs() -> QuerySet[IntegrityRun]:
    """Return the re-verifications, newest first."""
    return IntegrityRun.objects.order_by("-started_at")
