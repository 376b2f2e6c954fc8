"""What a guard may look at, and how a refusal is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from enforcement.domain.documents import DocumentKind
from enforcement.domain.labels import Labelled
from enforcement.domain.workflow.actions import Duty

BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Facts:
    """The case as it stands when somebody wants to act.

    ``given`` holds what the actor states with the action (dates as ``date``, money as
    ``Decimal``). ``documents`` are those issued in the present round and not voided.
    ``noticed`` is the fine that the prior notice announced. ``duties`` says who has already taken part in which function. Periods are given by
    their last lawful day; None means that the period has not begun or stands still.
    ``open_obligations`` are what the party or the bureau still owes, in words.
    """

    now: datetime
    actor: int
    roles: frozenset[str]
    unit: int | None = None
    handling_unit: int | None = None
    is_case: bool = False
    entity: bool = True
    given: Mapping[str, object] = field(default_factory=dict)
    note: str = ""
    duties: Mapping[Duty, frozenset[int]] = field(default_factory=dict)
    documents: frozenset[DocumentKind] = frozenset()
    officers: int = 0
    visit_done: bool = False
    evidence: int = 0
    discovered_on: date | None = None
    act_ended_on: date | None = None
    limitation_years: int = 2
    cause: str = ""
    basis_chosen: bool = False
    lighter_open: bool = False
    penalty_range: tuple[Decimal, Decimal] | None = None
    proposed: Decimal | None = None
    reduction_basis: str = ""
    lenient_missing: tuple[str, ...] | None = None
    exempted: Decimal | None = None
    hearing_threshold: Decimal | None = None
    spot_limit: Decimal = Decimal(0)
    notice_served_on: date | None = None
    notice_last_day: date | None = None
    noticed: Decimal | None = None
    hearing_right: bool = False
    defence_open: bool = False
    hearing_first_day: date | None = None
    discussion_reason: str = ""
    discussed: bool = False
    decision: str = ""
    owed: Decimal = Decimal(0)
    payment_last_day: date | None = None
    urge_last_day: date | None = None
    court_first_day: date | None = None
    court_last_day: date | None = None
    corrected: bool = False
    open_obligations: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        """The day at ``now`` in Beijing time."""
        return self.now.astimezone(BEIJING).date()

    def given_date(self, name: str) -> date | None:
        """Return the date stated as ``name``."""
        value = self.given.get(name)
        return value if isinstance(value, date) else None

    def given_money(self, name: str) -> Decimal | None:
        """Return the amount stated as ``name``."""
        value = self.given.get(name)
        return value if isinstance(value, Decimal) else None

    def given_text(self, name: str) -> str:
        """Return the text stated as ``name``, stripped."""
        value = self.given.get(name)
        return value.strip() if isinstance(value, str) else ""

    def given_yes(self, name: str) -> bool:
        """Return whether ``name`` was answered with yes."""
        return self.given.get(name) is True


class ObstacleKind(Labelled):
    """Why a move is refused."""

    STATE = "state", "当前状态不允许"
    ROLE = "role", "角色不符"
    PERSON = "person", "人员应当回避或分离"
    FIELD = "field", "未填写"
    DOCUMENT = "document", "缺少文书"
    CONDITION = "condition", "条件不满足"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason against a move, in words an officer can act on."""

    kind: ObstacleKind
    text: str
    subject: str = ""


class Refused(Exception):  # noqa: N818 - the name the other apps catch
    """A move that may not be made; nothing has been changed.

    ``reason`` is the first obstacle, ``missing`` lists them all.
    """

    def __init__(self, reason: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing or (reason,)
