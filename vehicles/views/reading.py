"""Who looked at a person's vehicle: each reading of a record is in the audit log."""

from django.http import HttpRequest

from bozhou_eco.accounts.access import current_user
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry


def note_reading(
    request: HttpRequest, act: str, subject: str, **detail: object
) -> None:
    """Note that a record with plate, pictures or movements was opened.

    A video is fetched in pieces; the first one is noted.
    """
    wanted = request.headers.get("Range", "")
    if wanted and not wanted.startswith("bytes=0-"):
        return
    audit.record(
        actor=current_user(request),
        act=act,
        subject=subject,
        detail=dict(detail),
        kind=AuditEntry.Kind.READ,
    )
