"""Task packs of site visits: what an officer needs on the spot without a signal."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from bozhou_eco.accounts.models import User
from bozhou_eco.overview.geometry import to_wgs84
from enforcement.domain.fieldwork import route
from enforcement.models import SiteVisit, VisitDraft
from enforcement.selectors.fieldwork import photo_rows, visits_of
from polluters.models import Enterprise, Latest, Limit, Outlet

OFFICE = (82.0748, 44.8997)
"""Where the route begins: 博乐市 (WGS84)."""
MOST_READINGS = 8


def today_list(user: User) -> list[dict[str, Any]]:
    """Return the open visits of ``user`` in the order of the route."""
    visits = list(visits_of(user))
    places = [place_of(visit) for visit in visits]
    points = [(p["longitude"], p["latitude"]) if p else None for p in places]
    return [
        {"visit": visits[index], "place": places[index], "number": number}
        for number, index in enumerate(route(OFFICE, points), 1)
    ]


def place_of(visit: SiteVisit) -> dict[str, Any] | None:
    """Return where the subject of a visit lies, WGS84, with its address; None unknown."""
    kind, _, key = visit.case.subject_key.partition(":")
    if kind == "outlet" and key.isdecimal():
        outlet = Outlet.objects.filter(pk=key).select_related("enterprise").first()
        if outlet is None:
            return None
        firm = outlet.enterprise
        own = outlet.longitude is not None and outlet.latitude is not None
        at = (outlet.longitude, outlet.latitude) if own else None
    elif kind == "enterprise" and key.isdecimal():
        found = Enterprise.objects.filter(pk=key).first()
        if found is None:
            return None
        firm, at = found, None
    else:
        return None
    longitude, latitude = at or (firm.longitude, firm.latitude)
    if longitude is None or latitude is None:
        return None
    longitude, latitude = to_wgs84(longitude, latitude, crs=firm.crs)
    return {
        "longitude": round(longitude, 6),
        "latitude": round(latitude, 6),
        "address": getattr(firm, "address", ""),
    }


def platform_readings(visit: SiteVisit) -> list[dict[str, Any]]:
    """Return the newest values of the outlet of a visit, with limit and data time."""
    kind, _, key = visit.case.subject_key.partition(":")
    if kind != "outlet" or not key.isdecimal():
        return []
    rows = (
        Latest.objects.filter(point__outlet_id=key, point__active=True)
        .select_related("point__pollutant")
        .order_by("point__pollutant__code")[:MOST_READINGS]
    )
    limits = {
        row.point_id: row.high
        for row in Limit.objects.filter(
            point__outlet_id=key, kind__in=Limit.ENFORCEABLE, high__isnull=False
        )
    }
    return [
        {
            "factor": row.point.pollutant.name,
            "value": row.value,
            "converted": row.converted,
            "unit": row.point.unit,
            "flag": row.flag,
            "at": row.time.isoformat(),
            "limit": limits.get(row.point_id),
        }
        for row in rows
    ]


def pack_of(
    visit: SiteVisit, draft: VisitDraft, officers: Sequence[User]
) -> dict[str, Any]:
    """Return everything the phone keeps of a visit."""
    case = visit.case
    return {
        "id": visit.pk,
        "state": visit.state,
        "kind": visit.get_kind_display(),
        "planned_on": visit.planned_on.isoformat(),
        "conversion": visit.conversion,
        "phone_check": visit.phone_check,
        "notice_number": visit.notice_number,
        "arrived_at": visit.arrived_at.isoformat() if visit.arrived_at else None,
        "case": {
            "number": case.display_number,
            "summary": case.summary,
            "url": case.get_absolute_url(),
        },
        "subject": case.subject_name,
        "district": str(case.district or ""),
        "place": place_of(visit),
        "officers": [officer.name for officer in officers],
        "readings": platform_readings(visit),
        "items": draft.items,
        "fields": draft.fields,
        "photos": list(photo_rows(visit)),
        "urls": {
            "sync": reverse("overview:visit_sync", args=[visit.pk]),
            "photo": reverse("overview:visit_photo", args=[visit.pk]),
            "list": reverse("overview:visits"),
        },
    }
