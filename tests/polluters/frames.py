"""Frames for tests, written by hand so that the encoder is not its own judge."""

from datetime import datetime

from polluters.domain.hj212 import crc16, format_qn, format_time
from polluters.models import Logger


def data_frame(
    logger: Logger | str,
    at: datetime,
    items: str,
    *,
    cn: str = "2011",
    qn: datetime | None = None,
    password: str = "123456",
    flag: int = 5,
    extra: str = "",
) -> bytes:
    """Return a data frame; ``items`` is the text after DataTime."""
    mn = logger if isinstance(logger, str) else logger.mn
    segment = (
        f"QN={format_qn(qn or at)};ST=31;CN={cn};PW={password};MN={mn};Flag={flag};"
        f"{extra}CP=&&DataTime={format_time(at)};{items}&&"
    ).encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))
