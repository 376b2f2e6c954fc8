"""Tables of vehicles: capture points and captures, stations and inspections."""

from vehicles.models.cameras import Camera, Segment, Site
from vehicles.models.captures import (
    Capture,
    CaptureFile,
    ModelVersion,
    Objection,
    RepairNotice,
    Review,
)
from vehicles.models.credentials import StationCredential
from vehicles.models.exchange import (
    DataSource,
    ExchangeChannel,
    ExchangeCheck,
    ExchangeParcel,
)
from vehicles.models.files import Vehicle, VehicleImport
from vehicles.models.findings import Finding, FraudRule
from vehicles.models.fleet import FleetMonth, FleetRun, RepairLoop
from vehicles.models.roadchecks import (
    PoliceTransfer,
    RoadCampaign,
    RoadCheck,
    RoadCheckPhoto,
)
from vehicles.models.stations import (
    DailyCheck,
    Dialect,
    DialectWord,
    Instrument,
    Line,
    Lock,
    StaffMember,
    Station,
)
from vehicles.models.supervision import (
    GasComparison,
    MarketNotice,
    RepairRecord,
    SiteCheck,
    SoftwareSeen,
    SupervisionSettings,
    VideoCheck,
)
from vehicles.models.tests import (
    Complaint,
    Curve,
    CurveHash,
    EcuSeen,
    IdempotentAnswer,
    Inspection,
    InspectionFile,
    InspectionSettings,
    LimitRow,
    RefusedPost,
)
from vehicles.models.transfers import CaptureTransfer
from vehicles.models.watch import WatchEntry, WatchEvent, WatchRule

__all__ = [
    "VideoCheck",
    "SupervisionSettings",
    "SoftwareSeen",
    "SiteCheck",
    "RepairRecord",
    "MarketNotice",
    "GasComparison",
    "Camera",
    "Capture",
    "CaptureFile",
    "CaptureTransfer",
    "Complaint",
    "Curve",
    "CurveHash",
    "DailyCheck",
    "DataSource",
    "Dialect",
    "EcuSeen",
    "ExchangeChannel",
    "ExchangeCheck",
    "ExchangeParcel",
    "DialectWord",
    "Finding",
    "FleetMonth",
    "FleetRun",
    "FraudRule",
    "IdempotentAnswer",
    "Inspection",
    "InspectionFile",
    "InspectionSettings",
    "Instrument",
    "LimitRow",
    "Line",
    "Lock",
    "ModelVersion",
    "Objection",
    "PoliceTransfer",
    "RefusedPost",
    "RepairNotice",
    "RepairLoop",
    "Review",
    "RoadCampaign",
    "RoadCheck",
    "RoadCheckPhoto",
    "Segment",
    "Site",
    "StaffMember",
    "Station",
    "StationCredential",
    "Vehicle",
    "VehicleImport",
    "WatchEntry",
    "WatchEvent",
    "WatchRule",
]
