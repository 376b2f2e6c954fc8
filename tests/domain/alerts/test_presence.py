"""Who looks at which alert: a page leaves one before it turns to the next."""

import pytest

from alerts.domain.presence import Presence


def say(alert: int, *, here: bool) -> dict[str, object]:
    return {
        "type": "alert.presence",
        "alert": alert,
        "user": 7,
        "name": "甲",
        "here": here,
    }


@pytest.mark.parametrize(
    ("before", "turned_to", "said"),
    [
        (None, 1, [say(1, here=True)]),
        (1, 2, [say(1, here=False), say(2, here=True)]),
        (1, 1, [say(1, here=True)]),
        (1, None, [say(1, here=False)]),
        (None, None, []),
    ],
    ids=["arrives", "turns", "says-again", "leaves", "stays-away"],
)
def test_the_others_hear_of_leaving_first_and_of_staying_again(
    before: int | None, turned_to: int | None, said: list[dict[str, object]]
) -> None:
    page = Presence(user=7, name="甲", alert=before)
    assert page.look(turned_to) == said
    assert page.alert == turned_to


def test_a_new_page_looks_at_nothing() -> None:
    assert Presence(user=7, name="甲").look(None) == []
