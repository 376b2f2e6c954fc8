"""Forms drawn from the fields that an act asks for.

They only draw and keep what was typed: whether an answer will do is decided by the
domain, so that page, REST and phone give the same reasons.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from bozhou_eco.accounts.models import Organisation
from enforcement.domain.workflow import Field, FieldKind

YES_NO = (("yes", "是"), ("no", "否"))


def _unit_choices() -> list[tuple[str, str]]:
    rows = Organisation.objects.filter(kind=Organisation.Kind.DEPARTMENT)
    return [("", "请选择")] + [(str(row.pk), row.name) for row in rows]


def _date() -> forms.Field:
    return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}))


def _choice(field: Field) -> forms.Field:
    few = len(field.options) <= 5 and field.required
    if few:
        return forms.ChoiceField(choices=field.options, widget=forms.RadioSelect)
    return forms.ChoiceField(choices=[("", "请选择"), *field.options])


def _draw(field: Field) -> forms.Field:
    if field.kind is FieldKind.DATE:
        return _date()
    if field.kind is FieldKind.CHOICE:
        return _choice(field)
    if field.kind is FieldKind.UNIT:
        return forms.ChoiceField(choices=_unit_choices())
    if field.kind is FieldKind.YES_NO:
        return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect)
    if field.kind is FieldKind.LONG:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}))
    if field.kind in (FieldKind.MONEY, FieldKind.COUNT):
        mode = "decimal" if field.kind is FieldKind.MONEY else "numeric"
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": mode}))
    return forms.CharField()


class ActForm(forms.Form):
    """The fields of an act, and its note where it asks for one."""

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        note: bool | None = None,
        note_label: str = "办理意见",
    ) -> None:
        super().__init__(data=data, initial=dict(initial or {}))
        for field in fields:
            drawn = _draw(field)
            drawn.label, drawn.help_text = field.label, field.help
            drawn.required = field.required
            drawn.widget.attrs.pop("required", None)
            if field.most:
                drawn.widget.attrs["maxlength"] = str(field.most)
            self.fields[field.name] = drawn
        if note is not None:
            self.fields["note"] = forms.CharField(
                label=note_label,
                required=note,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        self.use_required_attribute = False
        self.names = [field.name for field in fields]

    def answers(self) -> dict[str, object]:
        """Return what was typed into the act's fields, as text."""
        return {name: self.data.get(name, "") for name in self.names}

    @property
    def typed_note(self) -> str:
        """What was typed as note, without characters that no store keeps."""
        return str(self.data.get("note", "")).replace("\0", "")
