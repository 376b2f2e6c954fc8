"""Give a wire code that nothing maps a point, so that its values are stored."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from polluters.models import Outlet, Point, Pollutant, UnmappedCode


@transaction.atomic
def map_code(
    *,
    unmapped: UnmappedCode,
    outlet: Outlet,
    pollutant: Pollutant,
    unit: str,
    unit_factor: float,
    actor: User,
    now: datetime,
) -> Point:
    """Make the point for a code; its limits are set afterwards in the configuration.

    Raises ``ValidationError`` if the outlet belongs to another enterprise than the
    logger, the factor is not finite and positive, or the code has a point already.
    """
    logger = unmapped.logger
    if outlet.enterprise_id != logger.outlet.enterprise_id:
        raise ValidationError("排放口不属于该数采仪所在的单位")
    if not 0 < unit_factor < 1e9:
        raise ValidationError("单位系数应大于 0")
    if Point.objects.filter(logger=logger, wire_code=unmapped.code).exists():
        raise ValidationError("该编码已有对应点位")
    point = Point.objects.create(
        outlet=outlet,
        logger=logger,
        pollutant=pollutant,
        wire_code=unmapped.code,
        unit=unit,
        unit_factor=unit_factor,
        position=Point.objects.filter(outlet=outlet).count(),
    )
    audit.record(
        actor=actor,
        act="mapping.add",
        subject=f"point:{point.pk}",
        detail={
            "mn": logger.mn,
            "wire_code": unmapped.code,
            "pollutant": pollutant.code,
            "outlet": outlet.subject_key,
            "unit_factor": unit_factor,
        },
        kind="config",
        now=now,
    )
    return point
