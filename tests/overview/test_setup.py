"""接入向导: what is there is counted, what is missing is pointed at."""

from datetime import timedelta

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from bozhou_eco.overview.selectors.setup import steps
from polluters.models import Logger
from tests import factories

pytestmark = pytest.mark.django_db


def by_title() -> dict[str, bool]:
    return {step.title: step.done for step in steps(now=clock.now())}


def test_it_follows_what_is_registered() -> None:
    factories.user(Role.OFFICER)
    assert not by_title()["数采仪"]
    assert not by_title()["执法人员"]  # a visit needs two
    factories.user(Role.OFFICER)
    logger = factories.logger()
    factories.point(logger)
    assert by_title()["数采仪"]
    assert by_title()["限值"]
    assert by_title()["执法人员"]
    assert not by_title()["第一帧报文"]
    Logger.objects.filter(pk=logger.pk).update(last_seen=clock.now())
    assert by_title()["第一帧报文"]
    old = clock.now() - timedelta(hours=1)
    Logger.objects.filter(pk=logger.pk).update(last_seen=old)
    assert not by_title()["第一帧报文"]


def test_every_step_leads_to_a_page_that_opens(client: Client) -> None:
    admin = factories.user(Role.ADMIN)
    User.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True)
    client.force_login(admin)
    assert client.get("/setup/").status_code == 200
    for step in steps(now=clock.now()):
        path = step.path if step.path.startswith("/") else f"/admin/{step.path}"
        assert client.get(path).status_code == 200, path
