"""Admin of capture points and cameras; captures themselves stay out of it."""

from django.contrib import admin

from bozhou_eco.audit.configuration import ConfigurationAdmin, ConfigurationInline
from vehicles.models import Camera, Site


class CameraInline(ConfigurationInline):
    """Cameras of a site."""

    model = Camera
    fields = ("code", "name", "source", "address", "vendor", "active")


@admin.register(Site)
class SiteAdmin(ConfigurationAdmin):
    """Capture points with their legal register."""

    list_display = ("code", "name", "district", "certificate", "certificate_until")
    list_filter = ("district",)
    search_fields = ("code", "name")
    inlines = (CameraInline,)


@admin.register(Camera)
class CameraAdmin(ConfigurationAdmin):
    """Cameras, their thresholds and their state."""

    list_display = ("code", "name", "site", "source", "state", "active")
    list_filter = ("state", "source")
    search_fields = ("code", "name")
    readonly_fields = (
        "key_hash",
        "state",
        "state_since",
        "problem",
        "frame_rate",
        "decode_errors",
        "last_frame_at",
        "clock_offset",
        "sharpness",
        "brightness",
        "view_shift",
        "dropped",
    )
