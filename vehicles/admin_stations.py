"""Admin of stations: register, dialects, limits, gate, supervision, fraud rules."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, Model
from django.http import HttpRequest

from bozhou_eco.accounts.models import User
from bozhou_eco.audit.configuration import (
    ConfigurationAdmin,
    ConfigurationInline,
    changes_of,
    save_configuration,
)
from bozhou_eco.common import clock
from vehicles.domain.fraud.registry import NAMES, RULES, ParameterError, with_values
from vehicles.models import (
    Dialect,
    DialectWord,
    FraudRule,
    InspectionSettings,
    LimitRow,
    Line,
    StaffMember,
    Station,
    SupervisionSettings,
)


class LineInline(ConfigurationInline):
    """Lines of a station with their filed methods."""

    model = Line
    fields = ("number", "name", "methods", "active")


class StaffInline(ConfigurationInline):
    """Staff of a station."""

    model = StaffMember
    fields = ("number", "name", "duty", "valid_until", "active")


@admin.register(Station)
class StationAdmin(ConfigurationAdmin):
    """Stations: mode, legal basis and delegation, certificate, dialect."""

    list_display = (
        "code",
        "name",
        "district",
        "mode",
        "binding",
        "cma_until",
        "active",
    )
    list_filter = ("district", "mode", "active")
    search_fields = ("code", "name")
    readonly_fields = ("last_seen_at",)
    inlines = (LineInline, StaffInline)

    @admin.display(description="拒绝具有约束力", boolean=True)
    def binding(self, row: Station) -> bool:
        """Whether refusals bind."""
        return row.binding


class WordInline(ConfigurationInline):
    """Words of a dialect."""

    model = DialectWord
    fields = ("kind", "theirs", "ours")


@admin.register(Dialect)
class DialectAdmin(ConfigurationAdmin):
    """Code tables of vendors."""

    list_display = ("vendor", "note")
    search_fields = ("vendor",)
    inlines = (WordInline,)


@admin.register(LimitRow)
class LimitRowAdmin(ConfigurationAdmin):
    """Limits with variant, validity and source."""

    list_display = (
        *("method", "field", "variant", "least", "most", "unit"),
        *("standard", "valid_from", "source"),
    )
    list_filter = ("method", "variant", "standard")


class OneRowAdmin(ConfigurationAdmin):
    """Settings of which there is one row."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow a row only while there is none."""
        return not self.model.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep the row."""
        return False


@admin.register(InspectionSettings)
class InspectionSettingsAdmin(OneRowAdmin):
    """Limit set and the start gate's numbers."""

    list_display = ("variant", "variant_source", "opens", "closes", "retries")


@admin.register(SupervisionSettings)
class SupervisionSettingsAdmin(OneRowAdmin):
    """Quotas and tolerances of supervision."""

    list_display = ("weekly_budget", "video_share_pct", "video_least", "site_days")


class FraudRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Parameters are checked against what the rule knows."""

    class Meta:
        model = FraudRule
        fields = ("code", "values", "source", "enabled")

    def clean(self) -> dict[str, Any]:
        """Refuse unknown rules and parameters, naming what is possible."""
        given: dict[str, Any] = super().clean() or {}
        code, values = given.get("code"), given.get("values") or {}
        if code not in RULES:
            raise forms.ValidationError({"code": f"规则代码应为：{'、'.join(RULES)}"})
        if not isinstance(values, dict):
            raise forms.ValidationError({"values": "应为 {参数: 值}"})
        try:
            with_values(RULES[code].params, values)
        except ParameterError as error:
            raise forms.ValidationError({"values": str(error)}) from error
        return given


@admin.register(FraudRule)
class FraudRuleAdmin(ConfigurationAdmin):
    """Thresholds of fraud rules; every change is a new version, the newest holds."""

    form = FraudRuleForm
    list_display = ("code", "rule_name", "version", "values", "source", "enabled", "at")
    list_filter = ("enabled",)
    search_fields = ("code",)

    @admin.display(description="名称")
    def rule_name(self, row: FraudRule) -> str:
        """The rule's Chinese name."""
        return NAMES.get(row.code, row.code)

    def save_model(
        self, request: HttpRequest, obj: Model, form: Any, change: bool
    ) -> None:
        """Save a new version; the old ones stay as they were."""
        if not isinstance(obj, FraudRule) or not isinstance(request.user, User):
            return
        held = FraudRule.objects.filter(code=obj.code).aggregate(top=Max("version"))
        obj.pk, obj.version = None, (held["top"] or 0) + 1
        obj.at, obj.actor = clock.now(), request.user
        obj._state.adding = True
        save_configuration(
            row=obj, actor=request.user, changes=changes_of(form), created=True
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep every version: findings name theirs."""
        return False
