"""Commands to loggers (反控) and the replies to them."""

from datetime import datetime

from polluters.domain.hj212 import Frame


def take_reply(*, logger_id: int, frame: Frame, now: datetime) -> None:
    """Match a 9011, 9012 or other reply with the command that waits for it."""
