"""Ctrl-K: what is on file, pages and actions, by a part of the name or initials."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Q
from django.urls import reverse
from pypinyin import Style, lazy_pinyin

from alerts.models import Alert
from bozhou_eco.accounts.models import User
from bozhou_eco.overview.selectors.actions import actions_of
from enforcement.models import Case
from polluters.models import Enterprise, Outlet
from vehicles.models import Capture, Station, Vehicle

EACH = 6
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Found:
    """One hit: words, address, a note at the right, an icon."""

    text: str
    url: str
    note: str = ""
    icon: str = "file-text"


@lru_cache(maxsize=4096)
def initials(text: str) -> str:
    """Return the pinyin initials of a name in lower case: 云岭水泥 gives ylsn."""
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower()


def matches(text: str, *names: str) -> bool:
    """Return whether ``text`` is part of a name or of its pinyin initials."""
    wanted = text.lower().replace(" ", "")
    for name in names:
        plain = name.lower().replace(" ", "")
        if wanted in plain:
            return True
        if wanted.isascii() and wanted.isalpha() and wanted in initials(plain):
            return True
    return False


def _enterprises(user: User, text: str) -> list[Found]:
    rows = Enterprise.objects.visible_to(user).select_related("district")
    return [
        Found(
            firm.name,
            reverse("polluters:enterprise", args=[firm.pk]),
            firm.district.name,
            "building-factory-2",
        )
        for firm in rows
        if matches(text, firm.name, firm.short_name) or text.upper() == firm.uscc
    ][:EACH]


def _outlets(user: User, text: str) -> list[Found]:
    rows = Outlet.objects.visible_to(user).select_related("enterprise")
    return [
        Found(
            f"{outlet.enterprise.short_name} · {outlet.name}",
            reverse("polluters:outlet", args=[outlet.pk]),
            outlet.code,
            "gauge",
        )
        for outlet in rows
        if matches(text, f"{outlet.enterprise.short_name}{outlet.name}", outlet.code)
    ][:EACH]


def _captures(user: User, text: str) -> list[Found]:
    plate = text.upper().replace(" ", "").replace("·", "")
    if len(plate) < 2:
        return []
    rows = (
        Capture.objects.visible_to(user)
        .filter(Q(plate_final__icontains=plate) | Q(plate__icontains=plate))
        .select_related("site")
        .order_by("-captured_at")[:EACH]
    )
    return [
        Found(
            row.plate_final or row.plate,
            reverse("vehicles:capture", args=[row.pk]),
            f"{row.site.name} · {row.state_words}",
            "camera",
        )
        for row in rows
    ]


def _cases(user: User, text: str) -> list[Found]:
    rows = (
        Case.objects.visible_to(user)
        .filter(
            Q(number__icontains=text)
            | Q(case_number__icontains=text)
            | Q(title__icontains=text)
            | Q(subject_name__icontains=text)
        )
        .order_by("-pk")[:EACH]
    )
    return [
        Found(row.title, row.get_absolute_url(), row.display_number, "clipboard-check")
        for row in rows
    ]


def _alerts(user: User, text: str) -> list[Found]:
    rows = (
        Alert.objects.visible_to(user)
        .filter(Q(subject_name__icontains=text) | Q(summary__icontains=text))
        .order_by("-last_at")[:EACH]
    )
    return [
        Found(
            row.subject_name,
            row.get_absolute_url(),
            row.summary[:30],
            "alert-triangle",
        )
        for row in rows
    ]


def _pages(entries: Iterable[dict[str, Any]], text: str) -> list[Found]:
    return [
        Found(entry["label"], entry["url"], "页面", entry["icon"])
        for entry in entries
        if matches(text, entry["label"])
    ][:EACH]


def _actions(user: User, text: str) -> list[Found]:
    return [
        Found(action.label, action.url, "操作", action.icon)
        for action in actions_of(user)
        if matches(text, action.label)
    ][:EACH]


def _vehicles(user: User, text: str) -> list[Found]:
    plate = text.upper().replace(" ", "").replace("·", "")
    if len(plate) < 3:
        return []
    rows = Vehicle.objects.visible_to(user).filter(plate__startswith=plate)
    return [
        Found(
            row.plate,
            reverse("vehicles:file", args=[row.pk]),
            f"{row.get_plate_color_display()}牌 · 车辆档案",
            "car",
        )
        for row in rows.order_by("plate")[:EACH]
    ]


def _stations(user: User, text: str) -> list[Found]:
    rows = Station.objects.visible_to(user).select_related("district")
    return [
        Found(
            row.name,
            reverse("vehicles:station", args=[row.code]),
            row.district.name,
            "car",
        )
        for row in rows
        if matches(text, row.name, row.code)
    ][:EACH]


def search(
    *, user: User, text: str, entries: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return groups of hits within the person's scope; ``entries`` are the own menu."""
    text = text.strip()[:LONGEST]
    if not text:
        return []
    groups = (
        ("页面", _pages(entries, text)),
        ("操作", _actions(user, text)),
        ("企业", _enterprises(user, text)),
        ("排放口", _outlets(user, text)),
        ("检验机构", _stations(user, text)),
        ("机动车", _vehicles(user, text)),
        ("黑烟抓拍", _captures(user, text)),
        ("线索与案件", _cases(user, text)),
        ("预警", _alerts(user, text)),
    )
    return [
        {"title": title, "items": [asdict(hit) for hit in hits]}
        for title, hits in groups
        if hits
    ]
