"""What may be asked of a logger from a page, and how (反控; HJ 212-2017 table 9, §6.7).

Each command lists its parameters; :func:`clean` turns what a person typed into the
parameters of the CP or says in Chinese what is wrong. Beginning-of-connection settings
come from :func:`setup_steps`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from polluters.domain.hj212 import BEIJING, format_time

NOW = "now"
"""Stands in stored parameters for the moment of sending."""
MINUTE_INTERVALS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
DIGITS = re.compile(r"[0-9]{1,18}")
YEARS = range(1990, 2200)
HISTORY_MAX = {"2051": timedelta(days=3), "2061": timedelta(days=31)}
HISTORY_MAX_DAYS = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter: ``kind`` is factor, time, number, choice or text."""

    name: str
    label: str
    kind: str
    low: int = 0
    high: int = 0
    choices: tuple[int, ...] = ()
    required: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CommandForm:
    """A command that may be requested; ``patience_s`` is how long 9012 may take."""

    cn: str
    name: str
    fields: tuple[Field, ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()
    patience_s: int = 60
    since: int = 2005
    acts: bool = True


_FACTOR = Field("PolId", "因子", "factor")
_BEGIN = Field("BeginTime", "开始时间", "time")
_END = Field("EndTime", "结束时间", "time")
HISTORY = frozenset({"2031", "2041", "2051", "2061"})
FORMS: Mapping[str, CommandForm] = {
    form.cn: form
    for form in (
        CommandForm("1011", "读取现场机时间", acts=False),
        CommandForm("1012", "校准现场机时间", fixed=(("SystemTime", NOW),)),
        CommandForm(
            "1000",
            "设置超时与重发",
            (
                Field("OverTime", "超时（s）", "number", 1, 99),
                Field("ReCount", "重发次数", "number", 0, 99),
            ),
        ),
        CommandForm("1061", "读取实时数据间隔", acts=False),
        CommandForm(
            "1062",
            "设置实时数据间隔",
            (Field("RtdInterval", "间隔（s）", "number", 30, 3600),),
        ),
        CommandForm("1063", "读取分钟数据间隔", since=2017, acts=False),
        CommandForm(
            "1064",
            "设置分钟数据间隔",
            (Field("MinInterval", "间隔（min）", "choice", choices=MINUTE_INTERVALS),),
            since=2017,
        ),
        CommandForm("2051", "补传分钟数据", (_BEGIN, _END), patience_s=1800),
        CommandForm("2061", "补传小时数据", (_BEGIN, _END), patience_s=1800),
        CommandForm("2031", "补传日数据", (_BEGIN, _END), patience_s=1800),
        CommandForm("2041", "补传设备运行时间", (_BEGIN, _END), patience_s=1800),
        CommandForm("3012", "即时采样", (_FACTOR,), patience_s=600),
        CommandForm("3015", "超标留样", since=2017, patience_s=600),
        CommandForm("3019", "读取设备唯一标识", (_FACTOR,), since=2017, acts=False),
        CommandForm(
            "3020",
            "读取现场机信息",
            (
                _FACTOR,
                Field("InfoId", "信息编码", "text", hint="如 i12001、i13004"),
            ),
            since=2017,
            acts=False,
        ),
    )
}


def forms_for(version: int) -> list[CommandForm]:
    """Return what a logger of a protocol version may be asked."""
    return [form for form in FORMS.values() if form.since <= version]


def clean(
    cn: str,
    given: Mapping[str, str],
    *,
    version: int,
    factors: Sequence[str],
    now: datetime,
) -> tuple[dict[str, str], list[str]]:
    """Return (parameters of the CP as text, what is wrong in Chinese).

    ``factors`` are the codes this logger sends; ``given`` holds the typed values by
    parameter name. Times may be ``YYYY-MM-DDThh:mm``, in Beijing time.
    """
    form = FORMS.get(cn)
    if form is None or form.since > version:
        return {}, [f"不能下发命令 {cn}"]
    params: dict[str, str] = dict(form.fixed)
    errors: list[str] = []
    for field in form.fields:
        value = given.get(field.name, "").strip()
        if not value:
            if field.required:
                errors.append(f"请填写{field.label}")
            continue
        problem = _check(field, value, factors, params)
        if problem:
            errors.append(problem)
    if cn in HISTORY and not errors:
        errors += _check_period(cn, params, now)
    return params, errors


def _check(
    field: Field, value: str, factors: Sequence[str], params: dict[str, str]
) -> str:
    """Put a good value into ``params``; return what is wrong with a bad one."""
    if field.kind == "factor":
        if value not in factors:
            return f"{field.label} {value} 不属于该数采仪"
    elif field.kind == "time":
        moment = read_typed_time(value)
        if moment is None:
            return f"{field.label}的格式应为 年-月-日 时:分"
        value = format_time(moment)
    elif field.kind == "text":
        if not (len(value) == 6 and value[0] == "i" and value[1:].isdigit()):
            return f"{field.label}应形如 i12001"
    else:
        number = int(value) if DIGITS.fullmatch(value) else None
        if field.choices and number not in field.choices:
            return f"{field.label}只能为 {'、'.join(map(str, field.choices))}"
        if not field.choices and (
            number is None or not field.low <= number <= field.high
        ):
            return f"{field.label}应为 {field.low} 至 {field.high}"
    params[field.name] = value
    return ""


def read_typed_time(text: str) -> datetime | None:
    """Read a local time as browsers and people write it, in Beijing time."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=BEIJING)
    return moment.astimezone(BEIJING)


def _check_period(cn: str, params: Mapping[str, str], now: datetime) -> list[str]:
    begin, end = (
        datetime.strptime(params[name], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        for name in ("BeginTime", "EndTime")
    )
    if end < begin:
        return ["结束时间早于开始时间"]
    if begin > now:
        return ["开始时间在未来"]
    longest = HISTORY_MAX.get(cn, HISTORY_MAX_DAYS)
    if end - begin > longest:
        return [f"一次最多补传 {longest.days} 天"]
    return []


def params_to_send(params: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the stored parameters with the moment of sending filled in."""
    return {
        name: format_time(now) if value == NOW else value
        for name, value in params.items()
    }


def setup_steps(
    *,
    version: int,
    timeout_s: int,
    resends: int,
    real_time_s: int,
    minute_interval: int,
) -> list[tuple[str, dict[str, str]]]:
    """Return what §6.7 sets at the first connection, in its order.

    Clock; time-out and resends; real-time interval; minute interval (2017 and later);
    then real-time data and device states are asked for.
    """
    steps: list[tuple[str, dict[str, str]]] = [
        ("1012", {"SystemTime": NOW}),
        ("1000", {"OverTime": str(timeout_s), "ReCount": str(resends)}),
        ("1062", {"RtdInterval": str(min(max(real_time_s, 30), 3600))}),
    ]
    if version >= 2017 and minute_interval in MINUTE_INTERVALS:
        steps.append(("1064", {"MinInterval": str(minute_interval)}))
    steps += [("2011", {}), ("2021", {})]
    return steps
