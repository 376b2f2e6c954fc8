"""Admin of how long classes of data are kept."""

from django.contrib import admin
from django.http import HttpRequest

from bozhou_eco.audit.configuration import ConfigurationAdmin
from bozhou_eco.evidence.models import RetentionClass


@admin.register(RetentionClass)
class RetentionClassAdmin(ConfigurationAdmin):
    """Periods may be changed; the classes are what the platform can erase."""

    list_display = ("name", "days", "least_days", "source")
    readonly_fields = ("code",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: a class without a task that erases it would be a promise."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: RetentionClass | None = None
    ) -> bool:
        """Return False: what is not listed would be kept without a reason."""
        return False
