"""All checks over one logger, without what one finding already explains of another."""

from collections.abc import Callable, Mapping, Sequence

from polluters.domain.checks import (
    calibration,
    changed,
    clock,
    constant,
    converted,
    declared_stop,
    flag_abuse,
    flat_top,
    flow_zero,
    mean_mismatch,
    missing,
    negative,
    o2_high,
    over_range,
    periodic,
    stale,
    station_events,
    step,
    too_smooth,
    water_logic,
    zero,
)
from polluters.domain.checks.catalogue import CATALOGUE, Check
from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Finding, Hit, make_finding, merge
from polluters.domain.checks.numeric import overlap
from polluters.domain.checks.series import Station
from polluters.domain.checks.thresholds import DEFAULT, Thresholds

CHECKS: tuple[Callable[[Context], list[Hit]], ...] = (
    calibration.find,
    changed.find,
    clock.find,
    constant.find,
    converted.find,
    declared_stop.find,
    flag_abuse.find,
    flat_top.find,
    flow_zero.find,
    mean_mismatch.find,
    missing.find,
    negative.find,
    o2_high.find,
    over_range.find,
    periodic.find,
    stale.find,
    station_events.find,
    step.find,
    too_smooth.find,
    water_logic.find,
    zero.find,
)
# A finding makes those of the listed checks on the same factor and time superfluous.
EXPLAINS: dict[str, frozenset[str]] = {
    "constant": frozenset(("too_smooth", "flat_top", "periodic", "step", "mean_mismatch")),
    "zero": frozenset(("constant", "too_smooth", "flat_top", "periodic", "step")),
    "flow_zero": frozenset(("constant", "too_smooth", "periodic", "step", "zero")),
    "negative": frozenset(("constant", "step", "flat_top", "zero", "too_smooth")),
    "over_range": frozenset(("constant", "step", "flat_top", "too_smooth")),
    "stale": frozenset(("constant", "too_smooth")),
    "flat_top": frozenset(("too_smooth", "step")),
    "too_smooth": frozenset(("step",)),
    "periodic": frozenset(("too_smooth", "step")),
    "o2_high": frozenset(("step",)),
    "tn_below_nh3n": frozenset(("step",)),
    "cod_below_bod": frozenset(("step",)),
}  # fmt: skip
# These speak of the whole station: steps of any factor inside them are their shadow.
STATION_WIDE = frozenset(("joint_step", "declared_stop_running", "clock_skew"))
PARTNERS = {
    "tn_below_nh3n": ("w21001", "w21003"),
    "cod_below_bod": ("w01018", "w01017"),
}
EDGE_S = 3600
MERGE_GAP_S = 3 * 3600


def run_checks(
    station: Station,
    rules: Thresholds = DEFAULT,
    checks: Mapping[str, Check] = CATALOGUE,
) -> list[Finding]:
    """Return the findings of one logger, by factor, check and time.

    ``checks`` are the catalogue as an installation words and ranks it.
    """
    context = Context(station, rules)
    hits: list[Hit] = []
    for find in CHECKS:
        hits += find(context)
    kept = without_shadows(merge(hits, gap=MERGE_GAP_S))
    findings = [
        make_finding(station.mn, station.medium, hit, _unit(station, hit), checks)
        for hit in kept
    ]
    return sorted(findings, key=lambda f: (f.begin, f.check, f.code, f.end))


def _unit(station: Station, hit: Hit) -> str:
    series = station.main.get(hit.code)
    return series.unit if series is not None else ""


def without_shadows(hits: Sequence[Hit]) -> list[Hit]:
    """Return hits without those that another one on the same time explains."""
    return [
        hit for hit in hits if not any(_explains(o, hit) for o in hits if o is not hit)
    ]


def _explains(one: Hit, hit: Hit) -> bool:
    span = (one.begin - EDGE_S, one.end + EDGE_S)
    common = overlap(span, (hit.begin, hit.end))
    if not common:
        return False
    if one.check in STATION_WIDE:
        return hit.check == "step"
    codes = PARTNERS.get(one.check, (one.code,))
    if hit.check not in EXPLAINS.get(one.check, frozenset()) or hit.code not in codes:
        return False
    at_edge = min(abs(hit.begin - one.begin), abs(hit.begin - one.end)) <= EDGE_S
    return at_edge or 2 * common >= hit.end - hit.begin
