from datetime import timedelta

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import Logger, Point, QuarantinedFrame, UnmappedCode
from polluters.services import quarantine
from tests import factories

pytestmark = pytest.mark.django_db


def refused(logger: Logger | None = None, mn: str = "NOBODY01") -> QuarantinedFrame:
    quarantine.keep(
        [
            quarantine.Refused(
                topic_mn=logger.mn if logger else mn,
                mn=logger.mn if logger else mn,
                logger_id=logger.pk if logger else None,
                reason="unknown_mn" if logger is None else "crc_mismatch",
                detail="<b>期望</b> 3C00",
                body=b"##0004<i>\x00\xff",
                at=clock.now(),
            )
        ]
    )
    return QuarantinedFrame.objects.latest("pk")


def unmapped(logger: Logger, code: str = "a21026") -> UnmappedCode:
    now = clock.now()
    quarantine.note_unmapped(
        logger_id=logger.pk,
        code=code,
        sample="Rtd=1",
        count=2,
        first=now - timedelta(hours=1),
        last=now,
    )
    return UnmappedCode.objects.latest("pk")


@pytest.fixture
def officer(client: Client) -> User:
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    return user


def test_bytes_are_shown_escaped(client: Client, officer: User) -> None:
    frame = refused()
    page = client.get(f"/polluters/quarantine/{frame.pk}/").content.decode()
    assert "##0004&lt;i&gt;··" in page
    assert "<b>期望</b>" not in page


def test_district_officer_does_not_see_strangers_or_other_districts(
    client: Client,
) -> None:
    here = factories.district("652722", "精河县")
    own = refused(factories.logger(factories.outlet(factories.enterprise(here))))
    stranger = refused()
    away = factories.enterprise(factories.district("652723", "温泉县"))
    other = refused(factories.logger(factories.outlet(away)))
    user = factories.user(Role.OFFICER, organisation=factories.department(here))
    client.force_login(user)
    page = client.get("/polluters/quarantine/").context["page"]
    assert [frame.pk for frame in page.object_list] == [own.pk]
    for frame in (stranger, other):
        assert client.get(f"/polluters/quarantine/{frame.pk}/").status_code == 404


def test_dismiss_needs_a_reason(client: Client, officer: User) -> None:
    frame = refused()
    client.post(f"/polluters/quarantine/{frame.pk}/dismiss/", {"note": ""})
    frame.refresh_from_db()
    assert frame.state == "waiting"
    client.post(f"/polluters/quarantine/{frame.pk}/dismiss/", {"note": "线路误码"})
    frame.refresh_from_db()
    assert (frame.state, frame.settled_by) == ("dismissed", officer)
    assert AuditEntry.objects.get(act="quarantine.dismiss").detail["note"] == "线路误码"


def test_leader_reads_but_settles_nothing(client: Client) -> None:
    frame = refused()
    client.force_login(factories.user(Role.LEADER))
    assert client.get("/polluters/quarantine/").status_code == 200
    url = f"/polluters/quarantine/{frame.pk}/dismiss/"
    assert client.post(url, {"note": "线路误码"}).status_code == 403
    frame.refresh_from_db()
    assert frame.state == "waiting"


def test_get_changes_nothing(client: Client, officer: User) -> None:
    frame = refused()
    assert client.get(f"/polluters/quarantine/{frame.pk}/retry/").status_code == 405
    frame.refresh_from_db()
    assert frame.state == "waiting"


def test_mapping_makes_a_point_and_settles_the_code(
    client: Client, officer: User
) -> None:
    logger = factories.logger()
    factories.pollutant("a21026", name="二氧化硫", short="SO₂")
    row = unmapped(logger)
    answer = client.post(
        f"/polluters/unmapped/{row.pk}/",
        {
            "outlet": logger.outlet_id,
            "pollutant": "a21026",
            "unit": "mg/m3",
            "unit_factor": "1",
        },
    )
    assert answer.status_code == 302
    point = Point.objects.get(logger=logger, wire_code="a21026")
    assert (point.outlet_id, point.unit) == (logger.outlet_id, "mg/m3")
    row.refresh_from_db()
    assert row.resolved_at is not None
    assert AuditEntry.objects.filter(act="mapping.add").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"pollutant": "zzz"},
        {"unit_factor": "0"},
        {"unit_factor": "nan"},
        {"outlet": "999999"},
    ],
)
def test_wrong_mapping_changes_nothing(
    client: Client, officer: User, change: dict[str, str]
) -> None:
    logger = factories.logger()
    factories.pollutant("a21026")
    row = unmapped(logger)
    fields = {
        "outlet": str(logger.outlet_id),
        "pollutant": "a21026",
        "unit": "mg/m3",
        "unit_factor": "1",
    }
    answer = client.post(f"/polluters/unmapped/{row.pk}/", fields | change)
    assert answer.status_code == 422
    assert not Point.objects.filter(logger=logger).exists()
    row.refresh_from_db()
    assert row.resolved_at is None
