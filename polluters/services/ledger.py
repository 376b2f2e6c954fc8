"""Write a row of the ledger, with its entry in the audit log."""

from datetime import datetime
from typing import Any

from django.db import models, transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from polluters.models import ParameterChange


@transaction.atomic
def save_row(
    *,
    row: models.Model,
    changes: dict[str, Any],
    created: bool,
    actor: User,
    now: datetime,
) -> None:
    """Save a row of the ledger; ``changes`` are ``{field: [before, after]}``."""
    if isinstance(row, ParameterChange) and created:
        row.origin = ParameterChange.Origin.DECLARED
        row.recorded_by, row.recorded_at = actor, now
    row.full_clean(validate_unique=True)
    row.save()
    audit.record(
        actor=actor,
        act=f"polluters.{'add' if created else 'change'}_{row._meta.model_name}",
        subject=f"{row._meta.model_name}:{row.pk}",
        detail={"name": str(row)[:200], "changes": changes},
        now=now,
    )
