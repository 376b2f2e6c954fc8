"""Places in a list that is read back in order of change."""

import base64
import binascii
from datetime import datetime

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from vehicles.domain.inspection.read import parse_moment

PAGE = 200


def encode_cursor(at: datetime, pk: int) -> str:
    """Return the place behind a row."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{pk}".encode()).decode()


def decode_cursor(text: str) -> tuple[datetime, int]:
    """Return what ``encode_cursor`` put in; ValidationError otherwise."""
    try:
        plain = base64.b64decode(text.encode(), b"-_", validate=True).decode()
        at, _, pk = plain.partition("|")
        moment, number = datetime.fromisoformat(at), int(pk)
    except (ValueError, binascii.Error) as error:
        raise ValidationError({"cursor": ["不是有效的续读位置"]}) from error
    if moment.tzinfo is None or not 0 <= number < 2**63:
        raise ValidationError({"cursor": ["不是有效的续读位置"]})
    return moment, number


def since_of(request: Request) -> datetime | None:
    """Return ``updated_since``; ValidationError when it is no time."""
    since = request.query_params.get("updated_since")
    if not since:
        return None
    at = parse_moment(since.replace(" ", "+"))
    if at is None or not 1900 < at.year < 9000:
        raise ValidationError({"updated_since": ["应为 ISO 8601 时间"]})
    return at
