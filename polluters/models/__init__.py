"""Tables of polluters: sources, devices, what they measure, what they sent."""

from polluters.models.air import AirDay, AirStation, AqiBreakpoint
from polluters.models.catalogue import Limit, Point, Pollutant
from polluters.models.commands import DeviceCommand
from polluters.models.devices import Analyser, Logger
from polluters.models.exceedances import ClosedPeriod, Exceedance
from polluters.models.findings import Finding
from polluters.models.intake import DeviceInfo, QuarantinedFrame, UnmappedCode
from polluters.models.ledger import (
    Consumable,
    Installation,
    Maintainer,
    MaintainerStaff,
    ParameterChange,
    Service,
    Upkeep,
)
from polluters.models.marks import Mark, MarkKind
from polluters.models.national import (
    NationalMean,
    NationalParcel,
    NationalRate,
    Shortfall,
)
from polluters.models.portal import Explanation, ExplanationEntry, PortalFile
from polluters.models.quotas import DailyMass, PermitQuota, Substitute
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
from polluters.models.rules import CheckSetting, MarkScope, RuleValue
from polluters.models.sources import Enterprise, Medium, Outlet
from polluters.models.video import VideoChannel, VideoSnapshot

__all__ = [
    "AirDay",
    "AirStation",
    "Analyser",
    "AqiBreakpoint",
    "CheckSetting",
    "ClosedPeriod",
    "Consumable",
    "DailyMass",
    "DeviceCommand",
    "DeviceInfo",
    "DirtyHour",
    "Enterprise",
    "Exceedance",
    "Explanation",
    "ExplanationEntry",
    "Finding",
    "FrameSeal",
    "Installation",
    "Latest",
    "Limit",
    "Logger",
    "Maintainer",
    "MaintainerStaff",
    "Mark",
    "MarkKind",
    "MarkScope",
    "Mean",
    "Medium",
    "NationalMean",
    "NationalParcel",
    "NationalRate",
    "Outlet",
    "ParameterChange",
    "Period",
    "PermitQuota",
    "Point",
    "Pollutant",
    "PortalFile",
    "Quality",
    "QuarantinedFrame",
    "RawFrame",
    "Reading",
    "ReadingRevision",
    "RuleValue",
    "Service",
    "Shortfall",
    "Substitute",
    "UnmappedCode",
    "Upkeep",
    "VideoChannel",
    "VideoSnapshot",
]
