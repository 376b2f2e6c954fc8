"""Model fields that more than one app uses."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models

from bozhou_eco.common import sealed_text


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text of a person (name, telephone) that is encrypted in the database.

    ``most`` limits the plain text in characters. The database sees ciphertext only, so
    the field cannot be filtered, ordered or searched; look-ups other than ``isnull``
    raise `TypeError`.
    """

    def __init__(self, *args: Any, most: int = 200, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most
        self.validators = [*self.validators, MaxLengthValidator(most)]

    def deconstruct(self) -> Any:
        """Keep ``most`` in migrations."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        return name, path, args, kwargs | {"most": self.most}

    def formfield(self, **kwargs: Any) -> Any:
        """Ask for one line of text."""
        return models.CharField(
            verbose_name=self.verbose_name, max_length=self.most, blank=self.blank
        ).formfield(**{k: v for k, v in kwargs.items() if k != "widget"})

    @property
    def place(self) -> str:
        """The column whose values these are."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt."""
        text = super().get_prep_value(value)
        if text is None:
            return None
        return sealed_text.seal(text, settings.FIELD_KEYS, self.place)

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Any:
        """Decrypt."""
        if value is None:
            return None
        return sealed_text.unseal(value, settings.FIELD_KEYS, self.place)

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse look-ups that could only compare ciphertext."""
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and cannot be looked up")
        return super().get_lookup(lookup_name)
