"""Admin of sources, devices, points and limits. Readings stay out of it."""

from django.contrib import admin
from import_export.resources import ModelResource

from bozhou_eco.audit.configuration import ConfigurationInline
from bozhou_eco.audit.importing import ImportingAdmin
from polluters import admin_screens, admin_validity  # noqa: F401
from polluters.models import (
    Analyser,
    Enterprise,
    Limit,
    Logger,
    Outlet,
    Point,
    Pollutant,
)


class PollutantResource(ModelResource):  # type: ignore[misc]
    """Pollutants by code."""

    class Meta:
        model = Pollutant
        import_id_fields = ("code",)
        exclude = ("id",)
        skip_unchanged = True
        use_transactions = True


class OutletInline(ConfigurationInline):
    """Outlets of an enterprise."""

    model = Outlet
    fields = ("code", "name", "medium", "judging", "reference_o2", "active")


class LimitInline(ConfigurationInline):
    """Limits of a point."""

    model = Limit


class PointInline(ConfigurationInline):
    """Points of a logger."""

    model = Point
    fields = ("outlet", "pollutant", "wire_code", "unit", "unit_factor", "active")
    autocomplete_fields = ("outlet", "pollutant")


@admin.register(Enterprise)
class EnterpriseAdmin(ImportingAdmin):
    """Polluters with their permits."""

    list_display = ("name", "district", "industry", "permit_kind", "active")
    list_filter = ("district", "industry", "permit_kind", "active")
    search_fields = ("name", "short_name", "uscc", "source_code", "permit_number")
    autocomplete_fields = ("organisation", "district")
    list_select_related = ("district",)
    inlines = (OutletInline,)


@admin.register(Outlet)
class OutletAdmin(ImportingAdmin):
    """Outlets and how they are judged."""

    list_display = ("enterprise", "code", "name", "medium", "judging", "active")
    list_filter = ("medium", "judging", "enterprise__district", "active")
    search_fields = ("code", "name", "enterprise__name", "enterprise__short_name")
    autocomplete_fields = ("enterprise",)
    list_select_related = ("enterprise",)


@admin.register(Logger)
class LoggerAdmin(ImportingAdmin):
    """Data loggers, their keys and habits."""

    list_display = ("mn", "outlet", "version", "access", "state", "last_seen")
    list_filter = ("version", "access", "state", "time_label", "crc", "active")
    search_fields = ("mn", "outlet__name", "outlet__enterprise__short_name")
    autocomplete_fields = ("outlet",)
    list_select_related = ("outlet__enterprise",)
    readonly_fields = ("state", "last_seen", "clock_skew_s")
    inlines = (PointInline,)


@admin.register(Analyser)
class AnalyserAdmin(ImportingAdmin):
    """Analysers and their acceptance."""

    list_display = ("model", "serial", "outlet", "method", "accepted_on")
    list_filter = ("method",)
    search_fields = ("model", "serial", "outlet__name")
    autocomplete_fields = ("outlet",)
    list_select_related = ("outlet__enterprise",)


@admin.register(Pollutant)
class PollutantAdmin(ImportingAdmin):
    """Factor codes of HJ 212."""

    resource_classes = (PollutantResource,)
    list_display = ("code", "old_code", "name", "short", "unit", "medium")
    list_filter = ("medium",)
    search_fields = ("code", "old_code", "name", "name_en", "short")


@admin.register(Point)
class PointAdmin(ImportingAdmin):
    """Points: which factor of which outlet a logger sends."""

    list_display = ("outlet", "pollutant", "logger", "wire_code", "unit", "active")
    list_filter = ("pollutant", "outlet__medium", "active")
    search_fields = ("outlet__name", "logger__mn", "wire_code", "pollutant__code")
    autocomplete_fields = ("outlet", "logger", "pollutant", "analyser")
    list_select_related = ("outlet__enterprise", "pollutant", "logger")
    inlines = (LimitInline,)


@admin.register(Limit)
class LimitAdmin(ImportingAdmin):
    """Limits with their source; rows from memory say so."""

    list_display = ("point", "kind", "averaging", "low", "high", "standard", "source")
    list_filter = ("kind", "averaging", "point__pollutant")
    search_fields = ("standard", "source", "point__outlet__name")
    autocomplete_fields = ("point",)
    list_select_related = ("point__outlet__enterprise", "point__pollutant")
