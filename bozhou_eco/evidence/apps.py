"""Application configuration of `bozhou_eco.evidence`."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """证据."""

    name = "bozhou_eco.evidence"
    label = "evidence"
    verbose_name = "证据"
    default_auto_field = "django.db.models.BigAutoField"
