"""The table behind ``bin/screenshots`` names pages, rows and people that exist."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse

from bench.screens import SCREENS, Screen
from bozhou_eco.overview.navigation import MENU
from bozhou_eco.seed.people import PARTIES, PEOPLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_screen_names_what_exists(screen: Screen) -> None:
    assert reverse(screen.view, args=[1] if screen.row else [])
    assert screen.user in {"", *(username for username, *_ in (*PEOPLE, *PARTIES))}
    if screen.row:
        rows = apps.get_model(screen.row).objects
        assert screen.own or hasattr(rows, "visible_to")
        assert str(rows.filter(**screen.where).order_by(screen.order).query)


def test_every_menu_entry_is_pictured_under_a_name_of_its_own() -> None:
    names = [screen.name for screen in SCREENS]
    assert len(set(names)) == len(names)
    entries = {entry.name for _, entries in MENU for entry in entries}
    assert entries <= {screen.view for screen in SCREENS}


def test_pictures_of_the_readme_are_there() -> None:
    named = re.findall(
        r"\]\((docs/screenshots/[^)]+)\)", (ROOT / "README.md").read_text()
    )
    known = {f"{screen.name}-1440.webp" for screen in SCREENS if screen.dark}
    assert len(named) == 4
    for path in map(Path, named):
        assert (ROOT / path).is_file()
        assert path.name in known
