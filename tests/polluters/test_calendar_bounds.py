"""Days and moments at the ends of the calendar: a page is the answer, never an error."""

import pytest
from django.test import Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from polluters.domain.hj212 import crc16
from polluters.models import DeviceCommand, DeviceInfo
from tests import factories
from tests.polluters.test_take_batch import take

pytestmark = pytest.mark.django_db

# What an address may hold where a day, a month, a moment or a number is meant.
MOMENTS = ("0001-01", "9999-12", "9999-12-31", "0001-01-01T00:00+14:00")
NUMBERS = ("9" * 5000, "253402271999")
NAMES = ("day", "month", "since", "until", "at", "year", "p", "outlet")
PAGES = (
    *("exceedances", "findings", "marks", "rates", "masses", "national"),
    *("statistics", "air"),
)


def test_every_page_with_a_day_in_its_address_answers() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(factories.user(Role.LEADER, Role.OFFICER, Role.REVIEWER))
    point = factories.point()
    paths = [reverse(f"polluters:{name}") for name in PAGES]
    paths += [
        reverse("polluters:outlet_data", args=[point.outlet_id]),
        reverse("polluters:rate_point", args=[point.pk]),
        reverse("polluters:raw_frames", args=[point.pk]),
        reverse("polluters:curve_data"),
    ]
    broken = [
        (path, moment[:25])
        for path in paths
        for moment in (MOMENTS if path in paths[:-2] else (*MOMENTS, *NUMBERS))
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


@pytest.mark.parametrize("year", ["0001", "9999"])
@pytest.mark.parametrize(
    ("page", "fields", "named"),
    [
        ("mark_new", {"begin": "{}-01-01T00:00", "reason": "停炉"}, {"begin"}),
        (
            "upkeep",
            {
                "planned_from": "{}-12-31T00:00",
                "planned_to": "{}-12-31T23:59",
                "done_at": "{}-12-31T23:59",
            },
            {"planned_from", "planned_to", "done_at"},
        ),
        ("change", {"changed_at": "{}-12-31T23:59"}, {"changed_at"}),
        ("consumable", {"expires_on": "{}-12-31"}, {"expires_on"}),
    ],
)
def test_a_form_names_a_day_that_is_none_and_keeps_nothing(
    page: str, fields: dict[str, str], named: set[str], year: str
) -> None:
    client = Client()
    client.force_login(factories.user(Role.OFFICER))
    path = reverse("polluters:mark_new")
    if page != "mark_new":
        path = reverse("polluters:ledger_new", args=[page])
    answer = client.post(path, {k: v.format(year) for k, v in fields.items()})
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    wrong = {name for name, told in errors.items() if told == ["年份有误，请核对"]}
    assert wrong == named


@pytest.mark.parametrize("qn", ["00010101000000000", "99991231235959999"])
def test_a_device_whose_clock_tells_nonsense_is_noted_at_its_arrival(qn: str) -> None:
    logger, at = factories.logger(), clock.now()
    segment = (
        f"QN={qn};ST=31;CN=3020;PW=123456;MN={logger.mn};Flag=5;CP=&&i12001-Info=1&&"
    ).encode()
    take(b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment)), at=at)
    assert DeviceInfo.objects.get().time == at


def test_a_number_without_end_is_no_command() -> None:
    client = Client()
    client.force_login(factories.user(Role.OFFICER))
    logger = factories.logger()
    path = reverse("polluters:command_ask", args=[logger.outlet_id])
    given = {"logger": logger.pk, "cn": "1062", "RtdInterval": "30", "reason": "核实"}
    assert client.post(path, given | {"logger": "9" * 5000}).status_code == 404
    client.post(path, given | {"RtdInterval": "9" * 5000})
    assert not DeviceCommand.objects.exists()
    client.post(path, given)
    assert DeviceCommand.objects.get().params == {"RtdInterval": "30"}
