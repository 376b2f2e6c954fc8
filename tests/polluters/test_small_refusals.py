"""Codes mapped, accounts of the broker, seals, partitions, refused frames: the other side."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from bozhou_eco.audit.models import AuditEntry, Link
from bozhou_eco.common import clock
from polluters.models import (
    AirDay,
    AirStation,
    Exceedance,
    FrameSeal,
    Limit,
    Mean,
    Point,
    QuarantinedFrame,
    UnmappedCode,
)
from polluters.services import (
    air,
    closing,
    frames,
    furnace,
    mqtt_accounts,
    partitions,
    quarantine,
)
from polluters.services.mapping import map_code
from tests import factories
from tests.polluters.test_furnace import day_start, heat
from tests.polluters.test_furnace import furnace as furnace_point

__all__ = ["furnace_point"]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=clock.BEIJING)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_code_is_mapped_within_the_firm_and_once() -> None:
    logger = factories.logger()
    row = UnmappedCode.objects.create(
        logger=logger, code="a05001", sample="x", seen=1, first_time=NOW, last_time=NOW
    )
    given = {
        "unmapped": row, "outlet": logger.outlet, "unit": "mg/m3", "unit_factor": 1.0,
        "pollutant": factories.pollutant(), "actor": factories.user("officer"),
        "now": NOW,
    }  # fmt: skip
    for change, said in (
        ({"outlet": factories.outlet()}, "排放口不属于该数采仪所在的单位"),
        ({"unit_factor": 0.0}, "单位系数应大于 0"),
        ({"unit_factor": float("nan")}, "单位系数应大于 0"),
    ):
        with pytest.raises(ValidationError, match=said):
            map_code(**(given | change))
    assert not Point.objects.exists()
    second = factories.outlet(logger.outlet.enterprise)
    point = map_code(**(given | {"outlet": second}))
    assert (point.outlet, point.wire_code) == (second, "a05001")
    with pytest.raises(ValidationError, match="该编码已有对应点位"):
        map_code(**given)
    assert Point.objects.count() == 1
    assert AuditEntry.objects.filter(act="mapping.add").count() == 1


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        pytest.param(("a b", "x"), "用户名含不允许的字符", id="name"),
        pytest.param(("", "x"), "平台用户名或密码缺失", id="no-name"),
        pytest.param(("platform", ""), "平台用户名或密码缺失", id="no-password"),
        pytest.param(("MN", "x"), "与一台数采仪的 MN 相同，请改 MQTT_URL", id="twin"),
    ],
)
def test_an_unfit_platform_account_changes_nothing(
    platform: tuple[str, str], said: str
) -> None:
    factories.logger(mn="MN")
    with pytest.raises(mqtt_accounts.UnfitError, match=said):
        mqtt_accounts.renew("", platform=platform, now=NOW)
    assert not AuditEntry.objects.filter(act="mqtt.accounts").exists()


def test_the_rules_of_the_broker_name_no_unfit_account() -> None:
    assert "user platform\n" in mqtt_accounts.acl_text("platform")
    with pytest.raises(mqtt_accounts.UnfitError, match="请改 MQTT_URL 中的用户名"):
        mqtt_accounts.acl_text("x\ntopic readwrite #")


def test_without_a_platform_account_loggers_still_get_theirs() -> None:
    factories.logger(mn="MN")
    made = mqtt_accounts.renew("old:$7$1$a$b\n", platform=None, now=NOW)
    assert (set(made.lines), set(made.issued), made.removed) == (
        {"MN"},
        {"MN"},
        ("old",),
    )


def test_an_hour_sealed_side_by_side_is_sealed_once() -> None:
    logger = factories.logger()
    assert frames._seal(logger.pk, NOW, NOW + HOUR) is True
    assert frames._seal(logger.pk, NOW, NOW + 2 * HOUR) is False
    seal = FrameSeal.objects.get()
    assert seal.sealed_at == NOW + HOUR
    assert Link.objects.filter(subject=f"frames:{seal.pk}").count() == 1


def test_a_month_that_lacks_a_table_is_made_whole() -> None:
    partitions.ensure_months([(2041, 2)])
    assert (2041, 2) in partitions.existing_months()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partitions.TABLES[0]}_2041_02")
    assert (2041, 2) not in partitions.existing_months()
    partitions.ensure_months([(2041, 2)])
    assert (2041, 2) in partitions.existing_months()


def test_a_refused_frame_is_set_aside_once() -> None:
    row = QuarantinedFrame.objects.create(
        reason="crc", body=b"x", digest=b"d", first_at=NOW, last_at=NOW
    )
    first, second = factories.user("officer"), factories.user("officer")
    quarantine.dismiss(frame=row, actor=first, note="误发", now=NOW)
    quarantine.dismiss(frame=row, actor=second, note="再来", now=NOW + HOUR)
    row.refresh_from_db()
    assert (row.state, row.settled_by, row.settled_at) == ("dismissed", first, NOW)
    entry = AuditEntry.objects.get(act="quarantine.dismiss")
    assert (entry.actor, entry.detail) == (first, {"note": "误发"})


def test_a_furnace_without_a_limit_of_its_own_is_judged_by_the_rule(
    furnace_point: Point,
) -> None:
    Limit.objects.all().delete()
    day = day_start()
    heat(furnace_point, day, 6)
    closing.close_day(day=day, now=day + DAY + 2 * HOUR)
    row = Exceedance.objects.get()
    assert (row.averaging, row.bound, row.limit) == ("5min", 850, None)
    assert row.explanation["limit_source"]
    assert furnace.judge_days(
        [], day=day, rules=None, settled=True, timely=True, now=day + DAY
    ) == 0  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(("hours", "rows"), [(19, 0), (20, 1)])
def test_a_day_of_air_needs_twenty_hours(hours: int, rows: int) -> None:
    logger = factories.logger()
    AirStation.objects.create(
        name="东站", code="A1", district=factories.district(), logger=logger
    )
    factories.pollutant("a34004", unit="mg/m3")
    point = factories.point(logger, "a34004", high=None)
    start = NOW.replace(hour=0)
    for hour in range(24):
        Mean.objects.create(
            point=point, period=2, time=start + hour * HOUR, valid=True,
            computed=0.05 if hour < hours else None, state="closed", computed_at=start,
        )  # fmt: skip
    assert air.compute_day(day=NOW.date(), now=NOW + DAY) == rows
    assert [row.pm25 for row in AirDay.objects.all()] == [pytest.approx(50)] * rows
