"""Application configuration of `bozhou_eco.audit`."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """审计."""

    name = "bozhou_eco.audit"
    label = "audit"
    verbose_name = "审计"
    default_auto_field = "django.db.models.BigAutoField"
