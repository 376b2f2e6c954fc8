"""Personal data is ciphertext in the database, readable after a change of keys."""

import os

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import sealed_text
from bozhou_eco.common.sealed_text import SealedTextError, seal, unseal
from tests import factories

KEYS = {"k1": os.urandom(32)}
PLACE = "t.c"


def stored(user: User) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE id = %s", [user.pk])
        return str(cursor.fetchone()[0])


@given(st.text(max_size=200))
def test_any_text_comes_back(text: str) -> None:
    sealed = seal(text, KEYS, PLACE)
    assert unseal(sealed, KEYS, PLACE) == text
    assert not text or text not in sealed or len(text) < 3


def test_two_equal_texts_look_different() -> None:
    assert seal("13900000000", KEYS, PLACE) != seal("13900000000", KEYS, PLACE)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-4] + ("AAAA" if s[-4:] != "AAAA" else "BBBB"),
        lambda s: s.replace("enc1$k1$", "enc1$k9$"),
        lambda s: s[:30],
    ],
    ids=["flipped", "unknown key", "cut"],
)
def test_a_changed_value_does_not_open(change) -> None:
    with pytest.raises(SealedTextError):
        unseal(change(seal("13900000000", KEYS, PLACE)), KEYS, PLACE)


def test_a_value_does_not_open_in_another_column() -> None:
    with pytest.raises(SealedTextError, match="was changed"):
        unseal(seal("13900000000", KEYS, PLACE), KEYS, "t.other")


@pytest.mark.parametrize(
    "text", ["k1", "k1:", "k 1:" + "A" * 43, "k1:" + "A" * 20, ":x"]
)
def test_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SealedTextError, match="entry 1"):
        sealed_text.read_keys(text)


@pytest.mark.django_db
def test_the_database_holds_no_plain_text() -> None:
    user = factories.user(Role.OFFICER)
    User.objects.filter(pk=user.pk).update(phone="13900000001")
    assert "13900000001" not in stored(user)
    assert User.objects.get(pk=user.pk).phone == "13900000001"


@pytest.mark.django_db
def test_it_cannot_be_searched() -> None:
    with pytest.raises(TypeError, match="encrypted"):
        User.objects.filter(phone="13900000001")


@pytest.mark.django_db
def test_too_long_is_refused() -> None:
    user = factories.user(Role.OFFICER)
    user.phone = "1" * 21
    with pytest.raises(ValidationError, match="20"):
        user.full_clean()


@pytest.mark.django_db
def test_keys_change_without_loss(settings) -> None:
    plain, old = factories.user(Role.OFFICER), factories.user(Role.OFFICER)
    settings.FIELD_KEYS = {"k1": KEYS["k1"]}
    old.phone = "13900000002"
    old.save()
    with connection.cursor() as cursor:  # from before there was encryption
        cursor.execute(
            "UPDATE accounts_user SET phone = '13900000003' WHERE id = %s", [plain.pk]
        )
    settings.FIELD_KEYS = {"k2": os.urandom(32), **settings.FIELD_KEYS}
    call_command("rotate_field_keys")
    assert {sealed_text.key_name(stored(user)) for user in (plain, old)} == {"k2"}
    del settings.FIELD_KEYS["k1"]
    assert User.objects.get(pk=old.pk).phone == "13900000002"
    assert User.objects.get(pk=plain.pk).phone == "13900000003"
    entry = AuditEntry.objects.get(act="keys.rotate", subject="accounts_user.phone")
    assert entry.detail["values"] >= 2
