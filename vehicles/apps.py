"""Application configuration of `vehicles`."""

from django.apps import AppConfig

from enforcement import checklist_registry


class VehiclesConfig(AppConfig):
    """机动车."""

    name = "vehicles"
    verbose_name = "机动车"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say which functions know the facts of vehicles and stations."""
        facts = "vehicles.services.checklist_facts"
        checklist_registry.register("vehicle", f"{facts}.vehicle_facts")
        checklist_registry.register("station", f"{facts}.station_facts")
