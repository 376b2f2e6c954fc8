"""The demo's cases: made by the real services, whatever day it is."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import BEIJING
from bozhou_eco.seed.people import seed_people
from enforcement import demo
from enforcement.domain.figures import Period
from enforcement.models import Case
from enforcement.selectors import figures
from enforcement.services.steps import verify_steps

pytestmark = pytest.mark.django_db
YEAR_2025 = Period(date(2025, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 10, 9)])
def test_the_demo_can_be_made_on_any_day(day):
    seed_people()
    now = datetime.combine(day, datetime.min.time(), BEIJING).replace(hour=9)
    demo.seed(now=now, scale=1)
    count = Case.objects.count()
    assert count >= 18
    states = set(Case.objects.values_list("state", flat=True))
    assert {"alerted", "closed", "ended", "notified", "handover"} <= states
    assert {"discussing", "fulfilling", "visiting", "checking"} <= states
    assert all(verify_steps(case) == [] for case in Case.objects.all())
    leader = User.objects.get(username="leader")
    found = {one.code: one for one in figures.figures(leader, YEAR_2025)}
    assert Decimal(str(found["exempted"].value)) == Decimal(648000)
    assert found["off_site_checks"].value == 50.0
    assert found["off_site_checks"].bottom == 96
    demo.seed(now=now, scale=1)
    assert Case.objects.count() == count
