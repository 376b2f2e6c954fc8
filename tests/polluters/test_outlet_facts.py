"""Facts of an outlet for the check-list: values without a limit, who keeps it, what is late."""

from datetime import date, datetime, timedelta

import pytest

from bozhou_eco.common import clock
from polluters.models import Exceedance, Finding, Maintainer, Point, Service, Upkeep
from polluters.services.checklist_facts import outlet_facts
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 8, tzinfo=clock.BEIJING)
DAY = timedelta(days=1)


@pytest.fixture
def point() -> Point:
    return factories.point()


def facts(point: Point) -> dict[str, str]:
    day = date(2026, 3, 2)
    return outlet_facts(subject_key=point.outlet.subject_key, first=day, last=day)


def test_a_value_without_limit_or_multiple_is_told_without_them(point: Point) -> None:
    row = Exceedance.objects.create(
        point=point, averaging="day", time=START, value=5.5, bound=None, multiple=None,
        state="warning", found_at=START,
    )  # fmt: skip
    assert facts(point)["values"] == "03-02 08:00 NOx日均值 5.5 mg/m3（超标预警）"
    Exceedance.objects.filter(pk=row.pk).update(bound=6)
    assert "5.5 mg/m3，限值 6（" in facts(point)["values"]


def test_who_keeps_the_outlet_and_what_was_not_done(point: Point) -> None:
    assert "maintenance" not in facts(point)
    firm = Maintainer.objects.create(name="甲运维")
    contract = Service.objects.create(
        outlet=point.outlet, maintainer=firm, valid_from=date(2026, 1, 1)
    )
    assert facts(point)["maintenance"] == "运维单位 甲运维"
    Upkeep.objects.create(
        outlet=point.outlet, kind="calibration", planned_from=START - 2 * DAY,
        planned_to=START - DAY,
    )  # fmt: skip
    assert facts(point)["maintenance"] == "运维单位 甲运维；逾期未做 1 项"
    Service.objects.filter(pk=contract.pk).update(valid_to=date(2026, 2, 20))
    assert facts(point)["maintenance"] == "逾期未做 1 项"


def test_open_findings_are_told_the_weightiest_first(point: Point) -> None:
    assert "facility" not in facts(point)
    for check, score, state in (
        ("constant", 1, "open"), ("missing", 2, "open"), ("spikes", 9, "withdrawn")
    ):  # fmt: skip
        Finding.objects.create(
            logger=point.logger, point=point, factor="a21002", check_code=check,
            begin=START, end=START + DAY, severity="major", why=f"因{score}",
            score=score, state=state, found_at=START, looked_at=START,
        )  # fmt: skip
    told = facts(point)["facility"]
    assert told.startswith("数据异常 ")
    assert told.index("因2") < told.index("因1")
    assert "因9" not in told
