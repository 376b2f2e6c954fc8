"""Declare a field of a record once: type, name, unit, range.

Shapes are frozen dataclasses whose fields carry a ``Spec``. The reader, the REST
serializers, the published schema and the API guide are all made from it.
"""

from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any

NOT_DETECTED = 99999
"""Stations send this number for "not detected"; it is read as None."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What one field holds.

    ``kind`` is one of ``number integer text flag moment day choice shape list``;
    numbers may be bounded by ``least`` and ``most``; ``shape`` and ``list`` hold a
    dataclass in ``of``. ``not_detected`` says that 99999 means None.
    """

    kind: str
    label: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    required: bool = False
    choices: tuple[str, ...] = ()
    length: int = 80
    of: Any = None
    not_detected: bool = True
    read_only: bool = False
    help: str = ""


def _field(spec: Spec, default: Any = MISSING, factory: Any = MISSING) -> Any:
    if factory is not MISSING:
        return field(default_factory=factory, metadata={"spec": spec})
    return field(default=default, metadata={"spec": spec})


def number(
    label: str,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    **extra: Any,
) -> Any:
    """A measured number; absent or 99999 is None."""
    return _field(Spec("number", label, unit, least, most, **extra), None)


def integer(
    label: str,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    **extra: Any,
) -> Any:
    """A whole number; absent is None."""
    return _field(Spec("integer", label, unit, least, most, **extra), None)


def text(label: str, length: int = 80, **extra: Any) -> Any:
    """A text; absent is the empty string."""
    return _field(Spec("text", label, length=length, **extra), "")


def choice(label: str, choices: tuple[str, ...], **extra: Any) -> Any:
    """One of a few words; absent is the empty string."""
    return _field(Spec("choice", label, choices=choices, **extra), "")


def flag(label: str, **extra: Any) -> Any:
    """Yes or no; absent is None."""
    return _field(Spec("flag", label, **extra), None)


def moment(label: str, **extra: Any) -> Any:
    """A time with its offset; absent is None."""
    return _field(Spec("moment", label, **extra), None)


def day(label: str, **extra: Any) -> Any:
    """A date; absent is None."""
    return _field(Spec("day", label, **extra), None)


def shape(label: str, of: Any, **extra: Any) -> Any:
    """A nested record; absent is an empty one."""
    return _field(Spec("shape", label, of=of, **extra), factory=of)


def several(label: str, of: Any, **extra: Any) -> Any:
    """Several nested records or texts; absent is an empty tuple."""
    return _field(Spec("list", label, of=of, **extra), ())


def required(made: Any) -> Any:
    """Mark a field as required in the REST schema."""
    spec: Spec = made.metadata["spec"]
    values = {name: getattr(spec, name) for name in Spec.__slots__} | {"required": True}
    if made.default_factory is not MISSING:
        return _field(Spec(**values), factory=made.default_factory)
    return _field(Spec(**values), made.default)


@cache
def specs(record: type) -> dict[str, Spec]:
    """Return the specs of a shape's fields by name, in order."""
    found: tuple[Field[Any], ...] = fields(record)
    return {item.name: item.metadata["spec"] for item in found}
