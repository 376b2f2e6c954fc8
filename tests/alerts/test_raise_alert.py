"""Raising: one open row per key, repeats counted, news told, nothing lost."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from alerts.models import Alert, AlertEvent
from alerts.services import Signal, acknowledge, clear_alert, raise_alerts
from tests import factories
from tests.alerts.makers import NOON, alert, occurrence, raised

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def moves(row: Alert) -> list[tuple[str, str]]:
    return list(row.events.order_by("id").values_list("action", "to_state"))


def test_it_works() -> None:
    result = raised(key="a", magnitude=1.3)
    row = Alert.objects.get()
    assert result.created
    assert result.alert.pk == row.pk
    assert (row.key, row.open_key, row.state) == ("a", "a", "unack")
    assert (row.recurrences, row.occurred_at, row.last_at) == (1, NOON, NOON)
    assert (row.peak, row.peak_at) == (1.3, NOON)
    event = AlertEvent.objects.get()
    assert (event.action, event.to_state, event.tell) == ("raise", "unack", True)
    assert event.told_at is None


def test_a_repeat_counts_on_the_same_row() -> None:
    raised(key="a", magnitude=2.0)
    again = raised(key="a", now=NOON + MINUTE, magnitude=1.5, summary="后来")
    row = Alert.objects.get()
    assert not again.created
    assert (row.recurrences, row.last_at) == (2, NOON + MINUTE)
    assert (row.occurred_at, row.summary) == (NOON, "后来")
    assert (row.magnitude, row.peak, row.peak_at) == (1.5, 2.0, NOON)
    assert AlertEvent.objects.count() == 1


def test_an_older_occurrence_does_not_turn_the_last_time_back() -> None:
    raised(key="a")
    raised(key="a", now=NOON + MINUTE, occurred_at=NOON - MINUTE)
    assert Alert.objects.get().last_at == NOON


def test_a_batch_keeps_its_order_and_folds_equal_keys() -> None:
    def signal(key: str) -> Signal:
        given = occurrence(key=key)
        del given["now"]
        return Signal(**given)

    raised(key="b")
    results = raise_alerts([signal(key) for key in "cbacac"], now=NOON)
    assert [r.alert.key for r in results] == list("cbacac")
    assert [r.created for r in results] == [True, False, True, False, False, False]
    counts = dict(Alert.objects.values_list("key", "recurrences"))
    assert counts == {"a": 2, "b": 2, "c": 3}


@pytest.mark.parametrize(
    "bad", [{"severity": "fatal"}, {"key": ""}, {"key": "x" * 201}]
)
def test_what_cannot_be_stored_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"fatal|alert key"):
        raised(**bad)
    assert Alert.objects.count() == 0


def test_long_texts_markup_and_emoji_are_kept_whole() -> None:
    text = "<b onclick=x>烟囱</b> 🔥 {{ x }} " * 160
    row = alert(summary=text, subject_name="<script>甲</script>")
    assert row.summary == text
    assert len(text) > 4000


def test_worse_news_calls_again_after_acknowledgement() -> None:
    row = alert(key="a", severity="minor")
    acknowledge(alert=row, actor=factories.user("officer"), now=NOON)
    raised(key="a", severity="minor", now=NOON + MINUTE)
    row.refresh_from_db()
    assert row.state == "acked"
    raised(key="a", severity="critical", now=NOON + 2 * MINUTE)
    row.refresh_from_db()
    assert (row.state, row.severity, row.severity_rank) == ("unack", "critical", 3)
    assert moves(row)[-1] == ("worsen", "unack")
    assert row.events.latest("id").tell


def test_severity_falls_only_after_five_quiet_minutes() -> None:
    raised(key="a", severity="critical")
    raised(key="a", severity="minor", now=NOON + 4 * MINUTE)
    row = Alert.objects.get()
    assert row.severity == "critical"
    raised(key="a", severity="minor", now=NOON + 6 * MINUTE)
    row.refresh_from_db()
    assert (row.severity, row.peak_severity) == ("minor", "critical")
    assert moves(row)[-1] == ("ease", "unack")
    raised(key="a", severity="critical", now=NOON + 7 * MINUTE)
    row.refresh_from_db()
    assert row.severity == "critical"
    assert [action for action, _ in moves(row)] == ["raise", "ease", "rise"]
    assert row.events.filter(tell=True).count() == 1


def test_a_new_occurrence_after_return_calls_again() -> None:
    row = alert(key="a")
    acknowledge(alert=row, actor=factories.user("officer"), now=NOON)
    clear_alert(key="a", now=NOON + MINUTE, reason="回落")
    row.refresh_from_db()
    assert row.state == "returned"
    raised(key="a", now=NOON + 2 * MINUTE)
    row.refresh_from_db()
    assert (row.state, row.returned_at) == ("unack", None)
    assert row.events.filter(tell=True).count() == 2


def test_a_closed_key_makes_a_new_row_after_its_window() -> None:
    raised(key="a", kind="offline", severity="minor")
    clear_alert(key="a", now=NOON, reason="恢复")
    row = Alert.objects.get()
    assert (row.state, row.outcome) == ("closed", "returned")
    assert row.key_until == NOON + timedelta(minutes=30)
    again = raised(key="a", kind="offline", severity="minor", now=NOON + 29 * MINUTE)
    assert (again.created, again.alert.pk) == (True, row.pk)
    row.refresh_from_db()
    assert (row.state, row.outcome, row.closed_at) == ("unack", "", None)
    clear_alert(key="a", now=NOON + 60 * MINUTE, reason="恢复")
    fresh = raised(key="a", kind="offline", severity="minor", now=NOON + 90 * MINUTE)
    assert fresh.created
    assert fresh.alert.pk != row.pk
    assert Alert.objects.count() == 2
    assert list(Alert.objects.filter(open_key="a")) == [fresh.alert]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(3))
def test_fifty_at_once_make_one_row(round_: int) -> None:
    results, errors = storm(50, key="same")
    assert errors == []
    row = Alert.objects.get()
    assert row.recurrences == 50
    assert sum(created for created in results) == 1
    assert row.events.count() == 1


def storm(threads: int, **changes: object) -> tuple[list[bool], list[Exception]]:
    """Raise the same alert from many connections at the same moment."""
    results: list[bool] = []
    errors: list[Exception] = []
    ready = threading.Barrier(threads)

    def one() -> None:
        try:
            ready.wait(30)
            results.append(raised(**changes).created)
        except Exception as error:  # noqa: BLE001  (reported by the test)
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=one) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return results, errors
