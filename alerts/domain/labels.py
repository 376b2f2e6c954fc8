"""String enumerations whose members carry the Chinese word shown to people."""

from enum import StrEnum


class Labelled(StrEnum):
    """A string value with a ``label``."""

    label: str

    def __new__(cls, value: str, label: str = "") -> "Labelled":
        """Make the member from its value and its Chinese label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Return ``(value, label)`` pairs for a form or a model field."""
        return [(member.value, member.label) for member in cls]
