"""Who may answer alerts; who may see which is `Alert.objects.visible_to`."""

from bozhou_eco.accounts.models import Role

ACT_ROLES = (Role.OFFICER, Role.REVIEWER, Role.LEADER)
"""Roles that acknowledge, shelve and judge."""
