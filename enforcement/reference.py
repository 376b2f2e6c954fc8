"""Read the reference data that ships with the platform into its tables.

Rows that an administrator has changed are left alone: a row is only created, never
overwritten.
"""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bozhou_eco.common.calendar import REGIONAL_FILE

DATA = Path(__file__).parent / "data"
GetModel = Callable[[str], Any]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _yes(text: str) -> bool:
    return text == "yes"


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def load_reference(get_model: GetModel) -> dict[str, int]:
    """Create what is missing; returns the number of new rows by table.

    ``get_model`` gives the model class of a name, so that a migration can pass the
    historical ones.
    """
    return {
        "DeadlineRule": _load_rules(get_model("DeadlineRule")),
        "Setting": _load_settings(get_model("Setting")),
        "RegionalHoliday": _load_holidays(get_model("RegionalHoliday")),
        "Cause": _load_causes(get_model("Cause")),
        "LegalBasis": _load_bases(get_model("LegalBasis"), get_model("Cause")),
        "DiscretionTable": _load_tables(
            get_model("DiscretionTable"), get_model("Cause")
        ),
    }


def _load_rules(model: Any) -> int:
    new = 0
    for row in _rows(DATA / "deadline_rules.csv"):
        _, created = model.objects.get_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "length": int(row["length"]),
                "unit": row["unit"],
                "roll": _yes(row["roll"]),
                "statutory": _yes(row["statutory"]),
                "states": row["states"].split(),
                "paused_in": row["paused_in"].split(),
                "source": row["source"],
                "to_be_confirmed": _yes(row["to_be_confirmed"]),
                "note": row["note"],
            },
        )
        new += created
    return new


def _load_settings(model: Any) -> int:
    new = 0
    for row in _rows(DATA / "settings.csv"):
        _, created = model.objects.get_or_create(
            key=row["key"],
            defaults={
                "name": row["name"],
                "value": row["value"],
                "source": row["source"],
                "to_be_confirmed": _yes(row["to_be_confirmed"]),
            },
        )
        new += created
    return new


def _load_holidays(model: Any) -> int:
    new = 0
    for row in _rows(REGIONAL_FILE):
        _, created = model.objects.get_or_create(
            day=date.fromisoformat(row["date"]),
            defaults={
                "name": row["name"],
                "source": row["source"],
                "to_be_confirmed": _yes(row["to_be_confirmed"]),
            },
        )
        new += created
    return new


def _load_causes(model: Any) -> int:
    new = 0
    for row in _rows(DATA / "causes.csv"):
        _, created = model.objects.get_or_create(
            topic=row["topic"],
            defaults={
                "name": row["name"],
                "kind": row["kind"],
                "authority": row["authority"],
                "ours": _yes(row["ours"]),
                "limitation_years": int(row["limitation_years"]),
                "source": row["source"],
                "to_be_confirmed": _yes(row["to_be_confirmed"]),
            },
        )
        new += created
    return new


def _load_bases(model: Any, causes: Any) -> int:
    ids = dict(causes.objects.values_list("topic", "pk"))
    flags = ("confiscate", "serious", "to_be_confirmed")
    days = ("valid_from", "valid_to")
    new = 0
    for row in _rows(DATA / "legal_bases.csv"):
        fields: dict[str, object] = {
            name: value
            for name, value in row.items()
            if name not in {"code", "topic", "harsher", *flags, *days}
        }
        fields |= {name: _yes(row[name]) for name in flags}
        fields |= {name: _day(row[name]) for name in days}
        fields["harsher"] = [part for part in row["harsher"].split("|") if part]
        _, created = model.objects.get_or_create(
            code=row["code"], defaults={"cause_id": ids[row["topic"]], **fields}
        )
        new += created
    return new


def _load_tables(model: Any, causes: Any) -> int:
    new = 0
    for row in json.loads((DATA / "discretion.json").read_text(encoding="utf-8")):
        topics = row.pop("causes")
        row["valid_from"] = date.fromisoformat(row["valid_from"])
        table, created = model.objects.get_or_create(
            code=row.pop("code"), version=row.pop("version"), defaults=row
        )
        if created:
            table.causes.set(causes.objects.filter(topic__in=topics))
        new += created
    return new
