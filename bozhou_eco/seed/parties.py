"""A person of an enterprise and one of an inspection station, for the demo."""

from datetime import datetime

from bozhou_eco.accounts.models import Organisation, Role
from bozhou_eco.seed.people import PARTIES, add_user
from polluters.models import Enterprise
from vehicles.models import Station


def seed(*, now: datetime, scale: int = 1) -> None:
    """Make the accounts of the first enterprise with an outlet and the first station."""
    organisations = {Role.ENTERPRISE: _enterprise(), Role.STATION: _station()}
    for username, name, role in PARTIES:
        organisation = organisations[role]
        if organisation is not None:
            add_user(username, name, organisation, (role,))


def _enterprise() -> Organisation | None:
    row = (
        Enterprise.objects.filter(outlets__isnull=False, organisation__isnull=False)
        .select_related("organisation")
        .order_by("pk")
        .first()
    )
    return row.organisation if row else None


def _station() -> Organisation | None:
    row = (
        Station.objects.filter(organisation__isnull=False)
        .select_related("organisation")
        .order_by("pk")
        .first()
    )
    return row.organisation if row else None
