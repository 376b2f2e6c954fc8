"""Application configuration of `polluters`."""

from django.apps import AppConfig


class PollutersConfig(AppConfig):
    """污染源."""

    name = "polluters"
    verbose_name = "污染源"
    default_auto_field = "django.db.models.BigAutoField"
