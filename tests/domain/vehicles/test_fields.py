"""Declaring a field once: what is absent, what is required, how long a text may be."""

from dataclasses import MISSING, dataclass

import pytest

from vehicles.domain.inspection import fields
from vehicles.domain.inspection.fields import NOT_DETECTED, Spec, specs


@dataclass(frozen=True, slots=True)
class Inner:
    """A nested record."""

    a: float | None = fields.number("a")


@dataclass(frozen=True, slots=True)
class Record:
    """One field of each kind."""

    number: float | None = fields.number("数", "km", 1, 2)
    integer: int | None = fields.integer("整", "", 3, 4)
    text: str = fields.text("文")
    code: str = fields.required(fields.text("码", 9))
    choice: str = fields.choice("选", ("a", "b"))
    flag: bool | None = fields.flag("是")
    moment: object = fields.moment("时")
    day: object = fields.day("日")
    shape: Inner = fields.required(fields.shape("内", Inner))
    several: tuple[Inner, ...] = fields.several("多", Inner)
    far: float | None = fields.number("远", not_detected=False, read_only=True)


def test_what_is_absent() -> None:
    record = Record()
    assert (record.number, record.integer, record.flag) == (None, None, None)
    assert (record.moment, record.day, record.far) == (None, None, None)
    assert (record.text, record.code, record.choice) == ("", "", "")
    assert (record.shape, record.several) == (Inner(), ())


def test_a_spec_says_what_a_field_holds() -> None:
    assert specs(Record) == {
        "number": Spec("number", "数", "km", 1, 2),
        "integer": Spec("integer", "整", "", 3, 4),
        "text": Spec("text", "文", length=80),
        "code": Spec("text", "码", length=9, required=True),
        "choice": Spec("choice", "选", choices=("a", "b")),
        "flag": Spec("flag", "是"),
        "moment": Spec("moment", "时"),
        "day": Spec("day", "日"),
        "shape": Spec("shape", "内", of=Inner, required=True),
        "several": Spec("list", "多", of=Inner),
        "far": Spec("number", "远", not_detected=False, read_only=True),
    }


def test_a_field_is_optional_writable_and_takes_99999_for_not_detected() -> None:
    spec = Spec("number", "数")
    assert (spec.required, spec.read_only, spec.not_detected) == (False, False, True)
    assert (spec.least, spec.most, spec.length) == (None, None, 80)
    assert NOT_DETECTED == 99999


@pytest.mark.parametrize(
    "made", [fields.text("a"), fields.flag("a")], ids=["text", "flag"]
)
def test_required_keeps_the_default(made: object) -> None:
    marked = fields.required(made)
    assert marked.default == made.default  # type: ignore[attr-defined]
    assert marked.default_factory is MISSING
    assert marked.metadata["spec"].required
