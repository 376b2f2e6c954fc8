"""Application configuration of `bozhou_eco.accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """账户与机构."""

    name = "bozhou_eco.accounts"
    label = "accounts"
    verbose_name = "账户与机构"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Ask for a second factor again once one is taken away."""
        from allauth.mfa.signals import authenticator_removed  # noqa: PLC0415

        from bozhou_eco.accounts.middleware import forget_factor  # noqa: PLC0415

        authenticator_removed.connect(forget_factor, dispatch_uid="forget_factor")
