"""Admin of vehicles, by subject."""

from vehicles import admin_captures, admin_files, admin_stations

__all__ = ["admin_stations", "admin_captures", "admin_files"]
