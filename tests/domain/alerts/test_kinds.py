"""Kinds: refinements inherit, suspicion is confidential and never told to the suspect."""

from datetime import timedelta

import pytest

from alerts.domain.kinds import KINDS, NEVER_FIRST, base_of, may_go_first, policy_of


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("exceedance", "exceedance"),
        ("exceedance-warning", "exceedance"),
        ("water-exceedance.hour", "water-exceedance"),
        ("stopped_running", "stopped-running"),
        ("offline:camera", "offline"),
        ("new-thing", ""),
        ("", ""),
    ],
)
def test_base_of(kind: str, base: str) -> None:
    assert base_of(kind) == base


@pytest.mark.parametrize(
    "kind",
    [*sorted(NEVER_FIRST), "station-fraud", "vehicle-tamper", "door.opened", "x_cheat"],
)
def test_suspects_are_never_warned_first(kind: str) -> None:
    assert not may_go_first(kind)
    assert policy_of(kind).confidential
    assert not policy_of(kind).enterprise_first


def test_ordinary_kinds_may_be() -> None:
    assert may_go_first("exceedance")
    assert may_go_first("offline")
    assert not policy_of("exceedance").confidential


def test_no_built_in_policy_contradicts_itself() -> None:
    for kind, policy in KINDS.items():
        if policy.enterprise_first:
            assert may_go_first(kind), kind


def test_who_hears_of_what_and_what_asks_for_a_verdict() -> None:
    """The whole table: to widen it is a decision, not a slip."""
    assert {kind for kind, policy in KINDS.items() if policy.confidential} == {
        "anomaly", "constant", "door", "fraud", "hugging", "inspection", "integrity",
        "jump", "parameter", "station", "stopped-running",
    }  # fmt: skip
    assert {kind for kind, policy in KINDS.items() if policy.enterprise_first} == {
        "clock", "exceed", "exceedance", "late-mark", "missing", "offline",
        "transmission", "water-exceedance",
    }  # fmt: skip
    assert {kind for kind, policy in KINDS.items() if not policy.verdict} == {
        "camera", "canary", "case", "clock", "missing", "objection", "offline",
        "process", "report", "station-offline", "transmission",
    }  # fmt: skip
    assert {kind for kind, policy in KINDS.items() if policy.momentary} == {
        "capture", "inspection", "report", "road", "smoke", "watch",
    }  # fmt: skip


def test_an_unknown_kind_waits_for_a_verdict_and_is_open_to_the_enterprise() -> None:
    policy = policy_of("new-thing")
    assert (policy.verdict, policy.momentary) == (True, False)
    assert (policy.confidential, policy.enterprise_first) == (False, False)
    assert policy.reopen == timedelta(minutes=30)
    assert policy.mute == timedelta(hours=24)


def test_suspicion_overrides_what_an_open_kind_allows() -> None:
    policy = policy_of("exceedance-tamper")
    assert (policy.label, policy.confidential, policy.enterprise_first) == (
        "超标预警",
        True,
        False,
    )
    assert not may_go_first("new-thing.forged")
    assert may_go_first("new-thing")
