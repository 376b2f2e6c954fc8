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

__all__ = [
    "Camera",
    "Capture",
    "CaptureFile",
    "ModelVersion",
    "Objection",
    "RepairNotice",
    "Review",
    "Segment",
    "Site",
]
