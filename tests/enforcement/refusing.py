"""What must hold when a service refuses: a reason in words, and not a row changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import pytest
from django.apps import apps
from django.db import connection

from alerts.models import Alert
from bozhou_eco.audit.models import AuditEntry, Link
from bozhou_eco.evidence.models import SealedFile
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import Refused
from enforcement.models import Case, Document
from enforcement.models.config import Sourced
from enforcement.walkthrough import Cast, Story


@cache
def _query() -> str:
    """Return the query for a digest of every row that acts on cases write."""
    models = [
        model
        for model in apps.get_app_config("enforcement").get_models(
            include_auto_created=True
        )
        if not issubclass(model, Sourced)
    ]
    tables = [m._meta.db_table for m in (*models, AuditEntry, Link, SealedFile, Alert)]
    return " UNION ALL ".join(
        f"SELECT '{name}', md5(string_agg(md5(t::text), '' ORDER BY t.id::text))"
        f" FROM {name} t"
        for name in tables
    )


def written() -> dict[str, str | None]:
    """Return a digest of the rows of each table."""
    with connection.cursor() as cursor:
        cursor.execute(_query())
        return dict(cursor.fetchall())


@contextmanager
def refused(
    *words: str, missing: Sequence[str] | None = None
) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """Expect a refusal whose reason holds all ``words``; nothing may be written."""
    before = written()
    with pytest.raises(Refused) as caught:
        yield caught
    refusal, after = caught.value, written()
    for word in words:
        assert word in refusal.reason, f"{word!r} is not in {refusal.reason!r}"
    if missing is not None:
        assert refusal.missing == tuple(missing), refusal.missing
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"refused, and yet written: {changed}"


def told(case: Case, action: str) -> tuple[int, int]:
    """Return how many steps and how many audit rows tell of ``action``."""
    return (
        case.steps.filter(action=action).count(),
        AuditEntry.objects.filter(
            act=f"case.{action}", subject=f"case:{case.pk}"
        ).count(),
    )


def story_of(case: Case, people: dict, now) -> Story:
    """Return ``case`` with the people of the small bureau as its cast."""
    names = ("duty", "alice", "bob", "rita", "lex", "lead")
    return Story(case, Cast(*(people[name] for name in names)), now)


def put(case: Case, **fields: object) -> Case:
    """Place ``case`` where a test begins, without the way that leads there."""
    for name, value in fields.items():
        setattr(case, name, value)
    case.save()
    return case


def papers(case: Case, author, now, *kinds: DocumentKind, **fields) -> list[Document]:
    """File documents as issued, without making their Word files."""
    return [
        Document.objects.create(
            case=case,
            kind=kind.value,
            author=author,
            updated_at=now,
            **{"state": "issued", "round": case.round, "issued_at": now, **fields},
        )
        for kind in kinds
    ]
