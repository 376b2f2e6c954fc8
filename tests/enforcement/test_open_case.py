"""A clue is opened from alerts or by hand, once, with a number without gaps."""

from datetime import date

import pytest
from django.db import transaction

from bozhou_eco.audit.models import AuditEntry
from enforcement.domain.workflow import Refused
from enforcement.models import Case, NumberSeries
from enforcement.services.cases import open_case
from enforcement.services.steps import verify_steps


def test_it_works(make_alert, people, now):
    alert = make_alert()
    case = open_case(alerts=[alert], actor=people["duty"], now=now, note="转线索")
    assert case.number == "博州环线索〔2026〕1号"
    assert (case.state, case.stage, case.version) == ("alerted", "alert", 1)
    assert (case.kind, case.source) == ("exhaust", "alert")
    assert case.subject_key == "outlet:17"
    assert case.discovered_on == date(2026, 11, 23)
    assert not case.is_case
    assert [link.alert for link in case.alert_links.all()] == [alert]
    assert [(c.rule.code, c.last_day) for c in case.clocks.all()] == [
        ("alert", date(2026, 11, 24))
    ]
    assert case.due_on == date(2026, 11, 24)
    assert verify_steps(case) == []
    assert AuditEntry.objects.filter(
        act="case.open", subject=f"case:{case.pk}", actor=people["duty"]
    ).exists()


def test_the_same_alert_brings_the_same_clue(make_alert, people, now):
    alert = make_alert()
    first = open_case(alerts=[alert], actor=people["duty"], now=now)
    again = open_case(alerts=[alert], actor=people["alice"], now=now)
    assert again == first
    assert Case.objects.count() == 1


def test_several_alerts_make_one_clue(make_alert, people, now):
    minor = make_alert("a", severity="minor", summary="轻")
    heavy = make_alert("b", severity="critical", summary="重")
    case = open_case(alerts=[minor, heavy], actor=people["duty"], now=now)
    assert (case.severity, case.title) == ("critical", "重")
    assert case.alert_links.count() == 2


def test_a_further_alert_joins_the_open_clue(make_alert, people, now):
    first, second = make_alert("a"), make_alert("b")
    case = open_case(alerts=[first], actor=people["duty"], now=now)
    again = open_case(alerts=[first, second], actor=people["duty"], now=now)
    assert again == case
    assert case.alert_links.count() == 2
    assert [s.action for s in case.steps.all()] == ["open", "add_alert"]


def test_alerts_of_different_clues_are_refused(make_alert, people, now):
    a, b = make_alert("a"), make_alert("b")
    open_case(alerts=[a], actor=people["duty"], now=now)
    open_case(alerts=[b], actor=people["duty"], now=now)
    with pytest.raises(Refused, match="已分属不同线索"):
        open_case(alerts=[a, b], actor=people["duty"], now=now)
    assert Case.objects.count() == 2


def test_by_hand_with_an_upstream_deadline(people, districts, now):
    case = open_case(
        actor=people["duty"],
        now=now,
        source="region",
        kind="dust",
        title="群众反映料堆扬尘",
        subject_key="site:北山料场",
        subject_name="北山料场",
        district=districts["博乐市"],
        upstream_number="新环督〔2026〕31号",
        upstream_due=date(2026, 12, 3),
    )
    assert {c.rule.code: c.last_day for c in case.clocks.all()} == {
        "alert": date(2026, 11, 24),
        "upstream": date(2026, 12, 3),
    }


def test_nothing_to_open_is_refused(people, now):
    with pytest.raises(Refused, match="须填写对象"):
        open_case(actor=people["duty"], now=now)
    assert Case.objects.count() == 0


def test_a_failure_gives_the_number_back(make_alert, people, now):
    def fail():
        with transaction.atomic():
            open_case(alerts=[make_alert("x")], actor=people["duty"], now=now)
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail()
    case = open_case(alerts=[make_alert("y")], actor=people["duty"], now=now)
    assert case.number.endswith("〔2026〕1号")
    assert NumberSeries.objects.get(kind="线索").last == 1


def test_numbers_start_anew_each_beijing_year(make_alert, people, now):
    last = now.replace(month=12, day=31, hour=15, minute=59)
    first = now.replace(month=12, day=31, hour=16, minute=0)
    a = open_case(alerts=[make_alert("a")], actor=people["duty"], now=last)
    b = open_case(alerts=[make_alert("b")], actor=people["duty"], now=first)
    assert (a.number, b.number) == ("博州环线索〔2026〕1号", "博州环线索〔2027〕1号")
