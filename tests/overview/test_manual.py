"""使用手册: every page is there, says what it should, and can be searched."""

import re

import pytest
from django.apps import apps
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.overview import manual
from bozhou_eco.overview.navigation import MENU
from bozhou_eco.overview.selectors import dictionary
from tests import factories


@pytest.mark.django_db
@pytest.mark.parametrize("page", manual.pages(), ids=lambda page: page.slug)
def test_every_page_opens_for_any_role(page: manual.Page, client: Client) -> None:
    client.force_login(factories.user(Role.AUDITOR))
    answer = client.get(f"/help/{page.slug}/")
    assert answer.status_code == 200
    assert f"<title>{page.title} · 使用手册" in answer.content.decode()


@pytest.mark.django_db
def test_strangers_and_unknown_pages(client: Client) -> None:
    assert client.get("/help/").status_code == 302
    client.force_login(factories.user(Role.OFFICER))
    assert client.get("/help/").status_code == 200
    assert client.get("/help/nothing/").status_code == 404


@pytest.mark.django_db
def test_search_finds_the_section(client: Client) -> None:
    client.force_login(factories.user(Role.OFFICER))
    body = client.get("/help/?q=拒签").content.decode()
    assert "现场核查（手机）" in body
    assert "/help/visit/#" in body
    assert "手册中没有找到" in client.get("/help/?q=量子").content.decode()
    assert "<script>x" not in client.get("/help/?q=<script>x").content.decode()


def test_anchors_are_unique_on_each_page() -> None:
    for page in manual.pages():
        anchors = re.findall(r' id="([^"]+)"', page.html)
        assert len(anchors) == len(set(anchors)), page.slug


def test_the_manual_speaks_of_every_part_of_the_menu() -> None:
    """A menu entry that no page mentions is a gap in the manual."""
    text = " ".join(s.title + s.text for p in manual.pages() for s in p.sections)
    silent = [
        entry.label
        for _, entries in MENU
        for entry in entries
        if entry.label not in text
    ]
    assert silent == []


def test_every_picture_of_the_manual_is_there_and_opens() -> None:
    named = {
        name
        for path in manual.FOLDER.glob("*.md")
        for name in re.findall(
            r"\]\(\.\./screenshots/([^)]+)\.webp\)", path.read_text()
        )
    }
    assert len(named) >= 4
    assert [name for name in named if manual.picture(name) is None] == []


@pytest.mark.django_db
def test_pictures_are_served_to_who_is_signed_in(client: Client) -> None:
    assert client.get("/help/screenshots/alerts-1440.webp").status_code == 302
    client.force_login(factories.user(Role.AUDITOR))
    answer = client.get("/help/screenshots/alerts-1440.webp")
    assert answer["Content-Type"] == "image/webp"
    assert b"".join(answer.streaming_content)[8:12] == b"WEBP"
    assert client.get("/help/screenshots/nothing.webp").status_code == 404
    assert client.get("/help/screenshots/../manual/01-start.webp").status_code == 404


@pytest.mark.django_db
def test_the_dictionary_names_every_stored_field(client: Client) -> None:
    client.force_login(factories.user(Role.ADMIN))
    body = client.get("/help/dictionary/").content.decode()
    assert "polluters_limit" in body
    tables = {table.key: table for part in dictionary.parts() for table in part.tables}
    for label in dictionary.PARTS:
        for model in apps.get_app_config(label).get_models():
            known = {column.name for column in tables[model._meta.label_lower].columns}
            stored = {field.attname for field in model._meta.concrete_fields}
            assert stored - {"pk"} <= known, model
    state = next(c for c in tables["alerts.alert"].columns if c.name == "state")
    assert (state.label, state.kind) == ("状态", "文本（≤ 16）")
    assert "unack 未确认" in state.note
