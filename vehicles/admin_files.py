"""Admin of the watch list's rules and of exchange; vehicle files stay out of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from bozhou_eco.audit.configuration import ConfigurationAdmin
from vehicles.models import DataSource, ExchangeChannel, WatchRule


@admin.register(WatchRule)
class WatchRuleAdmin(ConfigurationAdmin):
    """Why vehicles enter the watch list and when they may leave; one row a reason."""

    list_display = (
        *("trigger", "enabled", "days", "count", "clean_months", "needs_retest"),
        "source",
    )
    list_filter = ("enabled",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> tuple[str, ...]:
        """Keep the reason of a rule that exists."""
        return ("trigger",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rules are switched off, not deleted: entries refer to their reason."""
        return False


@admin.register(DataSource)
class DataSourceAdmin(ConfigurationAdmin):
    """Where data comes from, by which way, and whose word counts."""

    list_display = ("name", "access", "system_of_record", "owner", "rhythm", "outgoing")
    list_filter = ("access", "outgoing")
    search_fields = ("name", "system_of_record")


@admin.register(ExchangeChannel)
class ExchangeChannelAdmin(ConfigurationAdmin):
    """Other platforms and how parcels reach them."""

    list_display = ("name", "mode", "url", "outbox", "enabled")
    list_filter = ("mode", "enabled")
