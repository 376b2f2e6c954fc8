"""Who a session belongs to, with what every page asks of the person."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from bozhou_eco.accounts.models import User


class PersonBackend(ModelBackend):
    """Django's backend; the organisation, which decides what is seen, comes along."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the active user of a session with the organisation, in one query."""
        user = User.objects.select_related("organisation").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
