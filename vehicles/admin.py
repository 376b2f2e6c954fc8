"""Admin of vehicles, by subject."""

from vehicles import admin_captures, admin_files

__all__ = ["admin_captures", "admin_files"]
