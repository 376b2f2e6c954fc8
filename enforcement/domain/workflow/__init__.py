"""The life of a clue and of a case as one table."""

from enforcement.domain.workflow.actions import (
    CONFLICTS,
    Action,
    Duty,
    EndReason,
    Field,
    FieldKind,
)
from enforcement.domain.workflow.facts import Facts, Obstacle, ObstacleKind, Refused
from enforcement.domain.workflow.moves import (
    AUTHORITIES,
    LENIENT_GROUNDS,
    MODES,
    SERVICE_METHODS,
    Move,
)
from enforcement.domain.workflow.states import (
    AFTER_DECISION,
    BEFORE_FILING,
    ENDS,
    OPEN,
    UNDER_PROCEDURE,
    Stage,
    State,
    stage_of,
)
from enforcement.domain.workflow.table import (
    ROLE_NAMES,
    TABLE,
    decide_move,
    find_move,
    moves_from,
    obstacles,
    person_conflict,
    target_of,
)

__all__ = [
    "AFTER_DECISION",
    "AUTHORITIES",
    "BEFORE_FILING",
    "CONFLICTS",
    "ENDS",
    "LENIENT_GROUNDS",
    "MODES",
    "OPEN",
    "ROLE_NAMES",
    "SERVICE_METHODS",
    "TABLE",
    "UNDER_PROCEDURE",
    "Action",
    "Duty",
    "EndReason",
    "Facts",
    "Field",
    "FieldKind",
    "Move",
    "Obstacle",
    "ObstacleKind",
    "Refused",
    "Stage",
    "State",
    "decide_move",
    "find_move",
    "moves_from",
    "obstacles",
    "person_conflict",
    "stage_of",
    "target_of",
]
