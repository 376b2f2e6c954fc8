"""One cell of the table, and the fields that several moves share."""

from collections.abc import Callable
from dataclasses import dataclass

from enforcement.domain.documents import DocumentKind as Doc
from enforcement.domain.workflow.actions import Action, Duty, Field
from enforcement.domain.workflow.actions import FieldKind as Kind
from enforcement.domain.workflow.facts import Facts
from enforcement.domain.workflow.states import State

Guard = Callable[[Facts], str]
OFFICER, REVIEWER, LEGAL, LEADER = "officer", "reviewer", "legal", "leader"

AUTHORITIES = (
    ("traffic_police", "公安交管"),
    ("police", "公安机关"),
    ("transport", "交通运输"),
    ("market", "市场监管"),
    ("other_ecology", "其他生态环境部门"),
    ("other", "其他部门"),
)
SERVICE_METHODS = (
    ("direct", "直接送达"),
    ("mail", "邮寄送达"),
    ("electronic", "电子送达"),
    ("left", "留置送达"),
    ("public", "公告送达"),
)
LENIENT_GROUNDS = (
    ("minor", "轻微不罚（应当不予处罚）"),
    ("first", "首违不罚（可以不予处罚）"),
    ("no_fault", "无主观过错（不予处罚）"),
)
MODES = (("on_site", "现场核查"), ("off_site", "非现场认定"))


@dataclass(frozen=True, slots=True)
class Move:
    """One cell of the table.

    ``target`` None returns to the state before suspension. ``duty`` is the function in
    which the actor takes part; ``note`` says whether a reason must be written.
    """

    action: Action
    target: State | None
    roles: tuple[str, ...]
    duty: Duty = Duty.REGISTER
    fields: tuple[Field, ...] = ()
    documents: tuple[Doc, ...] = ()
    guards: tuple[Guard, ...] = ()
    note: bool = True


def day(name: str, label: str, *, required: bool = True, past: bool = True) -> Field:
    """Return a field that asks for a date."""
    return Field(name, label, Kind.DATE, required=required, past=past)


SERVED_ON = day("served_on", "送达日期")
METHOD = Field("method", "送达方式", Kind.CHOICE, SERVICE_METHODS)
CONSENT = Field("consent", "当事人已签电子送达确认书", Kind.YES_NO, required=False)
SERVICE = (SERVED_ON, METHOD, CONSENT)

Row = tuple[tuple[State, ...], Move]
