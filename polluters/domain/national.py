"""Rows of the national platform's files as values; what is wrong is said by line. Pure."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from polluters.domain.hj212.frame import BEIJING

YEARS = range(1990, 2200)  # others are slips, and some cannot be stored
HEADS: Mapping[str, Mapping[str, str]] = {
    "mean": {
        "source_code": "污染源编码", "outlet": "排放口编号", "factor": "因子编码",
        "time": "时间", "value": "均值", "converted": "折算值", "flag": "标记",
        "valid": "有效",
    },
    "marks": {
        "id": "标记编号", "source_code": "污染源编码", "outlet": "排放口编号",
        "factor": "因子编码", "kind": "标记种类", "begin": "开始时间", "end": "结束时间",
        "reason": "原因", "filler": "填报人", "filled_at": "填报时间",
        "withdrawn": "撤销",
    },
    "rates": {
        "source_code": "污染源编码", "outlet": "排放口编号", "factor": "因子编码",
        "period": "时段", "time": "时间", "backfilled": "补传后",
        "transmission": "传输率", "effective": "有效传输率",
    },
}  # fmt: skip
NEEDED: Mapping[str, tuple[str, ...]] = {
    "mean": ("source_code", "outlet", "factor", "time", "value"),
    "marks": ("id", "source_code", "outlet", "kind", "begin", "filled_at"),
    "rates": ("source_code", "outlet", "factor", "period", "time", "effective"),
}
PERIODS = {
    "hour": 2,
    "小时": 2,
    "day": 3,
    "日": 3,
    "month": 4,
    "月": 4,
    "quarter": 5,
    "季": 5,
}
YES = frozenset(("1", "true", "是", "有效", "y", "yes"))
NO = frozenset(("0", "false", "否", "无效", "n", "no"))
MOST_ROWS = 200_000
T = TypeVar("T")


class BadFileError(ValueError):
    """A file whose head line cannot be used."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number and its cells by English key."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.cells.get(key, "")

    def text(self, key: str) -> str:
        """Return a cell that must not be empty."""
        if not self[key]:
            raise ValueError(f"{_name(key)}为空")
        return self[key]

    def number_of(self, key: str) -> float | None:
        """Return a finite number, None if the cell is empty."""
        if self[key] in ("", "-", "—"):
            return None
        try:
            value = float(self[key])
        except ValueError:
            raise ValueError(f"{_name(key)}不是数字：{self[key][:20]}") from None
        if not math.isfinite(value):
            raise ValueError(f"{_name(key)}不是有限数")
        return value

    def share_of(self, key: str) -> float | None:
        """Return a share of 1; per cent signs and figures up to 100 are understood."""
        text = self[key]
        if text.endswith(("%", "％")):
            value = Line(self.number, {key: text[:-1]}).number_of(key)
            value = None if value is None else value / 100
        else:
            value = self.number_of(key)
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"{_name(key)}应在 0 至 1 之间或带百分号：{text[:20]}")
        return value

    def moment(self, key: str) -> datetime | None:
        """Return a Beijing time, None if the cell is empty; 24:00 is the next day."""
        text = self[key].replace("/", "-")
        if not text:
            return None
        extra = timedelta(0)
        if " 24:00" in text or "T24:00" in text:
            text, extra = text.replace("24:00", "00:00"), timedelta(days=1)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{_name(key)}不是时间：{self[key][:30]}") from None
        if moment.year not in YEARS:
            raise ValueError(f"{_name(key)}年份有误：{self[key][:30]}")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=BEIJING)
        return moment + extra

    def yes(self, key: str) -> bool | None:
        """Return yes or no, None if the cell is empty."""
        text = self[key].lower()
        if text in YES:
            return True
        if text in NO:
            return False
        if text:
            raise ValueError(f"{_name(key)}应为 1 或 0：{self[key][:20]}")
        return None


def _name(key: str) -> str:
    for head in HEADS.values():
        if key in head:
            return head[key]
    return key


def _rows(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text))
    except csv.Error as error:
        raise BadFileError("文件不是可读的 CSV，请检查过长的单元格和引号") from error


def lines_of(body: bytes, form: str) -> Iterator[Line]:
    """Yield the lines of a CSV file; raises ``BadFileError`` if its head is unusable."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = body.decode("gb18030")
        except UnicodeDecodeError as error:
            raise BadFileError("文件编码应为 UTF-8 或 GB 18030") from error
    reader = _rows(text)
    head = next(reader, None)
    if not head:
        raise BadFileError("文件为空")
    back = {word: key for key, word in HEADS[form].items()}
    keys = [back.get(cell.strip(), cell.strip().lower()) for cell in head]
    absent = [_name(key) for key in NEEDED[form] if key not in keys]
    if absent:
        raise BadFileError(f"表头缺少列：{'、'.join(absent)}")
    for number, row in enumerate(reader, start=2):
        if number > MOST_ROWS:
            raise BadFileError(f"行数超过 {MOST_ROWS}")
        if any(cell.strip() for cell in row):
            cells = (cell.strip() for cell in row)
            yield Line(number, dict(zip(keys, cells, strict=False)))


def read_lines(
    body: bytes, form: str, make: Callable[[Line], T]
) -> tuple[list[T], list[str]]:
    """Return what ``make`` gives for each line, and what is wrong with the others."""
    taken: list[T] = []
    problems: list[str] = []
    for line in lines_of(body, form):
        try:
            if any("\0" in cell for cell in line.cells.values()):
                raise ValueError("含有空字符（NUL）")
            taken.append(make(line))
        except ValueError as error:
            problems.append(f"第 {line.number} 行：{error}")
    return taken, problems
