"""What decides the first state of new alerts, asked in few and cheap questions."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

SURROUNDINGS = """
SELECT
  ARRAY(SELECT key FROM alerts_alert WHERE open_key = ANY(%(parents)s)
        AND returned_at IS NULL AND state <> 'closed'),
  ARRAY(SELECT subject_key || E'\\n' || kind FROM alerts_servicebreak
        WHERE subject_key = ANY(%(subjects)s)
        AND starts_at <= %(now)s AND ends_at > %(now)s),
  ARRAY(SELECT DISTINCT parent_key FROM alerts_alert
        WHERE parent_key = ANY(%(keys)s) AND parent_key <> '' AND state <> 'closed')
"""


def known_keys(keys: Sequence[str]) -> bool:
    """Return whether any of ``keys`` has a row; cheaper than reading one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM alerts_alert WHERE open_key = ANY(%s))",
            [list(keys)],
        )
        return bool(cursor.fetchone()[0])


def surroundings(
    *,
    parents: Collection[str],
    subjects: Collection[str],
    keys: Collection[str],
    now: datetime,
) -> tuple[set[str], set[tuple[str, str]], set[str]]:
    """Ask in one go what decides the first state of new alerts.

    Returns the parent keys whose alert is active, the declared breaks as (subject, kind
    or empty), and the keys that already have children.
    """
    arguments: dict[str, list[str] | datetime] = {
        "parents": sorted(parents),
        "subjects": sorted(subjects),
        "keys": sorted(keys),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(SURROUNDINGS, arguments)
        active, breaks, children = cursor.fetchone()
    pairs = {
        (subject, kind) for subject, _, kind in (b.partition("\n") for b in breaks)
    }
    return set(active), pairs, set(children)
