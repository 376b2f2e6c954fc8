"""Admin of vehicles, by subject."""

from vehicles import admin_captures

__all__ = ["admin_captures"]
