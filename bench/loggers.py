"""Loggers, points and honest frames for the intake benchmarks."""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from polluters.domain.hj212 import crc16, format_qn, format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

GAS = (
    ("a34013", 4.0, 18.0), ("a21026", 15.0, 60.0), ("a21002", 35.0, 95.0),
    ("a19001", 6.0, 11.0), ("a01012", 90.0, 140.0), ("a01011", 8.0, 16.0),
    ("a01013", 0.01, 0.4), ("a01014", 5.0, 12.0), ("a00000", 20.0, 60.0),
    ("a21005", 40.0, 90.0), ("a21024", 3.0, 20.0), ("a20057", 0.001, 0.02),
)  # fmt: skip
CONVERTED = ("a34013", "a21026", "a21002")
PASSWORD = "123456"


def mn_of(number: int) -> str:
    """Return the MN of bench logger ``number``: 24 characters."""
    return f"BENCH{number:019d}"


def make_loggers(count: int) -> None:
    """Make ``count`` enterprises of one outlet, one logger and 12 points each."""
    from bozhou_eco.accounts.models import District, Organisation  # noqa: PLC0415
    from polluters.models import (  # noqa: PLC0415
        Enterprise,
        Limit,
        Logger,
        Outlet,
        Point,
        Pollutant,
    )

    district, _ = District.objects.get_or_create(
        code="652701", defaults={"name": "博乐市"}
    )
    pollutants = {}
    for code, *_ in GAS:
        pollutants[code], _ = Pollutant.objects.get_or_create(
            code=code,
            defaults={
                "name": code,
                "unit": "mg/m3",
                "medium": "air",
                "source": "bench",
            },
        )
    numbers = range(count)
    organisations = Organisation.objects.bulk_create(
        Organisation(kind="enterprise", name=mn_of(n), code=mn_of(n), district=district)
        for n in numbers
    )
    enterprises = Enterprise.objects.bulk_create(
        Enterprise(
            organisation=organisations[n],
            name=mn_of(n),
            short_name=f"厂{n}",
            uscc=f"91652700{n:010d}",
            source_code=mn_of(n),
            industry="bench",
            district=district,
            longitude=82,
            latitude=44.9,
        )
        for n in numbers
    )
    outlets = Outlet.objects.bulk_create(
        Outlet(enterprise=enterprises[n], code="DA001", name="排口", medium="gas")
        for n in numbers
    )
    loggers = Logger.objects.bulk_create(
        Logger(outlet=outlets[n], mn=mn_of(n), password=PASSWORD) for n in numbers
    )
    points = Point.objects.bulk_create(
        Point(
            outlet=outlets[n],
            logger=loggers[n],
            pollutant=pollutants[code],
            wire_code=code,
            unit="mg/m3",
            range_low=0,
            range_high=1000,
            converted=code in CONVERTED,
        )
        for n in numbers
        for code, *_ in GAS
    )
    Limit.objects.bulk_create(
        Limit(
            point=point,
            kind="permit",
            averaging="hour",
            high=500,
            standard="bench",
            source="bench",
            valid_from="2020-01-01",
        )
        for point in points
        if point.converted
    )


def frame(number: int, moment: datetime, rng: random.Random, cn: str = "2011") -> bytes:
    """Return a frame of 12 factors with flags, as a flue-gas logger sends it."""
    kind = "Rtd" if cn == "2011" else "Avg"
    items = []
    for code, low, high in GAS:
        value = rng.uniform(low, high)
        text = f"{code}-{kind}={value:.3f}"
        if code in CONVERTED:
            text += f",{code}-Zs{kind}={value * 1.1:.3f}"
        items.append(f"{text},{code}-Flag=N")
    segment = (
        f"QN={format_qn(moment)};ST=31;CN={cn};PW={PASSWORD};MN={mn_of(number)};Flag=5;"
        f"CP=&&DataTime={format_time(moment)};{';'.join(items)}&&"
    ).encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


def frames(
    loggers: int, each: int, start: datetime, *, step: timedelta, seed: int
) -> "Iterator[tuple[str, bytes]]":
    """Yield (mn, frame): ``each`` frames of every logger, ``step`` apart."""
    rng = random.Random(seed)
    for index in range(each):
        moment = start + index * step
        for number in range(loggers):
            yield mn_of(number), frame(number, moment, rng)
