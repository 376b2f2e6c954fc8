"""How a logger executes what the platform asks of it (HJ 212-2017 §6.5, App. C).

A request is answered by 9011 (QnRtn), then data, then 9012 (ExeRtn); a notice (stop
sending …) by 9013. All bear the request's QN, except history records, which are
uploads of their own.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from polluters.domain.hj212 import Frame, Item, format_time, parse_time
from polluters.simulation import records

if TYPE_CHECKING:
    from polluters.simulation.device import Device

OK, WRONG_PASSWORD, WRONG_COMMAND = 1, 3, 8
DONE, BAD_CONDITION, NO_DATA = 1, 3, 100
HISTORY_MAX = 2000
MINUTE_STEPS = frozenset({1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30})
Outcome = tuple[list[bytes], int]


def answer_request(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> list[bytes]:
    """Return every frame that answers a request or a notice."""
    if frame.cn in NOTICES:
        NOTICES[frame.cn](device)
        return [device.reply(frame, "9013", {})] if frame.needs_ack else []
    handler = HANDLERS.get(frame.cn)
    code = OK
    if frame.pw != device.settings.password:
        code = WRONG_PASSWORD
    elif handler is None:
        code = WRONG_COMMAND
    out = []
    if frame.needs_ack:
        out.append(device.reply(frame, "9011", {"QnRtn": str(code)}))
    if handler is None or code != OK:
        return out
    data, result = handler(device, frame, now, wall)
    return [*out, *data, device.reply(frame, "9012", {"ExeRtn": str(result)})]


# --- parameters -------------------------------------------------------------------


def _number(frame: Frame, name: str) -> int | None:
    text = frame.params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _set_timeouts(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    timeout, resends = _number(frame, "OverTime"), _number(frame, "ReCount")
    if not timeout or resends is None:
        return [], BAD_CONDITION
    device.settings.timeout_s, device.settings.resends = timeout, resends
    return [], DONE


def _tell_time(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    params: dict[str, str | datetime] = {"SystemTime": now + device.clock_offset}
    if "PolId" in frame.params:
        params = {"PolId": frame.params["PolId"], **params}
    return [device.upload(frame, params, [])], DONE


def _set_time(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    moment = parse_time(frame.params.get("SystemTime", ""))
    if moment is None:
        return [], BAD_CONDITION
    device.clock_offset = moment - now
    device.forget_last_qn()
    return [], DONE


def _tell_interval(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    settings = device.settings
    params: dict[str, str | datetime] = (
        {"RtdInterval": str(settings.real_time_s)}
        if frame.cn == "1061"
        else {"MinInterval": str(settings.minute_interval)}
    )
    return [device.upload(frame, params, [])], DONE


def _set_real_time_interval(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    seconds = _number(frame, "RtdInterval")
    if seconds is None or not 30 <= seconds <= 3600:
        return [], BAD_CONDITION
    device.settings.real_time_s = seconds
    device.reschedule("2011")
    return [], DONE


def _set_minute_interval(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    minutes = _number(frame, "MinInterval")
    if minutes not in MINUTE_STEPS:
        return [], BAD_CONDITION
    device.settings.minute_interval = minutes
    device.reschedule("2051")
    return [], DONE


def _set_password(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    password = frame.params.get("NewPW", "")
    if not 1 <= len(password) <= 6:
        return [], BAD_CONDITION
    device.settings.password = password
    return [], DONE


# --- data -------------------------------------------------------------------------


def _send_real_time(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    device.settings.real_time = True
    items = records.real_time_items(device.process, now)
    return [device.upload(frame, {"DataTime": now}, items)], DONE


def _send_states(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    device.settings.states = True
    items = records.state_items(device.process, now)
    return [device.upload(frame, {"DataTime": now}, items)], DONE


def _history(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    """Send each stored record of the period as an upload of its own."""
    begin, end = frame.begin_time, frame.end_time
    if begin is None or end is None or end < begin:
        return [], BAD_CONDITION
    period = {
        "2051": timedelta(minutes=device.settings.minute_interval),
        "2061": timedelta(hours=1),
        "2031": timedelta(days=1),
        "2041": timedelta(days=1),
    }[frame.cn]
    at = device.period_start(begin, period)
    if at < begin:
        at += period
    out: list[bytes] = []
    while at <= end and at + period <= now and len(out) < HISTORY_MAX:
        out += device.send_record(
            device.history_record(frame.cn, at, period), now, wall
        )
        at += period
    return out, DONE if out else NO_DATA


# --- control ----------------------------------------------------------------------


def _known_factor(device: "Device", frame: Frame) -> bool:
    """Whether PolId names a factor of this outlet, under its old or new code."""
    wanted = frame.params.get("PolId", "")
    return any(
        wanted in (point.code, point.wire_code) for point in device.process.spec.points
    )


def _act(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    """Calibrate, sample, clean or compare: done at once here."""
    if not _known_factor(device, frame):
        return [], BAD_CONDITION
    device.actions.append((frame.cn, frame.params.get("PolId", ""), now))
    return [], DONE


def _keep_sample(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    bottle = len([action for action in device.actions if action[0] == "3015"]) % 24 + 1
    device.actions.append(("3015", str(bottle), now))
    params: dict[str, str | datetime] = {"DataTime": now, "VaseNo": str(bottle)}
    return [device.upload(frame, params, [])], DONE


def _set_sampling(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    start = frame.params.get("CstartTime", "")
    hours = _number(frame, "Ctime") or _number(frame, "CTime")
    if len(start) != 6 or not hours or not _known_factor(device, frame):
        return [], BAD_CONDITION
    device.sampling = (start, hours)
    return [], DONE


def _tell_sampling(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    start, hours = device.sampling
    params: dict[str, str | datetime] = {
        "PolId": frame.params.get("PolId", ""),
        "CstartTime": start,
        "Ctime": str(hours),
    }
    return [device.upload(frame, params, [])], DONE


def _tell_sample_out(
    device: "Device", frame: Frame, now: datetime, wall: float
) -> Outcome:
    params: dict[str, str | datetime] = {
        "PolId": frame.params.get("PolId", ""),
        "Stime": "45",
    }
    return [device.upload(frame, params, [])], DONE


def _tell_serial(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    wanted = frame.params.get("PolId", "")
    for point in device.process.spec.points:
        if wanted in (point.code, point.wire_code) and point.analyser is not None:
            item = Item(wanted, {"SN": point.analyser.serial})
            return [device.upload(frame, {"PolId": wanted}, [item])], DONE
    return [], NO_DATA


def _tell_info(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    """Return a log line (i11001), a state (i12…) or a parameter (i13…)."""
    info = frame.params.get("InfoId", "i11001")
    text = {
        "i11001": f"//{format_time(now)} 自动校准完成//",
        "i12001": "1",
        "i13004": "168.0",
        "i13005": "40",
    }.get(info)
    text = device.parameters.get(info, text)
    if text is None:
        return [], NO_DATA
    params: dict[str, str | datetime] = {
        "DataTime": now,
        "PolId": frame.params.get("PolId", ""),
    }
    return [device.upload(frame, params, [Item(info, {"Info": text})])], DONE


def _set_info(device: "Device", frame: Frame, now: datetime, wall: float) -> Outcome:
    info = frame.params.get("InfoId", "")
    for item in frame.items:
        if item.code == info and "Info" in item.values:
            device.parameters[info] = item.values["Info"]
            return [], DONE
    return [], BAD_CONDITION


def _stop_real_time(device: "Device") -> None:
    device.settings.real_time = False


def _stop_states(device: "Device") -> None:
    device.settings.states = False


Handler = Callable[["Device", Frame, datetime, float], Outcome]
HANDLERS: dict[str, Handler] = {
    "1000": _set_timeouts,
    "1011": _tell_time,
    "1012": _set_time,
    "1061": _tell_interval,
    "1062": _set_real_time_interval,
    "1063": _tell_interval,
    "1064": _set_minute_interval,
    "1072": _set_password,
    "2011": _send_real_time,
    "2021": _send_states,
    "2031": _history,
    "2041": _history,
    "2051": _history,
    "2061": _history,
    "3011": _act,
    "3012": _act,
    "3013": _act,
    "3014": _act,
    "3015": _keep_sample,
    "3016": _set_sampling,
    "3017": _tell_sampling,
    "3018": _tell_sample_out,
    "3019": _tell_serial,
    "3020": _tell_info,
    "3021": _set_info,
}
NOTICES: dict[str, Callable[["Device"], None]] = {
    "2012": _stop_real_time,
    "2022": _stop_states,
}
