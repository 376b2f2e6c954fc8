"""Admin of rules, marks' kinds, maintenance firms and permit quotas."""

import string
from typing import Any

from django import forms
from django.contrib import admin

from bozhou_eco.audit.configuration import ConfigurationAdmin, ConfigurationInline
from bozhou_eco.audit.importing import ImportingAdmin
from polluters.domain.matters import KNOWN
from polluters.domain.rulebook import NUMBERS
from polluters.models import (
    CheckSetting,
    Maintainer,
    MaintainerStaff,
    MarkKind,
    MarkScope,
    PermitQuota,
    RuleValue,
    Service,
)


def places_of(text: str) -> set[str]:
    """Return the placeholders of a text; raises ValueError if it is malformed."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class RuleValueForm(forms.ModelForm):  # type: ignore[type-arg]
    """A number of the rule book."""

    def clean_code(self) -> str:
        """Accept only numbers that something reads."""
        code = str(self.cleaned_data["code"])
        if code not in NUMBERS:
            raise forms.ValidationError("没有这个参数编码")
        return code


@admin.register(RuleValue)
class RuleValueAdmin(ConfigurationAdmin):
    """Numbers of judging and supervision with their source."""

    form = RuleValueForm
    list_display = ("name", "value", "unit", "source", "confirmed_on")
    search_fields = ("code", "name", "source")
    list_filter = ("confirmed_on",)


class CheckSettingForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is changed of a check; placeholders must be those of the original."""

    code = forms.ChoiceField(label="检查项")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [  # type: ignore[attr-defined]
            (code, f"{check.name}（{code}）") for code, check in KNOWN.items()
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a text whose placeholders the check cannot fill."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        text, code = data.get("text"), str(data.get("code"))
        if text and code in KNOWN:
            known = places_of(KNOWN[code].text)
            try:
                extra = places_of(text) - known
            except ValueError:
                self.add_error("text", "花括号不成对")
                return data
            if extra:
                names = "、".join(sorted(known))
                self.add_error(
                    "text", f"不能使用 {'、'.join(sorted(extra))}，可用：{names}"
                )
        return data


@admin.register(CheckSetting)
class CheckSettingAdmin(ConfigurationAdmin):
    """Severity, words and announcement of checks."""

    form = CheckSettingForm
    list_display = ("check_name", "severity", "active", "announce", "source")
    list_filter = ("severity", "active", "announce")

    @admin.display(description="检查项")
    def check_name(self, row: CheckSetting) -> str:
        """The name of the check."""
        return KNOWN[row.code].name if row.code in KNOWN else row.code


@admin.register(MarkKind)
class MarkKindAdmin(ConfigurationAdmin):
    """Kinds of marks, what follows from them, and their allowances."""

    list_display = (
        "name", "group", "flag", "exempts", "stops", "yearly_hours", "each_hours",
        "active",
    )  # fmt: skip
    list_filter = ("group", "active")
    search_fields = ("code", "name")


@admin.register(MarkScope)
class MarkScopeAdmin(ConfigurationAdmin):
    """Industries that the marking rule binds."""

    list_display = ("industry", "valid_from", "source")
    search_fields = ("industry",)


class StaffInline(ConfigurationInline):
    """People of a maintenance firm."""

    model = MaintainerStaff


class ServiceInline(ConfigurationInline):
    """Contracts of a maintenance firm."""

    model = Service
    autocomplete_fields = ("outlet",)


@admin.register(Maintainer)
class MaintainerAdmin(ConfigurationAdmin):
    """Maintenance firms with their people and contracts."""

    list_display = ("name", "contact", "phone", "active")
    search_fields = ("name", "uscc")
    inlines = (StaffInline, ServiceInline)


@admin.register(PermitQuota)
class PermitQuotaAdmin(ImportingAdmin):
    """Permit quotas by year; import with dry run and row errors."""

    list_display = ("enterprise", "outlet", "pollutant", "year", "tonnes", "source")
    list_filter = ("year", "pollutant", "enterprise__district")
    search_fields = ("enterprise__name", "pollutant__code")
    autocomplete_fields = ("enterprise", "outlet", "pollutant")
    list_select_related = ("enterprise", "outlet__enterprise", "pollutant")
