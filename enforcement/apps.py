"""Application configuration of `enforcement`."""

from django.apps import AppConfig


class EnforcementConfig(AppConfig):
    """案件办理."""

    name = "enforcement"
    verbose_name = "案件办理"
    default_auto_field = "django.db.models.BigAutoField"
