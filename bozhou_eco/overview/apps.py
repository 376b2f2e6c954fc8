"""Application configuration of `bozhou_eco.overview`."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    """总览."""

    name = "bozhou_eco.overview"
    label = "overview"
    verbose_name = "总览"
    default_auto_field = "django.db.models.BigAutoField"
