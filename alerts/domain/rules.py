"""A rule as a document: checked field by field, refused with the place and the reason."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from alerts.domain.kinds import base_of
from alerts.domain.roster import Days
from alerts.domain.severity import Severity

CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
LONGEST_TEXT = 2000
MOST_ITEMS = 500
MOST_BYTES = 200_000
FIELDS = {
    "code", "name", "kind", "severity", "scope", "params", "schedule", "hold_minutes",
    "merge_minutes", "note",
}  # fmt: skip
SCOPE_FIELDS = {"districts", "subjects", "industries", "pollutants"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document, and where."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}：{self.reason}"


class RuleError(ValueError):
    """A document that cannot be used; ``faults`` name every place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("；".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Param:
    """A number a kind of rule takes: its name in words, its bounds, its default."""

    label: str
    low: float
    high: float
    default: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule counts, in local time; ``begin`` > ``end`` passes midnight."""

    days: Days = Days.ALL
    begin: str = "00:00"
    end: str = "24:00"

    def covers(self, local: datetime, is_working_day: Callable[[date], bool]) -> bool:
        """Return whether ``local`` lies in the schedule."""
        if self.days is not Days.ALL:
            working = is_working_day(local.date())
            if working is not (self.days is Days.WORKING):
                return False
        at = f"{local:%H:%M}"
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """A checked rule.

    ``hold_minutes``: how long the condition must last. ``merge_minutes``: episodes of
    one source closer than this are one.
    """

    code: str
    name: str
    kind: str
    severity: str
    scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Mapping[str, float] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    hold_minutes: int = 0
    merge_minutes: int = 60
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored and exported."""
        plain = asdict(self)
        plain["scope"] = {name: list(values) for name, values in self.scope.items()}
        plain["params"] = dict(self.params)
        plain["schedule"] = {
            "days": self.schedule.days.value,
            "begin": self.schedule.begin,
            "end": self.schedule.end,
        }
        return plain


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, data: Mapping[str, Any], at: str) -> None:
        self.data = data
        self.at = at
        self.faults: list[Fault] = []

    def blame(self, place: str, reason: str) -> None:
        self.faults.append(Fault(f"{self.at}{place}", reason))

    def text(self, name: str, *, needed: bool = False, longest: int = 100) -> str:
        value = self.data.get(name, "")
        if not isinstance(value, str):
            self.blame(name, "应为文字")
            return ""
        if needed and not value.strip():
            self.blame(name, "不能为空")
        if len(value) > longest:
            self.blame(name, f"不能超过 {longest} 字")
        return value.strip()

    def whole(self, name: str, default: int, high: int) -> int:
        value = self.data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.blame(name, "应为整数")
            return default
        if not 0 <= value <= high:
            self.blame(name, f"应在 0 到 {high} 之间")
        return value

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.data.get(name) or {}
        if not isinstance(value, Mapping):
            self.blame(name, "应为键值表")
            return {}
        return value

    def unknown(self, given: Mapping[str, Any], known: set[str], at: str) -> None:
        for name in given:
            if name not in known:
                self.blame(f"{at}{name}", "没有这个字段")


def check_document(
    data: object, *, params: Mapping[str, Mapping[str, Param]], at: str = ""
) -> RuleDocument:
    """Return the checked rule of plain data; raises `RuleError` with every fault.

    ``params`` are the parameters of each kind that can be evaluated.
    """
    if not isinstance(data, Mapping):
        raise RuleError([Fault(at or "规则", "应为键值表")])
    reader = _Reader(data, at)
    reader.unknown(data, FIELDS, "")
    code = reader.text("code", needed=True, longest=60)
    if code and not CODE.fullmatch(code):
        reader.blame("code", "只能用小写字母、数字和连字符，2–60 个字符")
    kind = reader.text("kind", needed=True, longest=60)
    known = params.get(kind) or params.get(base_of(kind))
    if kind and known is None:
        reader.blame(
            "kind", f"没有可执行“{kind}”的程序，可用：{'、'.join(sorted(params))}"
        )
    severity = reader.text("severity", needed=True)
    if severity and severity not in {s.value for s in Severity}:
        reader.blame("severity", "应为 critical、major、minor 或 info")
    document = RuleDocument(
        code=code,
        name=reader.text("name", needed=True),
        kind=kind,
        severity=severity,
        scope=_scope(reader),
        params={} if known is None else _params(reader, known),
        schedule=_schedule(reader),
        hold_minutes=reader.whole("hold_minutes", 0, 7 * 1440),
        merge_minutes=reader.whole("merge_minutes", 60, 7 * 1440),
        note=reader.text("note", longest=LONGEST_TEXT),
    )
    if reader.faults:
        raise RuleError(reader.faults)
    return document


def _scope(reader: _Reader) -> dict[str, tuple[str, ...]]:
    given = reader.table("scope")
    reader.unknown(given, SCOPE_FIELDS, "scope.")
    scope = {}
    for name in sorted(SCOPE_FIELDS & set(given)):
        values = given[name]
        if not isinstance(values, list) or len(values) > MOST_ITEMS:
            reader.blame(f"scope.{name}", f"应为不超过 {MOST_ITEMS} 项的列表")
            continue
        for index, value in enumerate(values):
            if not isinstance(value, str) or not 0 < len(value) <= 120:
                reader.blame(f"scope.{name}[{index}]", "应为文字，数字请加引号")
        scope[name] = tuple(str(value) for value in values)
    return scope


def _params(reader: _Reader, known: Mapping[str, Param]) -> dict[str, float]:
    given = reader.table("params")
    reader.unknown(given, set(known), "params.")
    params: dict[str, float] = {}
    for name, param in known.items():
        value = given.get(name, param.default)
        if value is None:
            reader.blame(f"params.{name}", f"缺少{param.label}")
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            reader.blame(f"params.{name}", f"{param.label}应为数字")
            continue
        if not param.low <= value <= param.high:
            bounds = f"{param.low:g} 到 {param.high:g}"
            reader.blame(
                f"params.{name}", f"{param.label}应在 {bounds} {param.unit}".strip()
            )
            continue  # it may be too large to be a float at all
        params[name] = float(value)
    return params


def _schedule(reader: _Reader) -> Schedule:
    given = reader.table("schedule")
    reader.unknown(given, {"days", "begin", "end"}, "schedule.")
    days = given.get("days", Days.ALL.value)
    if days not in {d.value for d in Days}:
        reader.blame("schedule.days", "应为 all、working 或 holidays")
        days = Days.ALL.value
    hours = {}
    for name, default in (("begin", "00:00"), ("end", "24:00")):
        value = given.get(name, default)
        if not isinstance(value, str) or not CLOCK.fullmatch(value):
            reader.blame(f"schedule.{name}", '应写成 "08:00" 的形式并加引号')
            value = default
        hours[name] = value
    return Schedule(Days(days), hours["begin"], hours["end"])


def read_yaml(
    text: str, *, params: Mapping[str, Mapping[str, Param]]
) -> list[RuleDocument]:
    """Read one rule or a list of rules from YAML; raises `RuleError` with line and place.

    Only plain data are read (safe loader), aliases are refused, so a small file cannot
    grow into a large one.
    """
    if len(text.encode()) > MOST_BYTES:
        raise RuleError([Fault("文件", f"不能超过 {MOST_BYTES // 1000} KB")])
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise RuleError([Fault("文件", "不允许使用 YAML 引用（*）")])
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else "文件"
        reason = getattr(error, "problem", "") or "不是 YAML"
        raise RuleError([Fault(place, f"YAML 语法错误：{reason}")]) from error
    except (ValueError, RecursionError) as error:
        raise RuleError([Fault("文件", f"YAML 不能读取：{error}")]) from error
    return _read_all(data, params)


def _read_all(
    data: object, params: Mapping[str, Mapping[str, Param]]
) -> list[RuleDocument]:
    rows = data if isinstance(data, list) else [data]
    faults: list[Fault] = []
    documents: list[RuleDocument] = []
    for index, row in enumerate(rows):
        at = f"规则[{index}]." if len(rows) > 1 else ""
        try:
            documents.append(check_document(row, params=params, at=at))
        except RuleError as error:
            faults += error.faults
    codes = [document.code for document in documents]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        faults.append(Fault("code", f"“{code}”重复"))
    if faults:
        raise RuleError(faults)
    return documents


def write_yaml(documents: Sequence[RuleDocument]) -> str:
    """Return rules as YAML that `read_yaml` reads back to the same."""
    rows = [document.as_json() for document in documents]
    return yaml.safe_dump(rows, allow_unicode=True, sort_keys=False)


def load_document(plain: Mapping[str, Any]) -> RuleDocument:
    """Return a stored document; it was checked when it was stored."""
    schedule = plain["schedule"]
    return RuleDocument(
        code=plain["code"],
        name=plain["name"],
        kind=plain["kind"],
        severity=plain["severity"],
        scope={name: tuple(values) for name, values in plain["scope"].items()},
        params=dict(plain["params"]),
        schedule=Schedule(Days(schedule["days"]), schedule["begin"], schedule["end"]),
        hold_minutes=plain["hold_minutes"],
        merge_minutes=plain["merge_minutes"],
        note=plain["note"],
    )
