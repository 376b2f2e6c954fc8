"""What decides whether an alert is new and in which state it begins, in one question."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

SURROUNDINGS = """
SELECT
  ARRAY(SELECT key FROM alerts_alert WHERE open_key = ANY(%(keys)s)),
  ARRAY(SELECT key FROM alerts_alert WHERE open_key = ANY(%(parents)s)
        AND returned_at IS NULL AND state <> 'closed'),
  ARRAY(SELECT subject_key || E'\\n' || kind FROM alerts_servicebreak
        WHERE subject_key = ANY(%(subjects)s)
        AND starts_at <= %(now)s AND ends_at > %(now)s),
  ARRAY(SELECT DISTINCT parent_key FROM alerts_alert
        WHERE parent_key = ANY(%(keys)s) AND parent_key <> '' AND state <> 'closed')
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides about a batch of signals.

    ``known`` are keys that have a row, ``active`` parent keys whose alert is active,
    ``breaks`` declared ones as (subject, kind or empty), ``parents`` keys that already
    have open children.
    """

    known: frozenset[str]
    active: frozenset[str]
    breaks: frozenset[tuple[str, str]]
    parents: frozenset[str]


def surroundings(
    *,
    parents: Collection[str],
    subjects: Collection[str],
    keys: Collection[str],
    now: datetime,
) -> Surroundings:
    """Ask in one go what decides about signals; cheaper than reading a row."""
    arguments: dict[str, list[str] | datetime] = {
        "parents": sorted(parents),
        "subjects": sorted(subjects),
        "keys": sorted(keys),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(SURROUNDINGS, arguments)
        known, active, breaks, children = cursor.fetchone()
    pairs = frozenset(
        (subject, kind) for subject, _, kind in (b.partition("\n") for b in breaks)
    )
    return Surroundings(frozenset(known), frozenset(active), pairs, frozenset(children))
