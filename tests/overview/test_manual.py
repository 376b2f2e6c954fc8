"""使用手册: every page is there, says what it should, and can be searched."""

import re

import pytest
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.overview import manual
from bozhou_eco.overview.navigation import MENU
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
