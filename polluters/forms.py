"""Forms of polluters."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from polluters.models import Outlet, Pollutant


class MappingForm(forms.Form):
    """Which factor of which outlet a wire code is, and in what unit it comes."""

    outlet = forms.ModelChoiceField(queryset=Outlet.objects.none(), label="排放口")
    pollutant = forms.CharField(
        label="因子编码",
        max_length=10,
        help_text="HJ 212-2017 附录 B 编码，如 a21002",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    unit = forms.CharField(label="平台单位", max_length=12)
    unit_factor = forms.FloatField(
        label="单位系数", initial=1.0, help_text="报文值 × 系数 = 平台单位的值"
    )

    def __init__(
        self, *args: Any, outlets: QuerySet[Outlet] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if outlets is not None:
            self.fields["outlet"].queryset = outlets  # type: ignore[attr-defined]

    def clean_pollutant(self) -> Pollutant:
        """Return the factor of a code."""
        code = self.cleaned_data["pollutant"].strip()
        found = Pollutant.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError("没有这个因子编码")
        return found


class NoteForm(forms.Form):
    """A reason that goes into the audit log."""

    note = forms.CharField(label="理由", max_length=300, min_length=2)
