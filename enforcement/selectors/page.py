"""What the page of a case shows."""

import difflib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.acts import action_name
from enforcement.domain.deadlines import (
    ClockState,
    Pause,
    Standing,
    Unit,
    standing,
)
from enforcement.domain.documents import FORMS, DocumentKind, Form
from enforcement.domain.money import yuan
from enforcement.domain.workflow import (
    ENDS,
    Duty,
    Facts,
    Move,
    Obstacle,
    ObstacleKind,
    Stage,
    State,
    moves_from,
    obstacles,
    stage_of,
)
from enforcement.models import Case, CaseStep, Clock, Document
from enforcement.selectors.clocks import clock_rule
from enforcement.selectors.settings import office_calendar

CLOCK_TAGS = {
    ClockState.RUNNING: "",
    ClockState.NEAR: "major",
    ClockState.OVERDUE: "crit",
    ClockState.PAUSED: "",
    ClockState.MET: "ok",
    ClockState.LATE: "crit",
    ClockState.UNKNOWN: "minor",
    ClockState.CANCELLED: "",
}


@dataclass(frozen=True, slots=True)
class StageView:
    """One of the six places of the stepper."""

    place: int
    label: str
    status: str
    when: datetime | None
    remark: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock and how it stands."""

    clock: Clock
    name: str
    unit: str
    standing: Standing
    tag: str
    basis: str
    confirmed: bool

    @property
    def percent(self) -> int:
        """Share used, in whole per cent."""
        return round(self.standing.share * 100)

    @property
    def running(self) -> bool:
        """Whether the clock still presses."""
        return self.clock.stopped_on is None and not self.clock.cancelled


@dataclass(frozen=True, slots=True)
class MoveView:
    """A move that leaves the present state, and what stands against it."""

    move: Move
    obstacles: tuple[Obstacle, ...]
    allowed_role: bool

    @property
    def ready(self) -> bool:
        """Whether only the form is left to fill in."""
        return not self.obstacles and self.allowed_role

    @property
    def action(self) -> str:
        """Value of the action."""
        return self.move.action.value

    @property
    def label(self) -> str:
        """Name of the action."""
        return self.move.action.label


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as the activity list shows it."""

    step: CaseStep
    name: str
    mark: str
    comment: bool
    detail: str = ""


def stage_views(case: Case, now: datetime) -> list[StageView]:
    """Return the stepper: when each stage was entered and how long it took."""
    entered: dict[Stage, datetime] = {}
    left: dict[Stage, datetime] = {}
    before = Stage.ALERT
    for step in case.steps.exclude(to_state="").order_by("seq"):
        stage = stage_of(State(step.to_state), before)
        if stage is not before and stage not in entered:
            left[before] = step.at
        entered.setdefault(stage, step.at)
        before = stage
    current = Stage(case.stage)
    over = State(case.state) in ENDS
    views = []
    for stage in Stage:
        status = _status(stage, current, stage in entered, over)
        remark = _remark(stage, status, entered, left, now)
        views.append(
            StageView(stage.place, stage.label, status, entered.get(stage), remark)
        )
    return views


def _status(stage: Stage, current: Stage, entered: bool, over: bool) -> str:
    if stage is current:
        return "done" if over else "now"
    if stage.place < current.place:
        return "done" if entered else "skipped"
    return "todo"


def _remark(
    stage: Stage,
    status: str,
    entered: dict[Stage, datetime],
    left: dict[Stage, datetime],
    now: datetime,
) -> str:
    if status == "skipped":
        return "未经此环节"
    if status == "now":
        return "进行中"
    if stage in entered and stage in left:
        return "用时 " + _length(left[stage] - entered[stage])
    return ""


def _length(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} 分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} 小时 {minutes} 分"
    days, hours = divmod(hours, 24)
    return f"{days} 天 {hours} 小时"


def clock_views(case: Case, now: datetime) -> list[ClockView]:
    """Return the clocks of a case, running ones first, nearest first."""
    rows = case.clocks.select_related("rule").prefetch_related("pauses")
    views = [_clock_view(row, now) for row in rows if not row.cancelled]
    return sorted(
        views,
        key=lambda v: (not v.running, v.standing.last_day or date.max, v.clock.pk),
    )


def _clock_view(clock: Clock, now: datetime) -> ClockView:
    rule = clock_rule(clock)
    seen = standing(
        rule,
        clock.started_on,
        now,
        office_calendar(),
        pauses=[Pause(p.start, p.end, p.reason) for p in clock.pauses.all()],
        extra=clock.extra,
        stopped=clock.stopped_on,
    )
    if clock.fixed_day is not None and clock.last_day is not None:
        seen = _fixed(clock, clock.last_day, seen, beijing(now).date())
    return ClockView(
        clock,
        rule.name,
        "日" if clock.fixed_day else Unit(clock.unit).label,
        seen,
        CLOCK_TAGS[seen.state],
        rule.basis,
        rule.confirmed,
    )


def _fixed(clock: Clock, last: date, seen: Standing, today: date) -> Standing:
    day = clock.stopped_on or today
    total = max((last - clock.started_on).days, 1)
    used = (day - clock.started_on).days
    share = min(max(used / total, 0.0), 1.0)
    if clock.stopped_on:
        state = ClockState.MET if day <= last else ClockState.LATE
    elif day > last:
        state = ClockState.OVERDUE
    else:
        state = ClockState.NEAR if share >= 2 / 3 else ClockState.RUNNING
    return Standing(state, last, total, used, (last - day).days, share)


def move_views(case: Case, user: User, facts: Facts) -> list[MoveView]:
    """Return the moves from the present state as ``user`` could make them now.

    What the form itself will ask for is left out of the obstacles.
    """
    views = []
    for move in moves_from(State(case.state)):
        found = tuple(
            obstacle
            for obstacle in obstacles(move, facts)
            if obstacle.kind not in (ObstacleKind.FIELD, ObstacleKind.ROLE)
            and not (obstacle.kind is ObstacleKind.CONDITION and move.fields)
        )
        allowed = user.has_role(*move.roles)
        views.append(MoveView(move, found, allowed))
    return sorted(views, key=lambda view: not view.allowed_role)


@dataclass(frozen=True, slots=True)
class PaperView:
    """A row of the document card."""

    kind: DocumentKind
    form: Form
    document: Document | None
    remark: str
    needed: bool


STAGE_PAPERS: dict[Stage, tuple[DocumentKind, ...]] = {
    Stage.CHECK: (DocumentKind.CHECK_REPORT, DocumentKind.HANDOVER_LETTER),
    Stage.HANDOVER: (DocumentKind.HANDOVER_LETTER,),
    Stage.VISIT: (DocumentKind.SITE_RECORD, DocumentKind.INQUIRY_RECORD),
}


def paper_views(case: Case) -> list[PaperView]:
    """Return the case's documents, then those that its next moves need."""
    rows = list(case.documents.defer("context").select_related("author").order_by("id"))
    views = [
        PaperView(
            DocumentKind(row.kind),
            FORMS[DocumentKind(row.kind)],
            row,
            _paper_remark(row),
            needed=False,
        )
        for row in rows
    ]
    present = {row.kind for row in rows if row.state != Document.State.VOID}
    needed = [
        kind
        for move in moves_from(State(case.state))
        for kind in move.documents
        if kind not in present
    ]
    needed += [k for k in STAGE_PAPERS.get(Stage(case.stage), ()) if k not in present]
    for kind in dict.fromkeys(needed):
        views.append(PaperView(kind, FORMS[kind], None, "", needed=True))
    return views


def _paper_remark(row: Document) -> str:
    if row.state == Document.State.DRAFT:
        return f"{row.author.name} 起草"
    if row.state == Document.State.VOID:
        return row.void_reason
    parts = [row.number] if row.number else []
    if row.version > 1:
        parts.append(f"第 {row.version} 版")
    if row.served_on:
        parts.append(f"{row.served_on} 送达")
    return " · ".join(parts) or f"{row.author.name} 制作"


def step_views(case: Case, limit: int | None = None) -> list[StepView]:
    """Return the activity, latest first."""
    rows = case.steps.select_related("actor").order_by("-seq")
    views = []
    for step in rows[:limit] if limit else rows:
        moved = step.from_state != step.to_state
        mark = "crit" if step.action == "open" else "acc" if moved else ""
        views.append(
            StepView(
                step,
                action_name(step.action),
                mark,
                step.action == "comment",
                _step_detail(step),
            )
        )
    return views


def _step_detail(step: CaseStep) -> str:
    data = step.data
    if "document" in data and data.get("kind") in set(DocumentKind):
        name = DocumentKind(data["kind"]).label
        return f"《{name}》{data.get('number', '')}"
    if step.action == "add_file":
        return str(data.get("name", ""))
    if data.get("amount"):
        return f"{yuan(Decimal(str(data['amount'])))} 元"
    return ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text in a comparison: kept, inserted or deleted."""

    kind: str
    text: str


_WORDS = re.compile(r"[A-Za-z0-9.%]+|\s+|.", re.DOTALL)


def word_diff(old: str, new: str) -> list[Piece]:
    """Return how ``old`` became ``new``, word by word (one Hanzi is a word)."""
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    for op, i1, i2, j1, j2 in difflib.SequenceMatcher(
        None, a, b, autojunk=False
    ).get_opcodes():
        if op == "equal":
            pieces.append(Piece("same", "".join(a[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("del", "".join(a[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("ins", "".join(b[j1:j2])))
    return pieces


def summary_pieces(case: Case) -> list[Piece]:
    """Return the facts with the last edit marked; unmarked when there was none."""
    texts = list(case.revisions.order_by("-id").values_list("text", flat=True)[:2])
    if len(texts) < 2:
        return [Piece("same", case.summary)]
    return word_diff(texts[1], texts[0])


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody on the case and what they do."""

    user: User
    words: str


def people_views(case: Case) -> list[PersonView]:
    """Return the people on the case, the lead first, each with their functions."""
    rows = case.people.select_related("user__organisation").order_by("-lead", "id")
    words: dict[int, list[str]] = {}
    users: dict[int, User] = {}
    for row in rows:
        users[row.user_id] = row.user
        label = Duty(row.duty).label
        words.setdefault(row.user_id, []).append("主办" if row.lead else label)
    return [
        PersonView(
            user,
            " · ".join(
                part
                for part in (
                    user.organisation.name if user.organisation else "",
                    "、".join(dict.fromkeys(words[pk])),
                    "持证" if user.card_number else "",
                )
                if part
            ),
        )
        for pk, user in users.items()
    ]
