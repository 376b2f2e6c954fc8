"""Application configuration of `bozhou_eco.accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """账户与机构."""

    name = "bozhou_eco.accounts"
    label = "accounts"
    verbose_name = "账户与机构"
    default_auto_field = "django.db.models.BigAutoField"
