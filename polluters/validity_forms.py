"""Forms of marks and of the ledger; choices are kept to the person's scope."""

from datetime import date
from typing import Any

from django import forms

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.sniff import SUFFIXES, WORDS
from polluters.models import (
    Analyser,
    Consumable,
    Installation,
    MarkKind,
    Outlet,
    ParameterChange,
    Point,
    Pollutant,
    Service,
    Upkeep,
)

MOMENT = "%Y-%m-%dT%H:%M"


def moment_input() -> forms.DateTimeInput:
    """Return an input for a date and time."""
    return forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"})


def day_input() -> forms.DateInput:
    """Return an input for a date."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class InCalendar:
    """A form whose days and moments can be stored, read again and counted with."""

    def _clean_fields(self) -> None:
        """Refuse what lies at the ends of the calendar, as a slip of the year does."""
        super()._clean_fields()  # type: ignore[misc]
        for name, value in list(self.cleaned_data.items()):  # type: ignore[attr-defined]
            if isinstance(value, date) and not clock.askable(value):
                self.add_error(name, "年份有误，请核对")  # type: ignore[attr-defined]


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; what each is, is looked at by the service."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the list of files."""
        found = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in found if one]


def files_field() -> FilesField:
    """Return the field for proof."""
    return FilesField(
        label="附件", required=False, help_text=f"可多选：{WORDS}；提交后封存，不能替换",
        widget=FilesInput(attrs={"accept": SUFFIXES}), max_length=200,
    )  # fmt: skip


class MarkForm(InCalendar, forms.Form):
    """A mark of a span; the factor is left empty for the whole outlet."""

    outlet = forms.ModelChoiceField(queryset=Outlet.objects.none(), label="排放口")
    point = forms.ModelChoiceField(
        queryset=Point.objects.none(), label="因子", required=False,
        empty_label="整个排放口",
    )  # fmt: skip
    kind = forms.ModelChoiceField(
        queryset=MarkKind.objects.filter(active=True), label="标记种类"
    )
    begin = forms.DateTimeField(label="开始时间", widget=moment_input())
    end = forms.DateTimeField(
        label="结束时间", widget=moment_input(), required=False,
        help_text="尚未结束的可留空，结束后补填",
    )  # fmt: skip
    reason = forms.CharField(
        label="原因", max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )
    proof = files_field()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outlet"].queryset = _outlets(user)  # type: ignore[attr-defined]
        self.fields["point"].queryset = (  # type: ignore[attr-defined]
            Point.objects.visible_to(user)
            .filter(active=True)
            .select_related("outlet__enterprise", "pollutant")
        )


def _outlets(user: User) -> Any:
    return (
        Outlet.objects.visible_to(user).filter(active=True).select_related("enterprise")
    )


class LedgerForm(InCalendar, forms.ModelForm):  # type: ignore[type-arg]
    """A row of the ledger at an outlet in scope."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outlets = _outlets(user)
        self.fields["outlet"].queryset = outlets  # type: ignore[attr-defined]
        if "analyser" in self.fields:
            self.fields["analyser"].queryset = (  # type: ignore[attr-defined]
                Analyser.objects.filter(outlet__in=outlets)
            )
        for name, field in self.fields.items():
            if isinstance(field, forms.DateTimeField):
                field.widget = moment_input()
            elif isinstance(field, forms.DateField):
                field.widget = day_input()
            field.widget.is_required = field.required
            if name == "pollutant":
                field.queryset = Pollutant.objects.filter(  # type: ignore[attr-defined]
                    point__outlet__in=outlets
                ).distinct()

    def clean(self) -> dict[str, Any]:
        """Refuse an analyser of another outlet."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        outlet, analyser = data.get("outlet"), data.get("analyser")
        if outlet and analyser and analyser.outlet_id != outlet.pk:
            self.add_error("analyser", "该分析仪不属于所选排放口")
        return data


class UpkeepForm(LedgerForm):
    """Plan and result of a 校准, 校验, 比对 or 巡检."""

    class Meta:
        model = Upkeep
        fields = (
            "outlet", "analyser", "kind", "planned_from", "planned_to", "done_at",
            "result", "standard_value", "measured_value", "allowed_error", "staff",
            "note",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ask for a result once it is done."""
        data = super().clean()
        if data.get("done_at") and not data.get("result"):
            self.add_error("result", "填了完成时间就要选择结果")
        if data.get("result") and not data.get("done_at"):
            self.add_error("done_at", "填了结果就要填完成时间")
        begin, end = data.get("planned_from"), data.get("planned_to")
        if begin and end and end <= begin:
            self.add_error("planned_to", "计划止必须晚于计划起")
        return data


class ConsumableForm(LedgerForm):
    """Standard gas, reagent or solution."""

    class Meta:
        model = Consumable
        fields = (
            "outlet", "analyser", "kind", "name", "concentration", "batch",
            "opened_on", "expires_on", "replaced_on",
        )  # fmt: skip


class ChangeForm(LedgerForm):
    """A parameter change that is declared."""

    class Meta:
        model = ParameterChange
        fields = (
            "outlet", "analyser", "parameter", "before", "after", "changed_at", "reason",
        )  # fmt: skip

    def clean_reason(self) -> str:
        """Ask for the reason."""
        reason = str(self.cleaned_data["reason"]).strip()
        if not reason:
            raise forms.ValidationError("请写明修改理由")
        return reason


class InstallationForm(LedgerForm):
    """What must be measured at an outlet and how far it is."""

    class Meta:
        model = Installation
        fields = (
            "outlet", "pollutant", "required_by", "installed_on", "accepted_on",
            "connected_on", "exempt", "source",
        )  # fmt: skip


class ServiceForm(LedgerForm):
    """A maintenance contract."""

    class Meta:
        model = Service
        fields = ("outlet", "maintainer", "valid_from", "valid_to", "note")


class ParcelForm(forms.Form):
    """A parcel of the national platform as one ZIP."""

    parcel = forms.FileField(label="数据包（ZIP，内含 manifest.json）")
