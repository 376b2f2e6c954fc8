"""Input of the REST interface, read strictly: what is read twice differently is refused."""

import codecs
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.fields import DateTimeField
from rest_framework.parsers import JSONParser

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
UNSTORABLE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} 不是 JSON 数值")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"数值 {text[:40]} 过大")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"字段 {twice[:60]} 重复")
    return found


def read_json(text: str) -> Any:
    """Return the value of a JSON text.

    ValueError for NaN, infinity, a field named twice, nesting beyond any use, and for
    characters that no table takes: NUL and halves of a surrogate pair.
    """
    try:
        value = json.loads(
            text,
            parse_constant=_no_number,
            parse_float=_finite,
            object_pairs_hook=_once,
        )
    except RecursionError:
        raise ValueError("嵌套层数过多") from None
    if UNSTORABLE_ESCAPE.search(text):
        _check_characters(value)
    return value


def _check_characters(value: object) -> None:
    """Look at every text of a value; names of fields are texts too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and UNSTORABLE.search(one):
            raise ValueError("文字含有空字符（NUL）或不成对的代理字符")
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one


class StrictJSONParser(JSONParser):
    """DRF's parser, but for `read_json`."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value; ParseError says what is wrong."""
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            return read_json(codecs.getreader(encoding)(stream).read())
        except (ValueError, LookupError) as error:
            raise ParseError(f"内容不是可用的 JSON：{error}") from error


class MomentField(DateTimeField):
    """DRF's, but a moment at the end of the calendar is refused, not a crash."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Return the moment in the own time zone."""
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")
