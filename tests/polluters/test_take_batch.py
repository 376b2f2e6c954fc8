"""Intake of a batch: stored once, judged, answered; what is refused says why."""

import random
from datetime import datetime, timedelta

import pytest
from django.db import DataError, OperationalError

from alerts.models import Alert
from bozhou_eco.common import clock
from polluters.domain.hj212.crc import crc_text_as
from polluters.ingest import Message, Outcome, Registry, store, take_batch
from polluters.ingest.draft import Draft
from polluters.ingest.writer import Writer
from polluters.models import (
    DirtyHour,
    Latest,
    Logger,
    Point,
    QuarantinedFrame,
    RawFrame,
    Reading,
    ReadingRevision,
    UnmappedCode,
)
from polluters.services import devices
from tests import factories
from tests.polluters.frames import data_frame

pytestmark = pytest.mark.django_db


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


def now() -> datetime:
    return clock.now().replace(microsecond=0)


def take(*payloads: bytes, mn: str = "", at: datetime | None = None) -> Outcome:
    return take_batch(
        [Message(mn or _mn(payload), payload) for payload in payloads],
        registry=Registry(),
        writer=Writer(),
        now=at or clock.now(),
    )


def _mn(payload: bytes) -> str:
    return (
        payload.split(b"MN=")[1].split(b";")[0].decode() if b"MN=" in payload else "x"
    )


def nox(value: float, flag: str = "N") -> str:
    return f"a21002-Rtd={value},a21002-Flag={flag}"


def test_it_works(point: Point) -> None:
    at = now()
    frame = data_frame(point.logger, at, nox(42.5))
    outcome = take(frame)
    assert (outcome.frames, outcome.readings, outcome.refused) == (1, 1, 0)
    reading = Reading.objects.get()
    assert (reading.point_id, reading.period, reading.time) == (point.pk, 0, at)
    assert (reading.value, reading.flag, reading.quality) == (42.5, "N", 0)
    raw = RawFrame.objects.get()
    assert bytes(raw.body) == frame.rstrip()
    assert Latest.objects.get().value == 42.5
    point.logger.refresh_from_db()
    assert point.logger.state == Logger.State.ONLINE


def test_the_answer_carries_the_same_qn(point: Point) -> None:
    at = now()
    (answer,) = take(data_frame(point.logger, at, nox(1))).answers
    assert answer.mn == point.logger.mn
    assert b"ST=91;CN=9014;" in answer.payload
    assert b"Flag=4;CP=&&&&" in answer.payload


def test_no_answer_where_none_is_asked_for(point: Point) -> None:
    assert take(data_frame(point.logger, now(), nox(1), flag=4)).answers == []


def test_a_repeat_changes_nothing_and_is_answered(point: Point) -> None:
    frame = data_frame(point.logger, now(), nox(7))
    writer, registry = Writer(), Registry()
    for _ in range(3):
        outcome = take_batch(
            [Message(point.logger.mn, frame)] * 2,
            registry=registry,
            writer=writer,
            now=clock.now(),
        )
        assert len(outcome.answers) == 2
    assert Reading.objects.count() == RawFrame.objects.count() == 1
    assert ReadingRevision.objects.count() == 0


def test_another_value_for_the_same_key_is_kept_as_revision(point: Point) -> None:
    at = now()
    take(data_frame(point.logger, at, nox(7)))
    changed = data_frame(point.logger, at, nox(5))
    take(changed)
    take(changed)
    assert Reading.objects.get().value == 7
    assert [r.value for r in ReadingRevision.objects.all()] == [5]
    assert RawFrame.objects.count() == 2


def test_any_order_and_repetition_gives_the_same_rows(point: Point) -> None:
    start = now() - timedelta(minutes=3)
    frames = [
        data_frame(point.logger, start + timedelta(seconds=10 * n), nox(n))
        for n in range(12)
    ]
    rng = random.Random(5)
    shuffled = [rng.choice(frames) for _ in range(40)] + frames
    rng.shuffle(shuffled)
    for first in range(0, len(shuffled), 7):
        take(*shuffled[first : first + 7])
    assert list(Reading.objects.order_by("time").values_list("value", flat=True)) == [
        float(n) for n in range(12)
    ]
    assert Latest.objects.get().value == 11


def test_over_the_limit_raises_one_alert_that_explains_itself(point: Point) -> None:
    at = now()
    for second in range(3):
        take(data_frame(point.logger, at - timedelta(seconds=30 - second), nox(150)))
    alert = Alert.objects.get()
    assert alert.subject_key == f"outlet:{point.outlet_id}"
    assert alert.district == point.outlet.enterprise.district
    assert "超标预警" in alert.summary
    told = dict(alert.explanation["lines"])
    assert told["标准"] == "排污许可证"
    assert "100 mg/m3" in told["限值"]


def cold_water(temperature: float) -> tuple[Point, bytes, datetime]:
    """NH3-N at 6.5 mg/L: over 5, under the 8 that hold in cold water."""
    logger = factories.logger()
    point = factories.point(logger, code="w21003", high=5.0)
    factories.point(logger, code="w01010")
    condition = {"code": "w01010", "op": "<=", "value": 12, "high": 8}
    point.limits.update(condition=condition)
    at = now()
    items = f"w01010-Rtd={temperature},w01010-Flag=N;w21003-Rtd=6.5,w21003-Flag=N"
    return point, data_frame(logger, at, items), at


def test_a_conditional_limit_holds_while_data_flow_as_it_does_in_closing() -> None:
    _, frame, _ = cold_water(9.0)
    take(frame)
    assert Alert.objects.count() == 0


def test_in_warm_water_the_plain_limit_holds() -> None:
    point, frame, _ = cold_water(21.0)
    take(frame)
    alert = Alert.objects.get()
    assert alert.subject_key == f"outlet:{point.outlet_id}"
    assert "≤ 5 " in dict(alert.explanation["lines"])["限值"]


def test_over_the_limit_of_cold_water_the_alert_says_which_limit(
    point: Point,
) -> None:
    nitrogen, _, at = cold_water(9.0)
    take(
        data_frame(
            nitrogen.logger,
            at,
            "w01010-Rtd=9,w01010-Flag=N;w21003-Rtd=8.4,w21003-Flag=N",
        )
    )
    told = dict(Alert.objects.get().explanation["lines"])
    assert "≤ 8 " in told["限值"]
    assert "w01010 <= 12" in told["条件限值"]


def test_back_under_the_limit_returns_the_alert_to_normal(point: Point) -> None:
    hour = now().replace(minute=10, second=0) - timedelta(hours=0)
    take(data_frame(point.logger, hour, nox(150)), at=hour)
    for n in range(1, 4):
        moment = hour + timedelta(seconds=30 * n)
        take(data_frame(point.logger, moment, nox(10)), at=moment)
    alert = Alert.objects.get()
    assert alert.returned_at is not None


def test_late_data_raise_nothing_and_queue_their_hour(point: Point) -> None:
    at = now() - timedelta(hours=5)
    take(data_frame(point.logger, at, nox(900), cn="2011"))
    assert Alert.objects.count() == 0
    dirty = DirtyHour.objects.get()
    assert dirty.hour == at.replace(minute=0, second=0)


@pytest.mark.parametrize("flag", ["M", "D", "C", "F", "B", "T"])
def test_marked_values_raise_nothing(point: Point, flag: str) -> None:
    take(data_frame(point.logger, now(), nox(900, flag)))
    assert Alert.objects.count() == 0
    assert Reading.objects.get().flag == flag


def test_a_returning_logger_clears_its_offline_alert(point: Point) -> None:
    logger, at = point.logger, now()
    take(data_frame(logger, at, nox(1)), at=at)
    late = at + timedelta(seconds=logger.offline_after_s + 1)
    assert devices.sweep_offline(now=late) == 1
    assert devices.sweep_offline(now=late) == 0
    alert = Alert.objects.get()
    assert alert.kind == "offline"
    take(data_frame(logger, late, nox(1)), at=late)
    alert.refresh_from_db()
    assert alert.returned_at is not None
    logger.refresh_from_db()
    assert logger.state == Logger.State.ONLINE


def test_unit_factor_and_end_label_are_applied() -> None:
    logger = factories.logger(time_label="end", minute_interval=10)
    factories.point(logger, unit_factor=0.001)
    at = now()
    take(data_frame(logger, at, "a21002-Avg=5000,a21002-Flag=N", cn="2051"))
    reading = Reading.objects.get()
    assert reading.value == pytest.approx(5.0)
    assert reading.time == at - timedelta(minutes=10)


def test_codes_of_2005_find_their_point(point: Point) -> None:
    factories.pollutant("a21002").__class__.objects.filter(code="a21002").update(
        old_code="03"
    )
    take(data_frame(point.logger, now(), "03-Rtd=12.5,03-Flag=N"))
    assert Reading.objects.get().value == 12.5


def refused() -> list[tuple[str, str]]:
    return list(QuarantinedFrame.objects.values_list("reason", "mn"))


def test_unknown_mn_is_kept_and_not_answered() -> None:
    frame = data_frame("NOBODY01", now(), nox(1))
    outcome = take(frame, frame)
    assert outcome.answers == []
    kept = QuarantinedFrame.objects.get()
    assert (kept.reason, kept.mn, kept.seen) == ("unknown_mn", "NOBODY01", 2)
    assert bytes(kept.body) == frame.rstrip()
    take(frame)
    kept.refresh_from_db()
    assert kept.seen == 3


def test_wrong_password(point: Point) -> None:
    take(data_frame(point.logger, now(), nox(1), password="999999"))
    assert refused() == [("wrong_password", point.logger.mn)]
    assert Reading.objects.count() == 0


def test_wrong_crc(point: Point) -> None:
    frame = bytearray(data_frame(point.logger, now(), nox(1)))
    frame[40] ^= 1
    take(bytes(frame), mn=point.logger.mn)
    assert refused()[0][0] == "crc_mismatch"


def test_time_in_the_future(point: Point) -> None:
    take(data_frame(point.logger, now() + timedelta(hours=2), nox(1)))
    assert refused() == [("future_time", point.logger.mn)]


def test_topic_of_another_logger(point: Point) -> None:
    other = factories.logger()
    take(data_frame(point.logger, now(), nox(1)), mn=other.mn)
    assert refused() == [("topic_mismatch", point.logger.mn)]
    Logger.objects.filter(pk=other.pk).update(access="forwarded")
    take(data_frame(point.logger, now(), nox(2)), mn=other.mn)
    assert Reading.objects.count() == 1


def test_inactive_logger(point: Point) -> None:
    Logger.objects.filter(pk=point.logger_id).update(active=False)
    take(data_frame(point.logger, now(), nox(1)))
    assert refused() == [("inactive", point.logger.mn)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "bad_header"),
        (b"\x00\xff" * 300, "bad_header"),
        (b"##9999" + b"x" * (1 << 20), "too_big"),
        (b"##0100QN=2016", "truncated"),
    ],
)
def test_bytes_that_are_no_frame(point: Point, payload: bytes, reason: str) -> None:
    good = data_frame(point.logger, now(), nox(1))
    outcome = take(payload, good, mn=point.logger.mn)
    assert outcome.refused == 1
    assert [row[0] for row in refused()] == [reason]
    assert Reading.objects.count() == 1


def test_absurd_values_are_flagged_not_judged(point: Point) -> None:
    at = now()
    take(data_frame(point.logger, at, nox(99999)))
    assert Reading.objects.get().quality == 4
    assert Alert.objects.count() == 0
    take(
        data_frame(
            point.logger, at + timedelta(seconds=1), "a21002-Rtd=1e300,a21002-Flag=N"
        )
    )
    assert Reading.objects.count() == 1
    assert RawFrame.objects.count() == 2


def test_an_unmapped_code_is_counted_and_the_rest_stored(point: Point) -> None:
    items = f"{nox(3)};zz9-Rtd=4,zz9-Flag=N"
    take(data_frame(point.logger, now(), items))
    take(data_frame(point.logger, now() - timedelta(seconds=30), items))
    unmapped = UnmappedCode.objects.get()
    assert (unmapped.code, unmapped.seen) == ("zz9", 2)
    assert Reading.objects.count() == 2


def test_one_bad_message_does_not_hold_the_rest(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.store

    def poisoned(draft: Draft, writer: Writer) -> int:
        if any(b"=13," in row.body for row in draft.frames.values()):
            raise DataError("value out of range")
        return real(draft, writer)

    monkeypatch.setattr(store, "store", poisoned)
    start = now() - timedelta(minutes=2)
    frames = [
        data_frame(point.logger, start + timedelta(seconds=n), nox(n + 10))
        for n in range(8)
    ]
    outcome = take(*frames)
    assert (outcome.readings, outcome.refused) == (7, 1)
    assert refused()[0][0] == "refused"


def test_a_lost_database_leaves_the_batch_to_the_caller(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_args: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(store, "store", lost)
    with pytest.raises(OperationalError):
        take(data_frame(point.logger, now(), nox(1)))
    assert QuarantinedFrame.objects.count() == 0


def test_a_logger_with_another_crc_is_answered_in_kind() -> None:
    point = factories.point(factories.logger(crc="modbus_high_first"))
    frame = data_frame(point.logger, now(), nox(8))
    segment = frame[6:-6]
    sealed = b"##%04d%s%s\r\n" % (
        len(segment),
        segment,
        crc_text_as(segment, "modbus_high_first"),
    )
    (answer,) = take(sealed).answers
    assert Reading.objects.get().value == 8
    body = answer.payload[6:-6]
    assert answer.payload[-6:-2] == crc_text_as(body, "modbus_high_first")
