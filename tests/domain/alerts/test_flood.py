"""The cap: bounded messages, everything in one of them, 严重 never behind the others."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain.flood import Cap, Merge, Send, admit, summarise
from alerts.domain.severity import Severity

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CAP = Cap(limit=5, window=10 * MINUTE, reserve=2)


def test_room_runs_out_for_ordinary_ones_first() -> None:
    sent = [NOW - n * MINUTE for n in (3, 2, 1)]
    assert admit("major", sent[:2], NOW, CAP) == Send()
    assert admit("major", sent, NOW, CAP) == Merge(at=NOW + 7 * MINUTE)
    assert admit("critical", sent, NOW, CAP) == Send()
    full = [NOW - n * MINUTE for n in (5, 4, 3, 2, 1)]
    assert admit("critical", full, NOW, CAP) == Merge(at=NOW + 5 * MINUTE)
    assert admit("minor", full, NOW, CAP) == Merge(at=NOW + 7 * MINUTE)
    promised = [NOW, NOW, NOW, NOW + 10 * MINUTE]
    assert admit("critical", promised, NOW, CAP) == Send()
    assert admit("critical", [*promised, NOW], NOW, CAP) == Send()
    assert admit("critical", [*promised, NOW, NOW], NOW, CAP) == Merge(
        at=NOW + 10 * MINUTE
    )


def test_room_comes_back_with_time() -> None:
    sent = [NOW - n * MINUTE for n in (3, 2, 1)]
    assert admit("minor", sent, NOW + 7 * MINUTE, CAP) == Send()


@pytest.mark.parametrize("seed", range(5))
def test_no_window_ever_holds_more_than_the_cap(seed: int) -> None:
    rng = random.Random(seed)
    sent: list[datetime] = []
    pending: datetime | None = None
    at = NOW
    for _ in range(3000):
        at += timedelta(seconds=rng.expovariate(0.3))
        if pending is not None and at >= pending:
            pending = None
        if pending is not None:
            continue
        verdict = admit(rng.choice(["critical", "major", "minor"]), sent, at, CAP)
        moment = at if isinstance(verdict, Send) else verdict.at
        if isinstance(verdict, Merge):
            pending = moment
        sent.append(moment)
    for index, moment in enumerate(sent):
        inside = [t for t in sent[index:] if t < moment + CAP.window]
        assert len(inside) <= CAP.limit


def test_a_cap_without_room_is_refused() -> None:
    for limit, reserve in ((0, 0), (3, 3), (3, -1)):
        with pytest.raises(ValueError, match="room"):
            Cap(limit=limit, reserve=reserve)


def test_a_summary_counts_worst_first() -> None:
    summary = summarise(
        [
            ("minor", "数据中断", "精河县"),
            ("critical", "超标预警", "博乐市"),
            ("minor", "数据中断", "精河县"),
        ]
    )
    assert [(s.value, n) for s, n in summary.counts] == [("critical", 1), ("minor", 2)]
    assert (summary.total, summary.worst) == (3, "critical")
    assert summary.kinds == ("数据中断", "超标预警")
    assert summary.districts == ("精河县", "博乐市")
    with pytest.raises(ValueError, match="at least one"):
        summarise([])


def test_ten_messages_in_ten_minutes_three_of_them_kept_for_the_worst() -> None:
    cap = Cap()
    recent = [NOW - 10 * MINUTE + timedelta(seconds=1)] * 6
    assert admit("major", recent, NOW, cap) == Send()
    full = [*recent, NOW]
    assert admit("major", full, NOW, cap) == Merge(at=NOW + timedelta(seconds=1))
    assert admit("critical", [*full, NOW, NOW], NOW, cap) == Send()
    assert isinstance(admit("critical", [*full, NOW, NOW, NOW], NOW, cap), Merge)


@pytest.mark.parametrize(("limit", "reserve"), [(1, 0), (2, 1), (10, 0)])
def test_a_cap_with_room_for_one_ordinary_message_is_enough(
    limit: int, reserve: int
) -> None:
    cap = Cap(limit=limit, reserve=reserve)
    room = limit - reserve
    assert admit("info", [NOW] * (room - 1), NOW, cap) == Send()
    assert admit("info", [NOW] * room, NOW, cap) == Merge(at=NOW + 10 * MINUTE)


@pytest.mark.parametrize(
    ("ago_s", "verdict"),
    [(600, Send()), (599, Merge(at=NOW + timedelta(seconds=1)))],
)
def test_a_message_counts_until_its_window_has_passed(
    ago_s: int, verdict: Send | Merge
) -> None:
    cap = Cap(limit=1, reserve=0)
    assert admit("minor", [NOW - timedelta(seconds=ago_s)], NOW, cap) == verdict


def test_a_promised_summary_takes_room_from_windows_before_it() -> None:
    """With room for two, one sent now and one promised in 9 min fill [0, 10 min)."""
    cap = Cap(limit=2, reserve=0)
    promised = [NOW, NOW + 9 * MINUTE]
    assert admit("minor", promised, NOW + MINUTE, cap) == Merge(at=NOW + 10 * MINUTE)
    later = [NOW, NOW + 10 * MINUTE]
    assert admit("minor", later, NOW, cap) == Send()


def test_equally_common_names_go_by_the_alphabet() -> None:
    summary = summarise([("info", "b", "y"), ("info", "a", "x"), ("info", "c", "x")])
    assert summary.kinds == ("a", "b", "c")
    assert summary.districts == ("x", "y")
    assert summary.counts == ((Severity.INFO, 3),)
