"""Makers of rows that tests need; every field that matters is an argument."""

import os
from datetime import date
from itertools import count

from bozhou_eco.accounts.models import District, Organisation, User
from polluters.models import Enterprise, Limit, Logger, Outlet, Point, Pollutant

numbers = count(1)


def district(code: str = "652722", name: str = "精河县") -> District:
    return District.objects.get_or_create(code=code, defaults={"name": name})[0]


def department(where: District | None = None) -> Organisation:
    code = f"DEPT-{where.code if where else 'ALL'}"
    return Organisation.objects.get_or_create(
        code=code,
        defaults={"kind": "department", "name": code, "district": where},
    )[0]


def user(*roles: str, organisation: Organisation | None = None, name: str = "") -> User:
    number = next(numbers)
    return User.objects.create_user(
        username=f"user{number}",
        password="a-long-test-password",
        name=name or f"人员{number}",
        organisation=organisation or department(),
        roles=list(roles),
    )


def enterprise(where: District | None = None, name: str = "") -> Enterprise:
    number = next(numbers)
    where = where or district()
    name = name or f"虚构企业{number}"
    organisation = Organisation.objects.create(
        kind="enterprise", name=name, code=f"ENT-{number}", district=where
    )
    return Enterprise.objects.create(
        organisation=organisation,
        name=name,
        short_name=name,
        uscc=f"91652700{number:010d}",
        source_code=f"SRC{number:06d}",
        industry="水泥制造",
        district=where,
        longitude=82.07,
        latitude=44.9,
    )


def outlet(firm: Enterprise | None = None, medium: str = "gas") -> Outlet:
    firm = firm or enterprise()
    letter = "A" if medium == "gas" else "W"
    code = f"D{letter}{firm.outlets.count() + 1:03d}"
    return Outlet.objects.create(
        enterprise=firm, code=code, name="总排口", medium=medium
    )


def logger(at: Outlet | None = None, **fields: object) -> Logger:
    at = at or outlet()
    # The broker is shared by the workers of a run: each has loggers of its own.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:].zfill(4)
    defaults = {"mn": f"TEST{worker}{next(numbers):016d}", "password": "123456"}
    return Logger.objects.create(outlet=at, **(defaults | fields))


def pollutant(code: str = "a21002", **fields: object) -> Pollutant:
    defaults = {
        "name": "氮氧化物",
        "short": "NOx",
        "unit": "mg/m3",
        "medium": "air",
        "source": "HJ 212-2017 App.B",
    }
    return Pollutant.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def point(
    of: Logger | None = None, code: str = "a21002", high: float | None = 100.0, **fields
) -> Point:
    of = of or logger()
    made = Point.objects.create(
        outlet=of.outlet,
        logger=of,
        pollutant=pollutant(code),
        wire_code=fields.pop("wire_code", code),
        unit="mg/m3",
        **({"range_low": 0, "range_high": 1000} | fields),
    )
    if high is not None:
        Limit.objects.create(
            point=made,
            kind="permit",
            averaging="hour",
            high=high,
            standard="排污许可证",
            source="测试",
            valid_from=date(2020, 1, 1),
        )
    return made
