"""突变 and 多因子同时突变: the level changes from one value to the next."""

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit, factor_name, number
from polluters.domain.checks.jumps import Jump, end_of, find_jumps
from polluters.domain.checks.series import FLOW, OXYGEN, is_pollutant

STILL_S = 120
NOTHING = 0.05
JOINT_SUM = 14.0


def find(context: Context) -> list[Hit]:
    """Return steps of single factors and those that several factors share.

    A step that the flow shares is a change of load; one that ends in the oxygen of air
    is a stop or a start. Both are left alone.
    """
    jumps = _all_jumps(context)
    joint, used = _joint(context, jumps)
    single = []
    for code, own in jumps.items():
        if is_pollutant(code) or code in FLOW or code == OXYGEN:
            single += _single(context, code, own, jumps, used)
    return [*joint, *not_habitual(single, context)]


def _all_jumps(context: Context) -> dict[str, list[Jump]]:
    rules = context.rules
    return {
        series.code: find_jumps(
            context.profile(series),
            bar=rules.joint_score,
            ratio=rules.step_ratio,
            hold_s=rules.step_hold_s,
        )
        for series in context.station.main.values()
    }


def _together(context: Context, code: str, time: int, other: str, when: int) -> bool:
    """Return whether two steps happen at one time, as exactly as both factors can say."""
    one = context.profile(context.station.main[code]).row_interval
    two = context.profile(context.station.main[other]).row_interval
    return abs(time - when) <= max(
        min(2 * max(one, two), max(one, two) + STILL_S), STILL_S
    )


def _shared(
    context: Context, code: str, jump: Jump, jumps: dict[str, list[Jump]]
) -> dict[str, Jump]:
    """Return the jumps of other factors at the same time."""
    found: dict[str, Jump] = {}
    for other, others in jumps.items():
        if other == code:
            continue
        for candidate in others:
            if _together(context, code, jump.time, other, candidate.time):
                found[other] = candidate
                break
    return found


def _is_load(code: str, jump: Jump, shared: dict[str, Jump]) -> bool:
    """Return whether flow or oxygen explain a step."""
    if OXYGEN in shared and max(shared[OXYGEN].before, shared[OXYGEN].after) > 18:
        return True
    if code in FLOW:
        return any(other in FLOW or not is_pollutant(other) for other in shared)
    return any(
        other in FLOW and abs(shared[other].size) > 0.3 * abs(jump.size)
        for other in shared
    )


def _single(
    context: Context,
    code: str,
    own: list[Jump],
    jumps: dict[str, list[Jump]],
    used: set[tuple[str, int]],
) -> list[Hit]:
    profile = context.profile(context.station.main[code])
    hits: list[Hit] = []
    until = 0
    for index, jump in enumerate(own):
        weak = jump.score < context.rules.step_score
        if weak or jump.time < until or (code, jump.time) in used:
            continue
        if _is_load(code, jump, _shared(context, code, jump, jumps)):
            continue
        if code in FLOW and min(jump.before, jump.after) < NOTHING * profile.median:
            continue
        until = end_of(profile, jump, own[index + 1 :])
        data: dict[str, object] = {
            "before": jump.before,
            "after": jump.after,
            "score": jump.score,
        }
        hits.append(Hit(code, "step", jump.time, until, jump.score, data))
        until += 1
    return hits


def _joint(
    context: Context, jumps: dict[str, list[Jump]]
) -> tuple[list[Hit], set[tuple[str, int]]]:
    """Return steps of several concentrations at once that the flow does not explain."""
    hits: list[Hit] = []
    used: set[tuple[str, int]] = set()
    for code, own in jumps.items():
        if not is_pollutant(code):
            continue
        for index, jump in enumerate(own):
            if (code, jump.time) in used:
                continue
            shared = _shared(context, code, jump, jumps)
            others = {c: j for c, j in shared.items() if is_pollutant(c)}
            if len(others) + 1 < context.rules.joint_factors:
                continue
            if _is_load(code, jump, shared):
                continue
            group = {code: jump, **others}
            if sum(j.score for j in group.values()) < JOINT_SUM:
                continue
            profile = context.profile(context.station.main[code])
            end = end_of(profile, jump, own[index + 1 :])
            used |= {(c, j.time) for c, j in group.items()}
            used |= {
                (c, j.time)
                for c in group
                for j in jumps[c]
                if abs(j.time - end) <= 2 * profile.row_interval + STILL_S
            }
            hits.append(_joint_hit(group, jump.time, end))
    return hits, used


def _joint_hit(group: dict[str, Jump], begin: int, end: int) -> Hit:
    changes = "；".join(
        f"{factor_name(c)} {number(j.before)}→{number(j.after)}"
        for c, j in group.items()
    )
    return Hit(
        "",
        "joint_step",
        begin,
        end,
        sum(j.score for j in group.values()) / len(group),
        {
            "factors": "、".join(factor_name(c) for c in group),
            "changes": changes,
            "codes": list(group),
        },
    )
