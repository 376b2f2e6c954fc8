"""The table State × Action → Move, and the check of one move against the facts."""

from enforcement.domain.workflow.actions import CONFLICTS, Action, Duty, Field
from enforcement.domain.workflow.actions import FieldKind as Kind
from enforcement.domain.workflow.facts import Facts, Obstacle, ObstacleKind, Refused
from enforcement.domain.workflow.moves import Move
from enforcement.domain.workflow.rows_after import AFTER_ROWS
from enforcement.domain.workflow.rows_case import CASE_ROWS
from enforcement.domain.workflow.rows_clue import CLUE_ROWS
from enforcement.domain.workflow.states import State


def _build() -> dict[tuple[State, Action], Move]:
    table: dict[tuple[State, Action], Move] = {}
    for states, move in (*CLUE_ROWS, *CASE_ROWS, *AFTER_ROWS):
        for state in states:
            if (state, move.action) in table:
                raise ValueError(f"{state} × {move.action} is defined twice")
            table[state, move.action] = move
    return table


TABLE: dict[tuple[State, Action], Move] = _build()
"""Every lawful move; a pair that is missing is refused."""


def moves_from(state: State) -> tuple[Move, ...]:
    """Return the moves that leave ``state``, in the order of the table."""
    return tuple(move for (start, _), move in TABLE.items() if start is state)


def find_move(state: State, action: Action) -> Move:
    """Return the move, or raise `Refused` naming what is possible instead."""
    move = TABLE.get((state, action))
    if move is None:
        possible = "、".join(m.action.label for m in moves_from(state)) or "无"
        raise Refused(f"“{state.label}”状态下不能{action.label}；可以：{possible}")
    return move


def obstacles(move: Move, facts: Facts) -> tuple[Obstacle, ...]:
    """Return everything that stands against ``move``; empty when it may be made."""
    return (
        *_role_obstacles(move, facts),
        *_person_obstacles(move.duty, facts),
        *_field_obstacles(move, facts),
        *_document_obstacles(move, facts),
        *(
            Obstacle(ObstacleKind.CONDITION, reason, guard.__name__)
            for guard in move.guards
            if (reason := guard(facts))
        ),
    )


def decide_move(state: State, action: Action, facts: Facts) -> Move:
    """Return the move that ``action`` makes from ``state``; raises `Refused`."""
    move = find_move(state, action)
    found = obstacles(move, facts)
    if found:
        raise Refused(found[0].text, tuple(obstacle.text for obstacle in found))
    return move


def target_of(move: Move, resume_to: State | None) -> State:
    """Return the state after ``move``; ``resume_to`` answers for 恢复."""
    if move.target is not None:
        return move.target
    if resume_to is None:
        raise Refused("没有可以恢复到的状态")
    return resume_to


def _role_obstacles(move: Move, facts: Facts) -> list[Obstacle]:
    if facts.roles & set(move.roles):
        return []
    names = "、".join(ROLE_NAMES[role] for role in move.roles)
    return [Obstacle(ObstacleKind.ROLE, f"{move.action.label}须由{names}办理")]


ROLE_NAMES = {
    "officer": "执法人员",
    "reviewer": "复核员",
    "legal": "法制审核人员",
    "leader": "负责人",
}


def person_conflict(duty: Duty, facts: Facts) -> Duty | None:
    """Return the function the actor already filled that excludes ``duty``."""
    for other, people in facts.duties.items():
        if facts.actor in people and frozenset((duty, other)) in CONFLICTS:
            return other
    return None


def _person_obstacles(duty: Duty, facts: Facts) -> list[Obstacle]:
    other = person_conflict(duty, facts)
    if other is None:
        return []
    text = f"本人已参与本案的{other.label}，不能再承担{duty.label}，请换人办理"
    return [Obstacle(ObstacleKind.PERSON, text)]


def _field_obstacles(move: Move, facts: Facts) -> list[Obstacle]:
    found = [
        Obstacle(ObstacleKind.FIELD, reason, field.name)
        for field in move.fields
        if (reason := _field_reason(field, facts))
    ]
    if move.note and not facts.note.strip():
        found.append(Obstacle(ObstacleKind.FIELD, "未填写办理意见", "note"))
    return found


def _field_reason(field: Field, facts: Facts) -> str:
    value = facts.given.get(field.name)
    if value is None or value == "":
        return f"未填写{field.label}" if field.required else ""
    if field.kind is Kind.CHOICE and value not in dict(field.options):
        return f"{field.label}不在可选范围内"
    if field.kind is Kind.DATE:
        return _date_reason(field, facts)
    if field.kind is Kind.MONEY:
        amount = facts.given_money(field.name)
        if amount is None or amount < 0:
            return f"{field.label}应为不小于 0 的金额"
    return ""


def _date_reason(field: Field, facts: Facts) -> str:
    day = facts.given_date(field.name)
    if day is None:
        return f"{field.label}不是日期"
    if field.past and day > facts.today:
        return f"{field.label}不能晚于今天"
    if not field.past and day < facts.today:
        return f"{field.label}不能早于今天"
    if field.past and facts.act_ended_on and day < facts.act_ended_on:
        return f"{field.label}早于违法行为终了日期 {facts.act_ended_on}"
    return ""


def _document_obstacles(move: Move, facts: Facts) -> list[Obstacle]:
    return [
        Obstacle(ObstacleKind.DOCUMENT, f"尚未制作《{kind.label}》", kind.value)
        for kind in move.documents
        if kind not in facts.documents
    ]
