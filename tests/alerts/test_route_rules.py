"""Who is told when: the party's time, ladders that are gone, people nobody can reach."""

from datetime import datetime, timedelta

import pytest

from alerts.models import (
    Alert,
    Channel,
    Delivery,
    DutyShift,
    EscalationLadder,
    SelfCheck,
    Subscription,
)
from alerts.services.routing import escalate_due, route_pending
from alerts.services.self_checks import reply_self_check
from bozhou_eco.accounts.models import Organisation, User
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import alert, channel, ladder, only_channels, subscriber

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=clock.BEIJING)


@pytest.fixture(autouse=True)
def browser() -> None:
    """Everybody is reached by the page, nobody by anything else."""
    channel("browser", "browser", 10)
    only_channels("browser")
    for severity in ("critical", "major", "minor"):
        ladder(severity, (0, ["subscribers", "duty"]), (10, ["backup"]))


@pytest.fixture
def plant() -> Organisation:
    return factories.enterprise().organisation


def owner_of(plant: Organisation) -> User:
    return factories.user("enterprise", organisation=plant)


def due(person: User) -> list[datetime]:
    rows = Delivery.objects.filter(user=person, summary=False).order_by("pk")
    return list(rows.values_list("due_at", flat=True))


def test_the_party_hears_first_and_officers_at_the_deadline_at_the_latest(
    plant: Organisation,
) -> None:
    officer, owner = subscriber("browser"), owner_of(plant)
    row = alert(severity="minor", organisation=plant, now=NOON)
    route_pending(now=NOON)
    check = SelfCheck.objects.get(alert=row)
    assert check.due_at == NOON + DAY
    assert (due(owner), due(officer)) == ([NOON], [NOON + DAY])
    second = alert(severity="minor", organisation=plant, now=NOON)
    reply = {"cause": "检修", "measures": "", "actor": owner, "now": NOON}
    route_pending(now=NOON)
    reply_self_check(check=SelfCheck.objects.get(alert=second), **reply)
    Delivery.objects.all().delete()
    second.events.update(told_at=None)
    route_pending(now=NOON)
    assert due(officer) == [NOON], "who was answered is not kept waiting"


@pytest.mark.parametrize(
    ("given", "party"),
    [
        pytest.param({"severity": "major"}, True, id="major"),
        pytest.param({"severity": "minor", "kind": "fraud"}, False, id="fraud"),
        pytest.param({"severity": "minor", "organisation": None}, False, id="nobody's"),
    ],
)
def test_what_does_not_wait_goes_to_officers_at_once(
    plant: Organisation, given: dict[str, object], party: bool
) -> None:
    officer, owner = subscriber("browser"), owner_of(plant)
    alert(**({"organisation": plant, "now": NOON} | given))
    route_pending(now=NOON)
    assert due(officer) == [NOON]
    assert due(owner) == [NOON] * party


def test_a_party_without_people_has_no_time(plant: Organisation) -> None:
    officer = subscriber("browser")
    alert(severity="minor", organisation=plant, now=NOON)
    route_pending(now=NOON)
    assert SelfCheck.objects.count() == 1
    assert due(officer) == [NOON]


@pytest.mark.parametrize(("at", "days"), [("09:30", 2), ("15:00", 1)])
def test_a_digest_after_the_party_s_time_stays_a_digest(
    plant: Organisation, at: str, days: int
) -> None:
    """Noon and a day: the digest of that afternoon, or of the morning after."""
    owner_of(plant)
    subscriber("browser", digest_at=at)
    alert(severity="minor", organisation=plant, now=NOON)
    route_pending(now=NOON)
    digest = Delivery.objects.get(summary=True)
    assert digest.digest
    told = clock.beijing(digest.due_at)
    assert f"{told:%m-%d %H:%M}" == f"11-{23 + days} {at}"
    assert digest.children.count() == 1


def test_without_a_ladder_nobody_is_called_and_nothing_is_due() -> None:
    person = subscriber("browser")
    EscalationLadder.objects.filter(severity="minor").delete()
    row = alert(severity="minor", now=NOON)
    Alert.objects.filter(pk=row.pk).update(escalate_at=NOON)
    assert route_pending(now=NOON) == 1
    row.refresh_from_db()
    assert row.escalate_at is None
    assert due(person) == []
    assert not row.events.filter(told_at=None, tell=True).exists()


def test_a_ladder_taken_away_ends_the_climb_and_an_answer_does() -> None:
    subscriber("browser")
    gone, answered = alert(severity="minor", now=NOON), alert(now=NOON)
    route_pending(now=NOON)
    EscalationLadder.objects.filter(severity="minor").delete()
    Alert.objects.filter(pk=answered.pk).update(state="acked")
    before = Delivery.objects.count()
    assert escalate_due(now=NOON + 10 * MINUTE) == 0
    for row in (gone, answered):
        row.refresh_from_db()
        assert row.escalate_at is None
        assert not row.events.filter(action="escalate").exists()
    assert Delivery.objects.count() == before


def test_who_cannot_be_reached_gets_no_message_and_the_others_theirs() -> None:
    person = factories.user("officer")
    DutyShift.objects.create(
        user=person, level="duty", starts_at=NOON - HOUR, ends_at=NOON + HOUR
    )
    Channel.objects.filter(code="browser").update(enabled=False)
    row = alert(now=NOON)
    assert route_pending(now=NOON) == 1
    assert not Delivery.objects.exists()
    row.refresh_from_db()
    assert row.escalate_at == NOON + 10 * MINUTE, "the climb goes on"
    assert not Subscription.objects.exists()
