"""Application configuration of `vehicles`."""

from django.apps import AppConfig


class VehiclesConfig(AppConfig):
    """机动车."""

    name = "vehicles"
    verbose_name = "机动车"
    default_auto_field = "django.db.models.BigAutoField"
