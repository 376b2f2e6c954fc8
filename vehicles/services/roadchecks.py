"""Joint road checks: campaigns, and one check a vehicle.

The phone chooses a check's number, so that a form sent again after a lost connection is
the same check. What follows for a violation is in ``roadcheck_transfers``.
"""

import hashlib
import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image, UnidentifiedImageError

from bozhou_eco.accounts.models import District, User
from bozhou_eco.audit import services as audit
from bozhou_eco.evidence.services import seal_bytes
from vehicles.domain import plates
from vehicles.domain.roadside import Reading, faults, true_time
from vehicles.models import RoadCampaign, RoadCheck, RoadCheckPhoto
from vehicles.services import loops, watchlist
from vehicles.services.vehicles import file_of

MOST_PHOTOS = 8
MOST_PHOTO_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 60_000_000


class RoadCheckRefusedError(Exception):
    """A check or transfer that cannot be taken; ``fields`` says what to mend."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class RoadCheckConflictError(RoadCheckRefusedError):
    """Another content came under the number of a check that is already held."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it came."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """What an officer states of one vehicle."""

    id: uuid.UUID
    plate: str
    plate_color: str
    at: datetime
    reading: Reading
    sent_at: datetime | None = None
    plate_read: str = ""
    longitude: float | None = None
    latitude: float | None = None
    accuracy_m: float | None = None
    photos: Sequence[Photo] = field(default_factory=tuple)


# --- campaigns --------------------------------------------------------------------------
@transaction.atomic
def plan_campaign(
    *,
    name: str,
    place: str,
    district: District,
    begins_at: datetime,
    ecology: Sequence[str],
    police: Sequence[str],
    transport: Sequence[str],
    actor: User,
    now: datetime,
) -> RoadCampaign:
    """Plan a joint check with the people of three departments."""
    made = RoadCampaign.objects.create(
        name=name,
        place=place,
        district=district,
        begins_at=begins_at,
        ecology=list(ecology),
        police=list(police),
        transport=list(transport),
    )
    audit.record(
        actor=actor,
        act="roadcheck.plan",
        subject=f"road-campaign:{made.pk}",
        detail={"name": name, "place": place, "district": district.code},
        now=now,
    )
    return made


@transaction.atomic
def end_campaign(*, campaign: RoadCampaign, actor: User, now: datetime) -> RoadCampaign:
    """End a campaign; drafts that arrive later are still taken."""
    campaign = RoadCampaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if campaign.ends_at is not None:
        raise RoadCheckRefusedError("该次路检已结束")
    campaign.ends_at = now
    campaign.save(update_fields=["ends_at"])
    audit.record(
        actor=actor,
        act="roadcheck.end",
        subject=f"road-campaign:{campaign.pk}",
        detail={"checked": campaign.checks.count()},
        now=now,
    )
    return campaign


# --- one vehicle ------------------------------------------------------------------------
def record_check(
    *, campaign: RoadCampaign, given: Given, actor: User, now: datetime
) -> tuple[RoadCheck, bool]:
    """Take one vehicle's check; the same again gives the held one.

    Raises RoadCheckRefusedError naming fields, RoadCheckConflictError where the number
    is held with other content.
    """
    digest = _digest(campaign, given)
    held = RoadCheck.objects.filter(pk=given.id).select_related("vehicle").first()
    if held is not None:
        return _same(held, digest), False
    fields = faults(given.reading)
    try:
        plate = plates.parse(given.plate, given.plate_color or None)
    except (plates.PlateError, ValueError) as error:
        fields["plate"] = str(error)
        raise RoadCheckRefusedError("请更正标出的项目", fields) from error
    times = true_time(given.at, given.sent_at, now)
    if times.fault:
        fields["at"] = times.fault
    _check_place(given, fields)
    kinds = _check_photos(given.photos, fields)
    if fields:
        raise RoadCheckRefusedError("请更正标出的项目", fields)
    try:
        with transaction.atomic():
            check = _create(campaign, given, plate, times.at, digest, actor, now)
            if times.ahead_s is not None:
                check.clock_ahead_s = round(times.ahead_s, 1)
                check.save(update_fields=["clock_ahead_s"])
            _seal_photos(check, given.photos, kinds, actor, now)
            _follow(check, now)
    except IntegrityError:
        held = RoadCheck.objects.select_related("vehicle").filter(pk=given.id).first()
        if held is None:
            raise
        return _same(held, digest), False
    return check, True


def _digest(campaign: RoadCampaign, given: Given) -> str:
    stated = asdict(given)
    del stated["photos"], stated["sent_at"]
    stated["photos"] = [hashlib.sha256(p.content).hexdigest() for p in given.photos]
    stated["campaign"] = campaign.pk
    text = json.dumps(stated, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _same(held: RoadCheck, digest: str) -> RoadCheck:
    if held.digest != digest:
        raise RoadCheckConflictError(
            f"该记录已保存为 {held.vehicle.plate} {held.get_verdict_display()}，"
            "本次内容不同，未覆盖；如需更正请另记一条并说明"
        )
    return held


def _check_place(given: Given, fields: dict[str, str]) -> None:
    if given.longitude is None and given.latitude is None:
        return
    if given.longitude is None or given.latitude is None:
        fields["place"] = "定位不完整，请重新定位或不填"
    elif not (-180 <= given.longitude <= 180 and -90 <= given.latitude <= 90):
        fields["place"] = "定位超出范围，请重新定位或不填"


def _check_photos(photos: Sequence[Photo], fields: dict[str, str]) -> list[str]:
    if len(photos) > MOST_PHOTOS:
        fields["photos"] = f"照片不超过 {MOST_PHOTOS} 张"
        return []
    kinds = []
    for number, photo in enumerate(photos, 1):
        if len(photo.content) > MOST_PHOTO_BYTES:
            fields["photos"] = f"第 {number} 张照片超过 15 MB"
            continue
        kind = _image_type(photo.content)
        if not kind:
            fields["photos"] = f"第 {number} 个文件不是可用的照片（JPEG、PNG、WebP）"
        kinds.append(kind)
    return kinds


def _image_type(body: bytes) -> str:
    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > MOST_PIXELS:
                return ""
            image.verify()
            return Image.MIME[image.format or "JPEG"]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return ""
    except Image.DecompressionBombError:
        return ""


def _create(
    campaign: RoadCampaign,
    given: Given,
    plate: plates.Plate,
    at: datetime,
    digest: str,
    actor: User,
    now: datetime,
) -> RoadCheck:
    vehicle = file_of(
        plate=plate.text,
        color=plate.color.value,
        district=campaign.district if plate.local else None,
    )
    reading = given.reading
    check = RoadCheck.objects.create(
        id=given.id,
        campaign=campaign,
        vehicle=vehicle,
        at=at,
        received_at=now,
        digest=digest,
        plate_read=given.plate_read[:20],
        means=reading.means,
        smoke_k=reading.smoke_k,
        limit_k=reading.limit_k,
        ringelmann=reading.ringelmann,
        obd_fault=reading.obd_fault[:120],
        verdict=reading.verdict,
        note=reading.note[:200],
        longitude=given.longitude,
        latitude=given.latitude,
        accuracy_m=given.accuracy_m,
        officer=actor,
    )
    audit.record(
        actor=actor,
        act="roadcheck.add",
        subject=vehicle.subject_key,
        detail={"check": str(check.pk), "verdict": check.verdict, "digest": digest},
        now=now,
    )
    return check


def _seal_photos(
    check: RoadCheck,
    photos: Sequence[Photo],
    kinds: Sequence[str],
    actor: User,
    now: datetime,
) -> None:
    for place, (photo, kind) in enumerate(zip(photos, kinds, strict=True), 1):
        sealed = seal_bytes(
            content=photo.content,
            name=photo.name[:100] or f"{place}.jpg",
            media_type=kind,
            chain=f"roadcheck:{check.campaign_id}",
            actor=actor,
            now=now,
            meta={
                "check": str(check.pk),
                "place": place,
                "taken_at": check.at.isoformat(),
                "longitude": check.longitude,
                "latitude": check.latitude,
                "accuracy_m": check.accuracy_m,
            },
        )
        RoadCheckPhoto.objects.create(road_check=check, place=place, sealed=sealed)


def _follow(check: RoadCheck, now: datetime) -> None:
    watchlist.match(
        plate=check.vehicle.plate,
        color=check.vehicle.plate_color,
        where=f"在 {check.campaign.place} 路检",
        source=f"road_check:{check.pk}",
        evidence_url=reverse("vehicles:roadcheck", args=[check.pk]),
        district=check.campaign.district,
        at=check.at,
        now=now,
    )
    loops.follow_road_check(check=check)
    watchlist.on_road_check(check=check, now=now)
