"""Every page of every menu in both themes and both sizes, for somebody who sees it.

The list is the menu itself, so a new entry is covered at once. What other files of this
folder already open is left out for the officer; other roles see their own menu.
"""

from urllib.parse import urlsplit

import pytest

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.overview.navigation import ACCOUNT, MENU, address
from polluters.models import Outlet
from tests import factories
from tests.browser import (
    test_alerting,
    test_cases,
    test_pages,
    test_roadcheck,
)
from tests.browser.conftest import Opener, violations
from tests.browser.test_pages import FORMS, overflow
from tests.house.test_query_counts import fill
from vehicles.models import Station

ELSEWHERE = {
    urlsplit(path).path
    for module in (test_alerting, test_cases, test_pages, test_roadcheck)
    for path in module.PAGES.values()
} | set(test_cases.PARTS.values())
# Lists that stand in no menu, and the rows behind some.
BEHIND = (
    "/polluters/exceedances/{exceedance}/",
    "/polluters/rates/points/{point}/",
    "/polluters/explanations/{explanation}/",
    "/polluters/findings/{finding}/",
    "/polluters/marks/{mark}/",
    "/polluters/explanations/new/?exceedance={exceedance}",
    "/vehicles/captures/",
    "/vehicles/captures/transfers/",
    "/vehicles/models/",
    "/vehicles/review/agreement/",
    "/vehicles/findings/",
    "/vehicles/stations/ranking/",
    "/vehicles/stations/{station}/",
    "/vehicles/stations/{station}/supervision/",
)
OTHER_FORMS = (("light", 390), ("dark", 1440))
"""Other roles see the officer's templates with other rows: half the forms."""
CASES = [
    *((Role.OFFICER, theme, width) for theme, width in FORMS),
    *(
        (role, theme, width)
        for role in (Role.ENTERPRISE, Role.STATION, Role.ADMIN, Role.AUDITOR)
        for theme, width in OTHER_FORMS
    ),
]


def pages_of(role: Role) -> list[str]:
    """Return the menu of a role, and for the officer what lies behind it."""
    listed = [
        address(entry.name)
        for _, entries in MENU
        for entry in entries
        if role in entry.roles
    ]
    if role != Role.OFFICER:
        return listed
    listed += [address(entry.name) for entry in ACCOUNT]
    return [path for path in listed if path not in ELSEWHERE] + list(BEHIND)


def person(role: Role, rows: dict[str, int | str]) -> User:
    """Return somebody of the role; a party is the one whose rows were made."""
    if role == Role.STATION:
        station = Station.objects.get(code=rows["station"])
        return factories.user(role, organisation=station.organisation)
    if role == Role.ENTERPRISE:
        firm = Outlet.objects.get(pk=rows["outlet"]).enterprise
        return factories.user(role, organisation=firm.organisation)
    user = factories.user(role)
    if role == Role.ADMIN:
        user.is_staff = user.is_superuser = True
        user.save()
    return user


def test_every_menu_page_is_opened_somewhere() -> None:
    opened = ELSEWHERE.union(*(pages_of(role) for role, *_ in CASES))
    every = {address(entry.name) for _, entries in MENU for entry in entries}
    assert every <= opened


@pytest.mark.parametrize(("role", "theme", "width"), CASES)
def test_menu_pages(visit: Opener, role: Role, theme: str, width: int) -> None:
    rows = fill(1)
    paths = [path.format(**rows) for path in pages_of(role)]
    page = visit("/offline/", person(role, rows), theme=theme, width=width)
    home, wrong = page.url.removesuffix("/offline/"), {}
    for path in paths:
        answer = page.goto(home + path)
        assert answer is not None
        page.wait_for_timeout(150)
        found = violations(page)
        if overflow(page) > 0:
            found.append(f"{overflow(page)} px too wide")
        if answer.status != 200:
            found.append(f"answered {answer.status}")
        if found:
            wrong[path] = found
    assert wrong == {}
