"""In whose name a unit acts."""

from bozhou_eco.accounts.models import Organisation
from enforcement.models import Agency


def acting_agency(organisation: Organisation | None) -> Agency | None:
    """Return the agency in whose name a unit acts: its own, or the nearest above."""
    unit = organisation
    while unit is not None:
        agency = Agency.objects.filter(organisation=unit).first()
        if agency is not None:
            return agency
        unit = unit.parent
    return Agency.objects.filter(branch="").order_by("pk").first()
