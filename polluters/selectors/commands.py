"""Commands of an outlet's loggers as a page shows them."""

from dataclasses import dataclass, field
from datetime import timedelta

from bozhou_eco.accounts.models import Role, User
from polluters.domain.commands import FORMS, HISTORY, NOW
from polluters.domain.hj212 import parse_time
from polluters.domain.hj212.codes import (
    COMMANDS,
    EXECUTION_RETURNS,
    REQUEST_RETURNS,
)
from polluters.models import DeviceCommand, Outlet, Pollutant, RawFrame

REQUESTERS = (Role.OFFICER,)
DECIDERS = (Role.REVIEWER, Role.LEADER)
LABELS = {
    "SystemTime": "时间",
    "OverTime": "超时（s）",
    "ReCount": "重发次数",
    "RtdInterval": "实时间隔（s）",
    "MinInterval": "分钟间隔（min）",
    "BeginTime": "开始",
    "EndTime": "结束",
    "PolId": "因子",
    "InfoId": "信息编码",
    "VaseNo": "留样瓶号",
    "DataTime": "数据时间",
    "CstartTime": "首次采样",
    "Ctime": "采样周期（h）",
    "Stime": "出样时间（min）",
    "SN": "序列号",
    "Info": "信息",
    "RS": "状态",
}
# Uploads may be committed a little after the 9012 that ends them.
SETTLES = timedelta(minutes=1)
TONES = {
    DeviceCommand.State.DONE: "ok",
    DeviceCommand.State.FAILED: "major",
    DeviceCommand.State.TIMED_OUT: "major",
    DeviceCommand.State.REQUESTED: "acc",
}


@dataclass(slots=True)
class CommandRow:
    """One line of the list; ``decides`` and ``cancels`` say what this person may do."""

    command: DeviceCommand
    name: str
    params: str
    result: str
    tone: str
    decides: bool = False
    cancels: bool = False
    answers: list[str] = field(default_factory=list)


def command_rows(*, outlet: Outlet, user: User, most: int = 20) -> list[CommandRow]:
    """Return the newest commands of an outlet that this person may see."""
    commands = (
        DeviceCommand.objects.visible_to(user)
        .filter(logger__outlet=outlet)
        .select_related("logger", "requested_by", "decided_by")
        .order_by("-pk")[:most]
    )
    names = dict(
        Pollutant.objects.filter(point__outlet=outlet).values_list("code", "name")
    )
    return [_row(command, user, names) for command in commands]


def _row(command: DeviceCommand, user: User, names: dict[str, str]) -> CommandRow:
    waits = command.state == DeviceCommand.State.REQUESTED
    own = command.requested_by_id == user.pk
    return CommandRow(
        command=command,
        name=command_name(command.cn),
        params=_words(command.params, names),
        result=_result(command),
        tone=TONES.get(DeviceCommand.State(command.state), ""),
        decides=waits and not own and user.has_role(*DECIDERS),
        cancels=waits and own,
        answers=[_answer_words(answer, names) for answer in command.answer],
    )


def command_name(cn: str) -> str:
    """Return a command's name in Chinese."""
    if cn in FORMS:
        return FORMS[cn].name
    return COMMANDS[cn].name if cn in COMMANDS else cn


def _words(params: dict[str, str], names: dict[str, str]) -> str:
    return "，".join(
        f"{LABELS.get(name, name)} {_value(value, names)}"
        for name, value in params.items()
    )


def _value(value: str, names: dict[str, str]) -> str:
    if value == NOW:
        return "下发时的平台时间"
    if value in names:
        return f"{names[value]}（{value}）"
    moment = parse_time(value)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else value


def _result(command: DeviceCommand) -> str:
    """Say in words what came of a command."""
    parts = []
    if command.request_return not in ("", "1"):
        said = REQUEST_RETURNS.get(command.request_return, "未知返回")
        parts.append(f"设备应答：{said}（QnRtn={command.request_return}）")
    if command.execution_return:
        said = EXECUTION_RETURNS.get(command.execution_return, "未知返回")
        parts.append(f"设备结果：{said}（ExeRtn={command.execution_return}）")
    if command.state == DeviceCommand.State.TIMED_OUT:
        parts.append(
            "设备已应答，但未在时限内返回执行结果"
            if command.request_return == "1"
            else f"下发 {command.tries} 次均无应答"
        )
    if command.cn in HISTORY and command.request_return == "1":
        parts.append(f"已收到 {received(command)} 个数据包")
    return "；".join(parts)


def received(command: DeviceCommand) -> int:
    """Return how many frames of the asked-for period came after the request."""
    begin = parse_time(command.params.get("BeginTime", ""))
    end = parse_time(command.params.get("EndTime", ""))
    if begin is None or end is None or command.sent_at is None:
        return 0
    frames = RawFrame.objects.filter(
        logger_id=command.logger_id,
        cn=command.cn,
        device_time__gte=begin,
        device_time__lte=end,
        received_at__gte=command.sent_at,
    )
    if command.finished_at is not None:
        frames = frames.filter(received_at__lte=command.finished_at + SETTLES)
    return frames.count()


def _answer_words(answer: dict[str, object], names: dict[str, str]) -> str:
    params, items = answer.get("params"), answer.get("items")
    parts = []
    if isinstance(params, dict):
        parts.append(_words(params, names))
    if isinstance(items, list):
        for item in items:
            code = str(item["code"])
            values = "、".join(
                f"{LABELS.get(name, name)} {value}"
                for name, value in item["values"].items()
            )
            parts.append(f"{names.get(code, code)} {values}")
    return "；".join(part for part in parts if part)
