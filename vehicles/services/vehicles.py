"""Vehicle files: begin one, show whose it is."""

from datetime import datetime

from django.db import transaction

from bozhou_eco.accounts.models import District, Role, User
from bozhou_eco.audit import services as audit
from vehicles.domain import plates
from vehicles.models import Vehicle

OWNER_ROLES = (Role.OFFICER, Role.LEADER)
"""Who may read an owner's name and telephone in the clear."""


class VehicleRefusedError(Exception):
    """An act on a vehicle file that cannot be done; the message is for the officer."""


@transaction.atomic
def file_of(*, plate: str, color: str, district: District | None = None) -> Vehicle:
    """Return the file of a plate and colour, begun empty where there is none."""
    parsed = plates.normalise(plate)
    found, _ = Vehicle.objects.get_or_create(
        plate=parsed,
        plate_color=color,
        defaults={"near_key": plates.near_key(parsed), "district": district},
    )
    return found


@transaction.atomic
def reveal_owner(
    *, vehicle: Vehicle, reason: str, actor: User, now: datetime
) -> tuple[str, str]:
    """Return owner and telephone in the clear; who read them and why is audited."""
    if not actor.has_role(*OWNER_ROLES):
        raise VehicleRefusedError("只有执法人员和领导可以查看所有人信息")
    if len(reason.strip()) < 2:
        raise VehicleRefusedError("请填写查看事由")
    audit.record(
        actor=actor,
        act="vehicle.owner",
        subject=vehicle.subject_key,
        detail={"reason": reason.strip()[:100]},
        kind="read",
        now=now,
    )
    return vehicle.owner_name, vehicle.owner_phone
