"""Admin of what the bureau sets about alerting; alerts and receipts stay out of it."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from alerts.domain.messages import TemplateError, check_template
from alerts.models import (
    Channel,
    ContactAddress,
    DutyPlan,
    DutyShift,
    EscalationLadder,
    EscalationRung,
    Heartbeat,
    KindSetting,
    OfficeSeason,
    SavedView,
    ServiceBreak,
    Source,
    Subscription,
    Webhook,
)
from alerts.selectors.kinds import settings as kind_settings
from bozhou_eco.audit.configuration import ConfigurationAdmin, ConfigurationInline


class ChannelForm(forms.ModelForm[Channel]):
    """A channel; its keys can be written, never read back."""

    secret = forms.CharField(
        label="密钥（JSON）",
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text='留空不改。apprise 填 {"url": "wechat://…/{address}"}',
    )

    class Meta:
        model = Channel
        fields = (
            "code", "name", "kind", "scope", "zone", "enabled", "position",
            "settings", "secret", "template", "min_severity", "district",
        )  # fmt: skip

    def clean_secret(self) -> str:
        """Keep the stored secret when nothing was typed; refuse what is no JSON table."""
        text: str = self.cleaned_data["secret"]
        if not text:
            return self.instance.secret
        try:
            found = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError("应为 JSON") from error
        if not isinstance(found, dict):
            raise forms.ValidationError("应为 JSON 键值表")
        return text

    def clean_template(self) -> str:
        """Refuse a template that names what may not leave the platform."""
        text: str = self.cleaned_data["template"]
        if text:
            try:
                check_template(text)
            except TemplateError as error:
                raise forms.ValidationError(str(error)) from error
        return text


@admin.register(Channel)
class ChannelAdmin(ConfigurationAdmin):
    """Ways to reach people."""

    form = ChannelForm
    list_display = (
        "name", "kind", "scope", "zone", "enabled", "position", "failures", "last_error",
    )  # fmt: skip
    list_filter = ("kind", "zone", "enabled")
    search_fields = ("code", "name")


@admin.register(ContactAddress)
class ContactAddressAdmin(ConfigurationAdmin):
    """Where people are reached."""

    list_display = ("user", "channel", "address")
    list_filter = ("channel",)
    search_fields = ("user__name", "user__username", "address")
    autocomplete_fields = ("user", "channel")
    list_select_related = ("user", "channel")


@admin.register(KindSetting)
class KindSettingAdmin(ConfigurationAdmin):
    """How alerts of a kind live."""

    list_display = ("kind", "label", "verdict", "confidential", "enterprise_first")
    search_fields = ("kind", "label")

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Save, and have this process read the settings anew at once."""
        super().save_model(request, obj, form, change)
        kind_settings.forget()


@admin.register(Subscription)
class SubscriptionAdmin(ConfigurationAdmin):
    """Who wants to hear what."""

    list_display = ("user", "name", "min_severity", "digest_at", "cap", "active")
    list_filter = ("active", "min_severity")
    search_fields = ("user__name", "user__username", "name")
    autocomplete_fields = ("user", "districts")
    list_select_related = ("user",)


@admin.register(OfficeSeason)
class OfficeSeasonAdmin(ConfigurationAdmin):
    """Office hours through the year."""

    list_display = ("name", "morning_from", "afternoon_to", "source")
    search_fields = ("name",)


@admin.register(DutyPlan)
class DutyPlanAdmin(ConfigurationAdmin):
    """Rosters."""

    list_display = ("name", "level", "days", "district", "planned_to", "active")
    list_filter = ("level", "district", "active")
    search_fields = ("name",)
    autocomplete_fields = ("district",)
    list_select_related = ("district",)


@admin.register(DutyShift)
class DutyShiftAdmin(ConfigurationAdmin):
    """Single shifts."""

    list_display = ("user", "level", "district", "starts_at", "ends_at")
    list_filter = ("level", "district")
    search_fields = ("user__name", "user__username")
    autocomplete_fields = ("user", "district", "plan")
    list_select_related = ("user", "district")
    date_hierarchy = "starts_at"


class RungInline(ConfigurationInline):
    """Steps of a ladder."""

    model = EscalationRung


@admin.register(EscalationLadder)
class EscalationLadderAdmin(ConfigurationAdmin):
    """How unanswered alerts climb."""

    list_display = ("severity", "repeat_minutes", "repeats")
    search_fields = ("severity",)
    inlines = (RungInline,)


@admin.register(ServiceBreak)
class ServiceBreakAdmin(ConfigurationAdmin):
    """Declared times out of service."""

    list_display = ("subject_name", "subject_key", "kind", "starts_at", "ends_at")
    search_fields = ("subject_name", "subject_key", "reason")
    autocomplete_fields = ("declared_by",)
    date_hierarchy = "starts_at"


@admin.register(SavedView)
class SavedViewAdmin(ConfigurationAdmin):
    """Saved filters of people and roles."""

    list_display = ("name", "user", "role", "query", "is_default")
    search_fields = ("name", "user__name")
    autocomplete_fields = ("user",)
    list_select_related = ("user",)


class WebhookForm(forms.ModelForm[Webhook]):
    """A webhook; its secret can be written, never read back."""

    secret = forms.CharField(
        label="签名密钥",
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text="至少 16 个字符；留空不改",
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "secret", "enabled", "kinds", "min_severity")

    def clean_secret(self) -> str:
        """Keep the stored secret when nothing was typed; refuse a short one."""
        text: str = self.cleaned_data["secret"] or self.instance.secret
        if len(text) < 16:
            raise forms.ValidationError("至少 16 个字符")
        return text


@admin.register(Webhook)
class WebhookAdmin(ConfigurationAdmin):
    """Systems that are told of every move."""

    form = WebhookForm
    list_display = ("name", "url", "min_severity", "enabled")
    list_filter = ("enabled",)
    search_fields = ("name", "url")


@admin.register(Source)
class SourceAdmin(ConfigurationAdmin):
    """Systems that may raise alerts; tokens come from ``manage.py add_alert_source``."""

    list_display = ("code", "name", "enabled", "created_at")
    list_filter = ("enabled",)
    search_fields = ("code", "name")
    readonly_fields = ("code", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: a source is made with its token, which is shown once."""
        return False


@admin.register(Heartbeat)
class HeartbeatAdmin(ConfigurationAdmin):
    """What must show signs of life."""

    list_display = ("name", "kind", "timeout_s", "severity", "last_at", "active")
    list_filter = ("kind", "active")
    search_fields = ("key", "name")
    readonly_fields = ("last_at", "lost_at")
