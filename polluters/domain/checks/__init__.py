"""Anomaly checks over the series of a logger: one file a check, a catalogue as data.

``collect`` turns HJ 212 frames into a ``Station``; ``run_checks`` gives its findings.
A warning never rests on invalid data: values that carry a flag other than N, and the
transients around stops and flagged spans, are left out of every statistic.
"""

from polluters.domain.checks.catalogue import CATALOGUE, Check, Severity
from polluters.domain.checks.engine import run_checks
from polluters.domain.checks.finding import Finding, Hit
from polluters.domain.checks.series import (
    Event,
    FrameTimes,
    PointLimit,
    Repeat,
    Series,
    Station,
)
from polluters.domain.checks.thresholds import DEFAULT, Thresholds

__all__ = [
    "CATALOGUE",
    "DEFAULT",
    "Check",
    "Event",
    "Finding",
    "FrameTimes",
    "Hit",
    "PointLimit",
    "Repeat",
    "Series",
    "Severity",
    "Station",
    "Thresholds",
    "run_checks",
]
