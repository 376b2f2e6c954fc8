"""The parts of cases that were sent to another department."""

from django.db.models import Q, QuerySet

from bozhou_eco.accounts.models import User
from enforcement.models import PartnerUnit, Transfer


def parts_for(user: User) -> QuerySet[Transfer]:
    """Return the transfers to the department of ``user``, within its district."""
    unit = (
        PartnerUnit.objects.filter(organisation=user.organisation, active=True)
        .select_related("organisation")
        .first()
        if user.organisation_id
        else None
    )
    if unit is None:
        return Transfer.objects.none()
    rows = Transfer.objects.filter(authority=unit.authority)
    district = unit.organisation.district_id
    if district is not None:
        rows = rows.filter(Q(case__district=district) | Q(case__district=None))
    return rows
