"""Tables of polluters: sources, devices, what they measure, what they sent."""

from polluters.models.catalogue import Limit, Point, Pollutant
from polluters.models.commands import DeviceCommand
from polluters.models.devices import Analyser, Logger
from polluters.models.exceedances import ClosedPeriod, Exceedance
from polluters.models.findings import Finding
from polluters.models.intake import DeviceInfo, QuarantinedFrame, UnmappedCode
from polluters.models.readings import (
    DirtyHour,
    FrameSeal,
    Latest,
    Mean,
    Period,
    Quality,
    RawFrame,
    Reading,
    ReadingRevision,
)
from polluters.models.sources import Enterprise, Medium, Outlet

__all__ = [
    "Analyser",
    "ClosedPeriod",
    "DeviceCommand",
    "DeviceInfo",
    "DirtyHour",
    "Enterprise",
    "Exceedance",
    "Finding",
    "FrameSeal",
    "Latest",
    "Limit",
    "Logger",
    "Mean",
    "Medium",
    "Outlet",
    "Period",
    "Point",
    "Pollutant",
    "QuarantinedFrame",
    "Quality",
    "RawFrame",
    "Reading",
    "ReadingRevision",
    "UnmappedCode",
]
