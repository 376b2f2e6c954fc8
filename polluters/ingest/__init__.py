"""From bytes on the wire to committed rows.

``take_batch`` is the one door: MQTT intake, quarantine re-try and replay all call it.
"""

from polluters.ingest.batch import Outcome, take_batch
from polluters.ingest.draft import Message
from polluters.ingest.registry import Registry

__all__ = ["Message", "Outcome", "Registry", "take_batch"]
