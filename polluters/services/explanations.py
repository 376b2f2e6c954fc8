"""Ask an enterprise, take what it says with proof, and reply: nothing said is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from bozhou_eco.accounts.models import FACT_ROLES, Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import calendar, clock
from bozhou_eco.common.sniff import Kind, SniffError, kind_of
from bozhou_eco.evidence.services import seal_bytes
from polluters.domain.matters import TOLD
from polluters.models import (
    Exceedance,
    Explanation,
    ExplanationEntry,
    Finding,
    Mark,
    Outlet,
    PortalFile,
)
from polluters.selectors import rulebook

MB = 1 << 20
State, Entry = Explanation.State, ExplanationEntry.Kind
VERDICTS = {
    "accept": (Entry.ACCEPT, State.ACCEPTED),
    "reject": (Entry.REJECT, State.REJECTED),
    "return": (Entry.RETURN, State.RETURNED),
}


class RefusedError(Exception):
    """An act that may not be done; ``field`` names the form field."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class About:
    """What is explained: an outlet, and perhaps one thing found there."""

    outlet: Outlet
    finding: Finding | None = None
    exceedance: Exceedance | None = None

    @property
    def subject(self) -> str:
        """What both sides may read of it."""
        over, found = self.exceedance, self.finding
        if over is not None:
            factor = over.point.pollutant.short or over.point.pollutant.name
            return f"{factor} {_moment(over.time)} {over.get_state_display()}"
        if found is not None:
            span = f"{_moment(found.begin)} 至 {_moment(found.end)}"
            told = found.check_code in TOLD
            return f"{found.check_name} {span}" if told else f"监测数据 {span}"
        return f"{self.outlet.code} 情况说明"


def _moment(value: datetime) -> str:
    return f"{clock.beijing(value):%m-%d %H:%M}"


def default_deadline(now: datetime) -> datetime:
    """Return the end of the last working day that an enterprise has to answer."""
    days = int(rulebook.number("explanation_days"))
    today = clock.beijing(now).date()
    try:
        last = calendar.national().add_working_days(today, days)
    except calendar.UnknownYearError:
        last = calendar.add_natural_days(today, days)
    return datetime.combine(last, time(18), tzinfo=clock.BEIJING)


@transaction.atomic
def ask(
    *, about: About, text: str, deadline: datetime | None, actor: User, now: datetime
) -> Explanation:
    """Ask the enterprise for an explanation by a deadline."""
    if not actor.has_role(Role.OFFICER):
        raise RefusedError("只有执法人员可以要求企业说明")
    due = deadline or default_deadline(now)
    if due <= now:
        raise RefusedError("说明时限须晚于现在", "deadline")
    _no_twin(about)
    row: Explanation = Explanation.objects.create(
        outlet=about.outlet, finding=about.finding, exceedance=about.exceedance,
        subject=about.subject, state=State.ASKED, asked_by=actor, opened_at=now,
        deadline=due,
    )  # fmt: skip
    _say(row, Entry.QUESTION, text, (), actor, now)
    return row


@transaction.atomic
def give(
    *, about: About, text: str, files: Sequence[Upload], actor: User, now: datetime
) -> Explanation:
    """Take an explanation that the enterprise gives of its own accord."""
    if not actor.has_role(Role.ENTERPRISE):
        raise RefusedError("说明由企业填写；执法人员请用“要求说明”")
    _no_twin(about)
    row: Explanation = Explanation.objects.create(
        outlet=about.outlet, finding=about.finding, exceedance=about.exceedance,
        subject=about.subject, state=State.GIVEN, opened_at=now, answered_at=now,
    )  # fmt: skip
    _say(row, Entry.ANSWER, text, files, actor, now)
    return row


def _no_twin(about: About) -> None:
    Outlet.objects.select_for_update(of=("self",)).get(pk=about.outlet.pk)
    if about.finding is None and about.exceedance is None:
        return
    open_ = Explanation.objects.filter(
        outlet=about.outlet, finding=about.finding, exceedance=about.exceedance
    ).exclude(state__in=Explanation.CLOSED)
    if open_.exists():
        raise RefusedError("此事项已有未办结的说明，请在原说明中继续")


@transaction.atomic
def answer(
    *,
    explanation: Explanation,
    text: str,
    files: Sequence[Upload],
    actor: User,
    now: datetime,
) -> Explanation:
    """Take the enterprise's answer, or more of it while nobody has decided."""
    row = _locked(explanation)
    if not actor.has_role(Role.ENTERPRISE):
        raise RefusedError("说明由企业填写")
    if row.closed:
        raise RefusedError("此说明已办结，如有新情况请另行提交")
    if row.waits and row.deadline is not None and now > row.deadline:
        row.late = True
    row.state, row.answered_at = State.GIVEN, now
    row.save(update_fields=["state", "answered_at", "late"])
    _say(row, Entry.ANSWER, text, files, actor, now)
    return row


@transaction.atomic
def decide(
    *,
    explanation: Explanation,
    verdict: str,
    text: str,
    files: Sequence[Upload] = (),
    actor: User,
    now: datetime,
) -> Explanation:
    """Reply: take it as it is, refuse it, or send it back with a new deadline."""
    row = _locked(explanation)
    if not actor.has_role(Role.OFFICER):
        raise RefusedError("说明由执法人员审阅")
    if verdict not in VERDICTS:
        raise RefusedError("请选择审阅结论", "verdict")
    if row.state != State.GIVEN:
        word = row.get_state_display()
        raise RefusedError(f"此说明现为“{word}”，企业提交后方可审阅")
    kind, state = VERDICTS[verdict]
    row.state, row.decided_by, row.decided_at = state, actor, now
    if row.waits:
        row.deadline = default_deadline(now)
    row.save(update_fields=["state", "decided_by", "decided_at", "deadline"])
    _say(row, kind, text, files, actor, now)
    return row


@transaction.atomic
def prove_mark(
    *, mark: Mark, files: Sequence[Upload], actor: User, now: datetime
) -> list[PortalFile]:
    """Add files to a mark that was made here."""
    if not actor.has_role(Role.OFFICER, Role.ENTERPRISE):
        raise RefusedError("当前角色不能提交附件")
    row: Mark = Mark.objects.select_for_update(of=("self",)).get(pk=mark.pk)
    if row.origin not in (Mark.Origin.ENTERPRISE, Mark.Origin.OFFICER):
        raise RefusedError("国家平台和数采仪的标记不能在此附加文件")
    if row.origin == Mark.Origin.OFFICER and not actor.has_role(*FACT_ROLES):
        raise RefusedError("执法人员登记的标记由执法人员附加文件")
    if row.withdrawn_at is not None:
        raise RefusedError("该标记已撤销")
    if not files:
        raise RefusedError("请选择文件", "proof")
    return _seal(row.outlet, files, actor, now, mark=row)


def _locked(explanation: Explanation) -> Explanation:
    found: Explanation = Explanation.objects.select_for_update(of=("self",)).get(
        pk=explanation.pk
    )
    return found


def _say(
    row: Explanation,
    kind: str,
    text: str,
    files: Sequence[Upload],
    actor: User,
    now: datetime,
) -> None:
    if not text.strip():
        raise RefusedError("请填写内容", "text")
    entry = ExplanationEntry.objects.create(
        explanation=row, kind=kind, text=text.strip()[:4000], author=actor, at=now
    )
    kept = _seal(row.outlet, files, actor, now, entry=entry) if files else []
    audit.record(
        actor=actor,
        act=f"polluters.explanation_{kind}",
        subject=f"explanation:{row.pk}",
        detail={
            "outlet": row.outlet.subject_key, "entry": entry.pk, "state": row.state,
            "files": [file.sealed.sha256 for file in kept],
        },
        now=now,
    )  # fmt: skip


def _seal(
    outlet: Outlet,
    files: Sequence[Upload],
    actor: User,
    now: datetime,
    *,
    entry: ExplanationEntry | None = None,
    mark: Mark | None = None,
) -> list[PortalFile]:
    kinds = checked(files)
    owner = f"explanation:{entry.explanation_id}" if entry else ""
    owner = owner or f"mark:{mark.pk if mark else 0}"
    rows = []
    for file, kind in zip(files, kinds, strict=True):
        sealed = seal_bytes(
            content=file.content, name=file.name, media_type=kind.media_type,
            chain=f"portal:{outlet.subject_key}", actor=actor, now=now,
            meta={"of": owner},
        )  # fmt: skip
        rows.append(
            PortalFile.objects.create(
                outlet=outlet,
                entry=entry,
                mark=mark,
                sealed=sealed,
                added_by=actor,
                added_at=now,
            )  # fmt: skip
        )
    return rows


def checked(files: Sequence[Upload]) -> list[Kind]:
    """Return what each file is; raises with the field, the file and what to do."""
    most, limit = rulebook.number("portal_files"), rulebook.number("portal_file_mb")
    if len(files) > most:
        raise RefusedError(f"一次最多 {most:g} 个附件，请分次提交", "proof")
    kinds = []
    for file in files:
        if not file.content:
            raise RefusedError(f"“{file.name[:60]}”是空文件", "proof")
        if len(file.content) > limit * MB:
            raise RefusedError(
                f"“{file.name[:60]}”有 {len(file.content) / MB:.1f} MB，超过单个上限"
                f" {limit:g} MB，请压缩或分段后提交", "proof",
            )  # fmt: skip
        try:
            kinds.append(kind_of(file.content, file.name))
        except SniffError as error:
            raise RefusedError(str(error), "proof") from error
    return kinds
