"""Days and moments at the ends of the calendar: a page is the answer, never an error."""

import pytest
from django.test import Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from tests import factories

pytestmark = pytest.mark.django_db

# What an address may hold where a day, a month, a moment or a number is meant.
MOMENTS = (
    *("0001-01", "9999-12", "9999-12-31", "0001-01-01T00:00+14:00", "253402271999"),
    "9" * 5000,
)
NAMES = ("day", "month", "since", "until", "at", "year", "p", "outlet")
PAGES = (
    *("exceedances", "findings", "marks", "rates", "masses", "national"),
    *("statistics", "air", "curves", "curve_data"),
)


def test_every_page_with_a_day_in_its_address_answers() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(factories.user(Role.LEADER, Role.OFFICER, Role.REVIEWER))
    point = factories.point()
    paths = [reverse(f"polluters:{name}") for name in PAGES]
    paths += [
        reverse("polluters:outlet_data", args=[point.outlet_id]),
        reverse("polluters:raw_frames", args=[point.pk]),
        reverse("polluters:rate_point", args=[point.pk]),
    ]
    broken = [
        (path, moment[:25])
        for path in paths
        for moment in MOMENTS
        if client.get(path, dict.fromkeys(NAMES, moment)).status_code != 200
    ]
    assert broken == []
    for day in ("0001-01-01", "9999-12-31"):
        path = reverse("polluters:mass_day", args=[point.pk, day])
        assert client.get(path).status_code == 404


def test_a_curve_says_that_its_days_are_none() -> None:
    client = Client()
    client.force_login(factories.user(Role.OFFICER))
    query = {"p": factories.point().pk, "since": "0001-01-01", "until": "9999-12-31"}
    body = client.get(reverse("polluters:curve_data"), query | {"last": "1"}).json()
    assert [note[:2] for note in body["notes"]] == ["起始", "截止"]
    assert clock.askable(clock.FIRST_DAY)
    assert clock.askable(clock.LAST_DAY)
