"""Rows of the registration list (登记信息) and of remote OBD states, read strictly.

A row is refused as a whole with every reason at once; what can be read in one way only
(full-width digits, other date forms) is read and noted.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone

from vehicles.domain import plates
from vehicles.domain.codes import STAGES, USES, fuel_code
from vehicles.domain.tables import RowReport, Sheet, columns_of, plain_text

BEIJING = timezone(timedelta(hours=8))

_HEADINGS = {
    "plate": "号牌号码 车牌号码 车牌号 号牌",
    "plate_color": "号牌颜色 车牌颜色",
    "plate_type": "号牌种类 号牌种类代码",
    "vin": "VIN 车辆识别代号 车架号 VIN码",
    "engine_number": "发动机号 发动机号码",
    "brand": "品牌 车辆品牌 厂牌",
    "model": "车辆型号 型号",
    "engine_model": "发动机型号",
    "vehicle_type": "车辆类型 车型",
    "fuel": "燃料种类 燃料类型 燃料",
    "stage": "排放阶段 排放标准",
    "disclosure_number": "环保信息公开编号 信息公开编号",
    "registered_on": "初次登记日期 注册日期 登记日期 初次登记",
    "gross_mass_kg": "总质量 最大总质量",
    "rated_power_kw": "额定功率 发动机额定功率",
    "aftertreatment": "后处理装置 后处理",
    "inspection_until": "检验有效期至 检验有效期止 检验有效期",
    "use": "使用性质 使用性质代码",
    "user_company": "用车单位 使用单位",
    "owner_name": "所有人 机动车所有人 车主",
    "owner_phone": "联系电话 手机号码 手机号 电话",
    "district": "行政区 所属县市 登记地",
}
HEADINGS = {
    word.upper(): name for name, words in _HEADINGS.items() for word in words.split()
}
LABELS = {name: words.split()[0] for name, words in _HEADINGS.items()}
NEEDED = ("号牌号码",)

_OBD_HEADINGS = {
    "plate": "号牌号码 车牌号码 车牌号 号牌",
    "plate_color": "号牌颜色 车牌颜色",
    "vin": "VIN 车辆识别代号 车架号",
    "online": "在线状态 联网状态 在线",
    "codes": "故障码 故障代码",
    "fault": "故障描述 故障 故障信息",
    "tamper": "拆除报警 防拆报警 篡改报警",
    "at": "更新时间 数据时间 时间",
}
OBD_HEADINGS = {
    word.upper(): name
    for name, words in _OBD_HEADINGS.items()
    for word in words.split()
}
OBD_LABELS = {name: words.split()[0] for name, words in _OBD_HEADINGS.items()}
OBD_NEEDED = ("号牌号码", "在线状态", "更新时间")

COLORS = {name: color.value for color, name in plates.COLOR_NAMES.items()} | {
    "绿": plates.Color.GREEN.value,
    "黄绿": plates.Color.YELLOW_GREEN.value,
    "渐变绿": plates.Color.GREEN.value,
}
COLORS |= {f"{name}色": color for name, color in COLORS.items()}
COLORS |= {color.value: color.value for color in plates.Color}
_ROMAN = {"VI": 6, "IV": 4, "III": 3, "II": 2, "V": 5, "I": 1,
          "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6}  # fmt: skip
_STAGE_WORD = re.compile(r"(?:国|GB|第)?([0-6IV一二三四五六]+)(?:[AB]|阶段)?")
_DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
_TIME_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S",
               "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S")  # fmt: skip
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_PHONE = re.compile(r"1\d{10}|\d{3,4}-?\d{7,8}")
EXCEL_EPOCH = date(1899, 12, 30)
YES = frozenset({"是", "有", "1", "TRUE", "Y", "YES", "在线", "报警", "已联网", "正常"})
NO = frozenset({"否", "无", "0", "FALSE", "N", "NO", "离线", "未报警", "未联网", ""})


class CellError(ValueError):
    """A cell cannot be read; the message names no column, the caller does."""


def _color(text: str) -> str:
    if text not in COLORS:
        raise CellError(f"“{text}”不是号牌颜色，应为蓝、黄、白、黑、渐变绿、黄绿双拼")
    return COLORS[text]


def _stage(text: str) -> int:
    match = _STAGE_WORD.fullmatch(text.upper().replace(" ", ""))
    word = match[1] if match else ""
    value = int(word) if word.isdigit() and len(word) == 1 else _ROMAN.get(word, -1)
    if value not in STAGES:
        raise CellError(f"“{text}”不是排放阶段，应为国0 至国六")
    return value


def _vin(text: str) -> str:
    plain = re.sub(r"[\s-]", "", text).upper()
    if not _VIN.fullmatch(plain):
        raise CellError(f"“{text}”不是 17 位 VIN（不含 I、O、Q）")
    return plain


def _use(text: str) -> str:
    if text.upper() in USES:
        return text.upper()
    letter = next((key for key, name in USES.items() if name == text), None)
    if letter is None:
        raise CellError(f"“{text}”不在使用性质代码表中")
    return letter


def _fuel(text: str) -> str:
    try:
        return fuel_code(text)
    except ValueError as error:
        raise CellError(f"“{text}”不在燃料代码表中") from error


def read_date(cell: object) -> date:
    """Return a date written in any usual form, also as Excel's day number."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = plain_text(cell)[0].split(" ")[0]
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    if re.fullmatch(r"\d{5}(\.0)?", text):
        return EXCEL_EPOCH + timedelta(days=int(float(text)))
    raise CellError(f"“{text}”不是日期，应写作 2020-01-31")


def read_moment(cell: object) -> datetime:
    """Return a Beijing time written in any usual form."""
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=BEIJING)
    text = plain_text(cell)[0]
    for form in _TIME_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=BEIJING)
        except ValueError:
            continue
    day = read_date(cell)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def _number(least: float, most: float, unit: str, wrong: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        plain = text.replace(",", "").lower().removesuffix(unit)
        try:
            value = float(plain)
        except ValueError:
            raise CellError(f"“{text}”不是数字") from None
        if not least <= value <= most:
            raise CellError(f"{value:g} 超出 {least:g}～{most:g} {unit}{wrong}")
        return value

    return read


def _phone(text: str) -> str:
    plain = text.replace(" ", "").removesuffix(".0")
    if not _PHONE.fullmatch(plain):
        raise CellError("应为手机号或带区号的座机")
    return plain


def _yes(text: str) -> bool:
    if text.upper() in YES:
        return True
    if text.upper() in NO:
        return False
    raise CellError(f"“{text}”应为 是 或 否")


def _parts(text: str) -> list[str]:
    return [part[:10] for part in re.split(r"[、,，;；/+\s]+", text) if part]


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise CellError(f"超过 {longest} 个字符")
        return text

    return read


_READ: Mapping[str, Callable[[str], object]] = {
    "plate_color": _color,
    "plate_type": lambda text: text.removesuffix(".0").zfill(2)[:2],
    "vin": _vin,
    "engine_number": _text(40),
    "brand": _text(40),
    "model": _text(60),
    "engine_model": _text(60),
    "vehicle_type": _text(6),
    "fuel": _fuel,
    "stage": _stage,
    "disclosure_number": _text(40),
    "gross_mass_kg": _number(50, 120_000, "kg", "，请核对是否误以吨填写"),
    "rated_power_kw": _number(1, 1_500, "kw", "，请核对单位是否为千瓦"),
    "aftertreatment": _parts,
    "use": _use,
    "user_company": _text(120),
    "owner_name": _text(80),
    "owner_phone": _phone,
    "district": _text(40),
    "online": _yes,
    "tamper": _yes,
    "codes": _text(120),
    "fault": _text(160),
}


def _read_cell(name: str, label: str, cell: object, report: RowReport) -> None:
    text, wide = plain_text(cell)
    if not text:
        return
    if wide:
        report.notes.append(f"{label}：全角字符已转为半角（{text}）")
    try:
        if name in ("registered_on", "inspection_until"):
            report.values[name] = read_date(cell)
        elif name == "at":
            report.values[name] = read_moment(cell)
        else:
            report.values[name] = _READ[name](text)
    except CellError as error:
        report.errors.append(f"{label}：{error}")


def _read_plate(cells: Mapping[str, object], report: RowReport) -> None:
    text, wide = plain_text(cells.get("plate"))
    color, kind = report.values.get("plate_color"), report.values.get("plate_type")
    try:
        plate = plates.parse(
            text, str(color) if color else None, str(kind) if kind else None
        )
    except plates.PlateError as error:
        report.errors.append(f"号牌号码：{error}")
        return
    if wide:
        report.notes.append(f"号牌号码：全角字符已转为半角（{plate.text}）")
    report.values |= {
        "plate": plate.text,
        "plate_color": plate.color.value,
        "plate_type": plate.type,
    }


def _check_days(report: RowReport, today: date) -> None:
    registered = report.values.get("registered_on")
    if isinstance(registered, date) and registered > today:
        report.errors.append(f"初次登记日期：{registered} 在将来")
    if isinstance(registered, date) and registered.year < 1950:
        report.errors.append(f"初次登记日期：{registered} 早于 1950 年")


def _reports(
    sheet: Sheet,
    headings: Mapping[str, str],
    labels: Mapping[str, str],
    needed: tuple[str, ...],
) -> list[RowReport]:
    columns = columns_of(sheet.header, headings, needed)
    seen: dict[tuple[object, object], int] = {}
    reports = []
    for number, cells in sheet.rows:
        report = RowReport(number)
        reports.append(report)
        if number in sheet.merged:
            span = sheet.merged[number]
            report.errors.append(f"含合并单元格 {span}，请取消合并并逐行填写")
            continue
        named = {
            name: cells[place] if place < len(cells) else None
            for name, place in columns.items()
        }
        for name, cell in named.items():
            if name != "plate":
                _read_cell(name, labels[name], cell, report)
        _read_plate(named, report)
        key = report.values.get("plate"), report.values.get("plate_color")
        if None not in key and seen.setdefault(key, number) != number:
            report.errors.append(f"号牌号码：与第 {seen[key]} 行重复")
    return reports


def read_registration(sheet: Sheet, *, today: date) -> list[RowReport]:
    """Read every row of a registration list; TableError if the header is unusable."""
    reports = _reports(sheet, HEADINGS, LABELS, NEEDED)
    for report in reports:
        _check_days(report, today)
    return reports


def read_remote_obd(sheet: Sheet, *, now: datetime) -> list[RowReport]:
    """Read every row of a list of remote OBD states (HJ 1239 车联网)."""
    reports = _reports(sheet, OBD_HEADINGS, OBD_LABELS, OBD_NEEDED)
    for report in reports:
        at = report.values.get("at")
        if report.errors:
            continue
        if not isinstance(at, datetime):
            report.errors.append("更新时间：未填写")
        elif at > now + timedelta(minutes=5):
            report.errors.append("更新时间：在将来")
        if "online" not in report.values:
            report.errors.append("在线状态：未填写")
    return reports
