"""The hourly canary frame: sent to the broker as a logger would, followed to the phone.

It speaks as the logger ``CANARY_MN``, which is registered for nothing else. Once its frame
is stored the canary's alert is raised, and from there on it is told like any other.
"""

import logging
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from django.conf import settings
from paho.mqtt.enums import CallbackAPIVersion

from alerts.models import CanaryRun
from alerts.services.canary import LIMIT, note_stage, raise_canary, start_canary
from polluters.domain.hj212 import crc16, format_qn, format_time
from polluters.models import Logger, RawFrame

logger = logging.getLogger(__name__)
KIND = "frame"
WAIT_S = 10


def canary_logger() -> Logger | None:
    """Return the logger that canaries speak as; None while there is none."""
    if not settings.CANARY_MN:
        return None
    return Logger.objects.filter(mn=settings.CANARY_MN, active=True).first()


def frame_of(device: Logger, at: datetime) -> bytes:
    """Return a real-time frame without factors, as of ``at``."""
    segment = (
        f"QN={format_qn(at)};ST=31;CN=2011;PW={device.password};MN={device.mn};Flag=4;"
        f"CP=&&DataTime={format_time(at)}&&"
    ).encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


def send_frame_canary(*, now: datetime) -> CanaryRun | None:
    """Start a run and publish its frame; None without a canary logger.

    A broker that cannot be reached leaves the run open: it fails, and cries, in time.
    """
    device = canary_logger()
    if device is None:
        return None
    at = now.replace(microsecond=0)
    run = start_canary(kind=KIND, now=at)
    try:
        publish(f"hj212/v1/{device.mn}/up", frame_of(device, at))
    except (OSError, ValueError, RuntimeError) as error:
        logger.warning("canary frame not published: %s", error)
    return run


def publish(topic: str, body: bytes) -> None:
    """Publish one message, QoS 1; raises when the broker does not take it."""
    address = urlsplit(settings.MQTT_URL)
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="")
    if address.username:
        client.username_pw_set(
            unquote(address.username), unquote(address.password or "")
        )
    if address.scheme == "mqtts":
        client.tls_set()
    client.connect(address.hostname or "127.0.0.1", address.port or 1883)
    client.loop_start()
    try:
        sent = client.publish(topic, body, qos=1)
        sent.wait_for_publish(WAIT_S)
        if not sent.is_published():
            raise OSError("the broker did not acknowledge")
    finally:
        client.disconnect()
        client.loop_stop()


def follow_frame_canaries(*, now: datetime) -> int:
    """Raise the alert of every run whose frame is stored; returns how many."""
    runs = CanaryRun.objects.filter(
        kind=KIND, finished_at__isnull=True, failed=False, started_at__gt=now - LIMIT
    )
    waiting = [run for run in runs if "stored" not in run.stages]
    device = canary_logger() if waiting else None
    if device is None:
        return 0
    count = 0
    for run in waiting:
        frame = RawFrame.objects.filter(
            logger=device,
            device_time=run.started_at,
            received_at__gte=run.started_at - timedelta(minutes=1),
        ).first()
        if frame is None:
            continue
        note_stage(code=run.code, stage="stored", now=frame.received_at)
        run.refresh_from_db()
        raise_canary(run=run, now=now)
        count += 1
    return count
