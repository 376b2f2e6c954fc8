"""Failures of stations, lines and inspectors over a year against like vehicles.

One grouped read over an index gives the tallies; ``domain.fraud.pass_rates`` compares.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from vehicles.domain.fraud.pass_rates import (
    FIRST,
    FOLLOW_UP,
    INSPECTOR,
    LINE,
    RETEST,
    STATION,
    Rate,
    RateParams,
    Tally,
    expected_failures,
    rate_of,
)

KEPT_S = 600
KEY = "vehicles:rates:2"
PERIOD = timedelta(days=365)
COUNTS = """
SELECT station_id, line_id, inspector, "group", attempt > 1,
       count(*), count(*) FILTER (WHERE outcome = 'fail')
FROM vehicles_inspection
WHERE state = 'done' AND started_at >= %s AND started_at < %s
  AND outcome IN ('pass', 'fail') AND method <> 'none'
GROUP BY 1, 2, 3, 4, 5
"""
FOLLOWED = """
SELECT station_id, line_id, inspector, next_group,
       count(*), count(*) FILTER (WHERE next_outcome = 'fail')
FROM (
  SELECT station_id, line_id, inspector, outcome, started_at,
         lead(started_at) OVER w AS next_at, lead(outcome) OVER w AS next_outcome,
         lead("group") OVER w AS next_group
  FROM vehicles_inspection
  WHERE state = 'done' AND attempt = 1 AND started_at >= %s AND started_at < %s
    AND outcome IN ('pass', 'fail') AND method <> 'none'
  WINDOW w AS (PARTITION BY vehicle_id ORDER BY started_at)
) pairs
WHERE outcome = 'pass' AND next_at >= started_at + %s
GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class SubjectRate:
    """A subject (station, line or inspector), what was measured, and the comparison."""

    kind: str
    station: int
    key: str
    measure: str
    rate: Rate


def _rows(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _subjects(station: int, line: int, person: str) -> Iterable[tuple[str, int, str]]:
    yield STATION, station, str(station)
    yield LINE, station, str(line)
    if person:
        yield INSPECTOR, station, person


def _tallies(
    now: datetime, params: RateParams
) -> tuple[dict[str, Tally], dict[tuple[str, int, str, str], Tally]]:
    everyone: dict[str, Tally] = defaultdict(Tally)
    subjects: dict[tuple[str, int, str, str], Tally] = defaultdict(Tally)
    since = now - PERIOD
    counted = [
        (RETEST if again else FIRST, station, line, person, group, tests, failed)
        for station, line, person, group, again, tests, failed in _rows(
            COUNTS, [since, now]
        )
    ]
    wait = timedelta(days=params.follow_days)
    counted += [(FOLLOW_UP, *row) for row in _rows(FOLLOWED, [since, now, wait])]
    for measure, station, line, person, group, tests, failed in counted:
        everyone[measure].tests[group] += tests
        everyone[measure].failed[group] += failed
        for kind, where, key in _subjects(station, line, person):
            tally = subjects[kind, where, key, measure]
            tally.tests[group] += tests
            tally.failed[group] += failed
    return everyone, subjects


def year_rates(
    now: datetime, params: RateParams, *, fresh: bool = False
) -> list[SubjectRate]:
    """Return the rates of every subject over the last year; kept for ten minutes."""
    held = None if fresh else cache.get(KEY)
    if held is not None:
        found: list[SubjectRate] = held
        return found
    everyone, subjects = _tallies(now, params)
    rates = [
        SubjectRate(
            kind,
            station,
            key,
            measure,
            rate_of(
                sum(mine.tests.values()),
                sum(mine.failed.values()),
                expected_failures(mine, everyone[measure]),
                least=params.least,
                expected_least=params.expected_least,
            ),
        )
        for (kind, station, key, measure), mine in subjects.items()
    ]
    cache.set(KEY, rates, KEPT_S)
    return rates


def suspect(measure: str, rate: Rate, params: RateParams) -> bool:
    """Return whether a rate is beyond what chance and like vehicles explain."""
    if not rate.enough:
        return False
    if measure == FOLLOW_UP:
        return rate.ratio >= params.follow_ratio and rate.p_many < params.p
    return rate.ratio <= params.ratio and rate.p_few < params.p
