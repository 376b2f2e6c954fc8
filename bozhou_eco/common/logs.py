"""Structured logs: one JSON object a line, with the request id."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

# What JSON lets stand, but ends a line, drives a terminal or turns the reading round.
UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")

request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonFormatter(logging.Formatter):
    """Render a record as one JSON line; newlines in messages cannot forge a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return UNSEEN.sub(_escaped, json.dumps(line, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
