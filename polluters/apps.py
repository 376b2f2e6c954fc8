"""Application configuration of `polluters`."""

from django.apps import AppConfig

from alerts import rules
from alerts.domain.rules import Param
from enforcement import checklist_registry


class PollutersConfig(AppConfig):
    """污染源."""

    name = "polluters"
    verbose_name = "污染源"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say which function evaluates stored rules about emissions."""
        rules.register(
            "exceedance",
            "polluters.services.evaluators.hours_over",
            {
                "multiple": Param("限值倍数", 0.1, 20, 1.0),
                "hours": Param("连续小时", 1, 240, 1.0, "h"),
            },
        )
        checklist_registry.register(
            "outlet", "polluters.services.checklist_facts.outlet_facts"
        )
