"""Admin of video channels, air stations and the index table."""

from django.contrib import admin

from bozhou_eco.audit.configuration import ConfigurationAdmin
from polluters.models import AirStation, AqiBreakpoint, VideoChannel


@admin.register(VideoChannel)
class VideoChannelAdmin(ConfigurationAdmin):
    """Cameras of outlets and station houses."""

    list_display = ("outlet", "name", "place", "protocol", "active")
    list_filter = ("place", "protocol", "active")
    search_fields = ("name", "outlet__name", "outlet__enterprise__short_name")
    autocomplete_fields = ("outlet",)
    list_select_related = ("outlet__enterprise",)


@admin.register(AirStation)
class AirStationAdmin(ConfigurationAdmin):
    """Stations of ambient air."""

    list_display = ("name", "code", "district", "assessed", "active")
    list_filter = ("district", "assessed", "active")
    search_fields = ("name", "code")
    autocomplete_fields = ("district", "logger")
    list_select_related = ("district",)


@admin.register(AqiBreakpoint)
class AqiBreakpointAdmin(ConfigurationAdmin):
    """Versions of the index table; rows from memory say so until confirmed."""

    list_display = (
        "version", "valid_from", "item", "iaqi", "concentration", "confirmed",
    )  # fmt: skip
    list_filter = ("version", "item", "confirmed")
    search_fields = ("version", "source")
