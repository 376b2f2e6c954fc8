"""Admin of casework: law, tables, periods, agencies, templates. Cases stay out of it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from import_export.resources import ModelResource

from bozhou_eco.audit.configuration import ConfigurationAdmin
from bozhou_eco.audit.importing import ImportingAdmin
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import TableError, parse_table
from enforcement.domain.fieldwork import Item
from enforcement.domain.workflow import Refused
from enforcement.models import (
    Agency,
    Cause,
    Counterpart,
    DeadlineRule,
    DiscretionTable,
    DocumentTemplate,
    HolidayYear,
    LegalBasis,
    PartnerUnit,
    PastPenalty,
    RegionalHoliday,
    Setting,
    VisitTemplate,
)
from enforcement.selectors.settings import forget_settings
from enforcement.services.documents import check_upload, upload_template


class SettingsAdmin(ConfigurationAdmin):
    """Configuration that the calendar or the settings cache is made of."""

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Save, and let the next question see the new value."""
        super().save_model(request, obj, form, change)
        forget_settings()


@admin.register(Agency)
class AgencyAdmin(ConfigurationAdmin):
    """Units that issue documents in their own name."""

    list_display = ("full_name", "short", "branch", "valid_from", "to_be_confirmed")
    search_fields = ("full_name", "short")
    list_select_related = ("organisation",)


@admin.register(Counterpart)
class CounterpartAdmin(SettingsAdmin):
    """Systems that cases are exchanged with; their secrets stay in the environment."""

    list_display = ("name", "code", "way", "address", "active", "to_be_confirmed")
    list_filter = ("way", "active")
    search_fields = ("name", "code")


@admin.register(PartnerUnit)
class PartnerUnitAdmin(ConfigurationAdmin):
    """Organisations of other departments that sign and answer transfers."""

    list_display = ("organisation", "authority", "active")
    list_filter = ("authority", "active")
    list_select_related = ("organisation",)


@admin.register(Cause)
class CauseAdmin(ConfigurationAdmin):
    """案由."""

    list_display = ("name", "kind", "authority", "ours", "active", "to_be_confirmed")
    list_filter = ("kind", "ours", "active", "to_be_confirmed")
    search_fields = ("name", "topic")


@admin.register(LegalBasis)
class LegalBasisAdmin(ConfigurationAdmin):
    """Provisions with their validity."""

    list_display = (
        "__str__", "cause", "range_kind", "low", "high", "valid_from", "valid_to",
        "to_be_confirmed",
    )  # fmt: skip
    list_filter = ("law", "range_kind", "serious", "to_be_confirmed")
    search_fields = ("law", "article", "code", "cause__name")
    autocomplete_fields = ("cause",)
    list_select_related = ("cause",)


@admin.register(DiscretionTable)
class DiscretionTableAdmin(ConfigurationAdmin):
    """Discretion tables; a change in substance is a new version."""

    list_display = ("name", "version", "method", "valid_from", "to_be_confirmed")
    list_filter = ("method", "to_be_confirmed")
    search_fields = ("name", "code")
    filter_horizontal = ("causes",)


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(SettingsAdmin):
    """Periods with unit and source."""

    list_display = (
        "name", "code", "length", "unit", "roll", "statutory", "to_be_confirmed",
    )  # fmt: skip
    list_filter = ("unit", "statutory", "to_be_confirmed")
    search_fields = ("name", "code")


class HolidayYearForm(forms.ModelForm):  # type: ignore[type-arg]
    """A holiday table that is read before it is saved."""

    class Meta:
        model = HolidayYear
        fields = ("year", "table", "source", "to_be_confirmed")

    def clean(self) -> dict[str, Any]:
        """Refuse a table that names the line it fails on."""
        cleaned = super().clean() or {}
        try:
            parse_table(
                cleaned.get("table", ""),
                year=cleaned.get("year") or 0,
                source=cleaned.get("source", ""),
            )
        except TableError as error:
            raise ValidationError({"table": str(error)}) from error
        return cleaned


@admin.register(HolidayYear)
class HolidayYearAdmin(SettingsAdmin):
    """Holiday tables of years that the package does not know."""

    form = HolidayYearForm
    list_display = ("year", "source", "to_be_confirmed")


@admin.register(RegionalHoliday)
class RegionalHolidayAdmin(SettingsAdmin):
    """肉孜节 and 古尔邦节."""

    list_display = ("day", "name", "source", "to_be_confirmed")
    list_filter = ("name", "to_be_confirmed")


@admin.register(Setting)
class SettingAdmin(SettingsAdmin):
    """Single values with their sources."""

    list_display = ("name", "value", "source", "to_be_confirmed")
    list_filter = ("to_be_confirmed",)
    search_fields = ("name", "key")


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """An upload that becomes the next version of its kind."""

    upload = forms.FileField(label="Word 模板（.docx，不含宏）")

    class Meta:
        model = DocumentTemplate
        fields = ("kind", "note")

    def clean(self) -> dict[str, Any]:
        """Refuse macros, broken tags and unknown variables."""
        cleaned = super().clean() or {}
        upload = cleaned.get("upload")
        if upload is not None and cleaned.get("kind"):
            cleaned["content"] = upload.read()
            try:
                check_upload(cleaned["kind"], cleaned["content"])
            except Refused as refusal:
                raise ValidationError({"upload": refusal.reason}) from refusal
        return cleaned


@admin.register(DocumentTemplate)
class DocumentTemplateAdmin(ConfigurationAdmin):
    """Word templates; versions are added, never changed or deleted."""

    form = TemplateForm
    list_display = ("kind", "version", "active", "uploaded_by", "uploaded_at", "note")
    list_filter = ("kind", "active")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Versions do not change."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Versions stay."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Put the upload into force through the audited service."""
        row = upload_template(
            kind=form.cleaned_data["kind"],
            content=form.cleaned_data["content"],
            note=form.cleaned_data["note"],
            actor=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )
        obj.pk = row.pk


class PastPenaltyResource(ModelResource):  # type: ignore[misc]
    """Past penalties by their number."""

    class Meta:
        model = PastPenalty
        import_id_fields = ("reference",)
        exclude = ("id",)
        skip_unchanged = True
        use_transactions = True


@admin.register(PastPenalty)
class PastPenaltyAdmin(ImportingAdmin):
    """Legacy penalties, imported with a dry run; searched for 首违."""

    resource_classes = (PastPenaltyResource,)
    list_display = ("reference", "party_name", "cause", "found_on", "amount")
    list_filter = ("cause", "punished")
    search_fields = ("reference", "party_name", "uscc")
    autocomplete_fields = ("cause",)
    list_select_related = ("cause",)


@admin.register(VisitTemplate)
class VisitTemplateAdmin(ConfigurationAdmin):
    """现场核查清单."""

    list_display = ("name", "kind", "active", "position", "source")
    list_filter = ("active", "kind")
    search_fields = ("name", "source")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Check the lines when the form is saved."""
        form = super().get_form(request, obj, change, **kwargs)
        form.clean_items = _clean_items
        return form


def _clean_items(form: Any) -> Any:
    rows = form.cleaned_data["items"]
    try:
        items = [Item(**row) for row in rows]
    except TypeError as error:
        raise ValidationError(
            "每一项应含 code、group、text，可含 hint、kind、factor、unit"
        ) from error
    codes = [item.code for item in items]
    if len(set(codes)) != len(codes):
        raise ValidationError("项目代码 code 不能重复")
    if any(item.kind not in ("check", "reading") for item in items):
        raise ValidationError("kind 应为 check 或 reading")
    return rows
