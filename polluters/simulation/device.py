"""A data logger as a state machine without sockets: bytes in, bytes out.

It sends on its schedule, keeps what got no 9014, sends it again (time-out × count),
then keeps it for later; answers requests with 9011, data and 9012.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from polluters.domain.hj212 import (
    BEIJING,
    Frame,
    Item,
    StreamBuffer,
    decode_frame,
    encode_frame,
    encode_parts,
)
from polluters.domain.hj212.crc import crc_text_as
from polluters.simulation import records
from polluters.simulation.process import OutletProcess
from polluters.simulation.requests import answer_request

BACKLOG_MAX = 50_000
BACKLOG_AT_ONCE = 20
BACKLOG_RETRY_S = 30.0
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(slots=True)
class Record:
    """One upload in a form that can be written again with a new QN."""

    cn: str
    params: dict[str, str | datetime]
    items: list[Item]
    needs_ack: bool
    st: str = ""


@dataclass(slots=True)
class Pending:
    """A frame that waits for its 9014; ``due`` is on the wall clock."""

    record: Record
    raw: bytes
    due: float
    tries: int = 1


@dataclass(slots=True)
class Settings:
    """What the platform may set (§6.7, 1000, 1062, 1064, 1072)."""

    password: str
    real_time_s: int
    minute_interval: int
    timeout_s: float = 10.0
    resends: int = 3
    real_time: bool = True
    states: bool = True


@dataclass(slots=True)
class Counts:
    """What happened so far."""

    sent: int = 0
    resent: int = 0
    acked: int = 0
    backlogged: int = 0
    requests: int = 0


@dataclass(slots=True)
class Device:
    """One logger with its outlet's process.

    ``tick(now, wall)`` gives what is to be sent: ``now`` is the simulated moment,
    ``wall`` a monotonic clock in seconds for time-outs. ``receive`` gives answers.
    """

    process: OutletProcess
    settings: Settings
    real_time_ack: bool = True
    clock_offset: timedelta = timedelta()
    counts: Counts = field(default_factory=Counts)
    pending: dict[str, Pending] = field(default_factory=dict)
    backlog: deque[Record] = field(default_factory=lambda: deque(maxlen=BACKLOG_MAX))
    stream: StreamBuffer = field(default_factory=StreamBuffer)
    actions: list[tuple[str, str, datetime]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    sampling: tuple[str, int] = ("000000", 2)
    _next: dict[str, datetime] = field(default_factory=dict)
    _last_qn: datetime | None = None
    _retry_at: float = 0.0
    _greeted: bool = False

    @classmethod
    def of(cls, process: OutletProcess) -> "Device":
        """Make the device an outlet's specification describes."""
        logger = process.spec.logger
        return cls(
            process=process,
            settings=Settings(
                logger.password, logger.rtd_interval_s, logger.minute_interval
            ),
            real_time_ack=process.seed % 2 == 0,
        )

    @property
    def mn(self) -> str:
        """The device's MN."""
        return self.process.spec.logger.mn

    @property
    def st(self) -> str:
        """31 for flue gas, 32 for waste water."""
        return "31" if self.process.spec.medium == "gas" else "32"

    @property
    def version(self) -> int:
        """The version of the protocol it speaks."""
        return self.process.spec.logger.version

    # --- sending --------------------------------------------------------------

    def tick(self, now: datetime, wall: float) -> list[bytes]:
        """Return the frames to send now; none while there is no connection."""
        fresh = list(self._due(now))
        if not self.process.online(now):
            self._store(fresh)
            self._give_up_pending()
            return []
        out = list(self._resend(now, wall))
        for record in fresh:
            out += self.send_record(record, now, wall)
        if self.backlog and wall >= self._retry_at:
            out += self._flush(now, wall)
        return out

    def _due(self, now: datetime) -> Iterator[Record]:
        """Yield the records whose time has come."""
        if not self._greeted:
            self._greeted = True
            if self.version >= 2017:
                yield self._start_record(now)
        for cn, period in self._schedule():
            at = self._next.get(cn)
            if at is None:
                self._next[cn] = self._first(cn, now, period)
                continue
            while at <= now:
                record = self._record(cn, at, period)
                if record is not None:
                    yield record
                at += period
            self._next[cn] = at

    def _schedule(self) -> Iterator[tuple[str, timedelta]]:
        settings = self.settings
        if settings.real_time:
            yield "2011", timedelta(seconds=settings.real_time_s)
        yield "2051", MINUTE * settings.minute_interval
        if settings.states:
            yield "2021", timedelta(minutes=10)
        yield "2061", HOUR
        yield "2031", DAY
        yield "2041", DAY

    def _first(self, cn: str, now: datetime, period: timedelta) -> datetime:
        """Return the first moment: periods at their ends, the rest spread out."""
        start = self.period_start(now, period)
        if cn == "2011":
            at = start + timedelta(
                seconds=self.process.seed % int(period.total_seconds())
            )
            return at if at > now else at + period
        return start + period

    def _record(self, cn: str, at: datetime, period: timedelta) -> Record | None:
        """Return the record that falls due at ``at``: a moment or a period's end."""
        if cn == "2011":
            items = records.real_time_items(self.process, at)
            return Record(cn, {"DataTime": at}, items, self.real_time_ack)
        if cn == "2021":
            items = records.state_items(self.process, at)
            return Record(cn, {"DataTime": at}, items, needs_ack=False)
        return self.history_record(cn, at - period, period)

    def history_record(self, cn: str, start: datetime, period: timedelta) -> Record:
        """Return a 2051, 2061, 2031 or 2041 over the period that begins at ``start``."""
        label = start
        if self.process.spec.logger.time_label == "end":
            label = start + period
        if cn == "2041":
            return Record(cn, {"DataTime": label}, records.run_time_items(), True)
        samples = {
            "2051": records.MINUTE_SAMPLES * max(1, round(period / MINUTE)),
            "2061": records.HOUR_SAMPLES,
            "2031": records.DAY_SAMPLES,
        }[cn]
        items = records.mean_items(self.process, start, period, samples)
        return Record(cn, {"DataTime": label}, items, needs_ack=True)

    def _start_record(self, now: datetime) -> Record:
        params: dict[str, str | datetime] = {"DataTime": now, "RestartTime": now}
        return Record("2081", params, [], needs_ack=True)

    def send_record(
        self, record: Record, now: datetime, wall: float, *, again: bool = False
    ) -> list[bytes]:
        """Write a record's frames and remember those that ask for a 9014."""
        frames = self.write(record, now, again=again)
        for raw in frames:
            self.counts.sent += 1
            if record.needs_ack:
                qn = raw[raw.index(b"QN=") + 3 :][:17].decode()
                due = wall + self.settings.timeout_s
                self.pending[qn] = Pending(record, raw, due)
        return frames

    def write(
        self, record: Record, now: datetime, *, again: bool = False
    ) -> list[bytes]:
        """Return a record's frames under new QNs, with this device's CRC."""
        key = self.process.spec.logger.key_current
        frames = encode_parts(
            st=record.st or self.st,
            cn=record.cn,
            mn=self.mn,
            pw=self.settings.password,
            qn=self.new_qn(now),
            version=self.version,
            needs_ack=record.needs_ack,
            params=record.params,
            items=record.items,
            rf=again and self.version == 2025,
            key=bytes.fromhex(key) if key and record.cn[0] == "2" else None,
        )
        self._last_qn = self._last_qn and self._last_qn + timedelta(
            milliseconds=len(frames)
        )
        return [self.with_own_crc(raw) for raw in frames]

    def new_qn(self, now: datetime) -> datetime:
        """Return the device's time, never the same twice."""
        moment = now + self.clock_offset
        if self._last_qn is not None and moment <= self._last_qn:
            moment = self._last_qn + timedelta(milliseconds=1)
        self._last_qn = moment
        return moment

    def with_own_crc(self, raw: bytes) -> bytes:
        """Replace the CRC by the wrong one that this make of device computes."""
        kind = self.process.spec.logger.crc
        if kind == "standard":
            return raw
        return raw[:-6] + crc_text_as(raw[6:-6], kind) + b"\r\n"

    # --- what is not acknowledged ---------------------------------------------

    def _resend(self, now: datetime, wall: float) -> Iterator[bytes]:
        """Yield again what timed out; after the last try it goes to the backlog."""
        for qn, waiting in list(self.pending.items()):
            if waiting.due > wall:
                continue
            if waiting.tries > self.settings.resends:
                del self.pending[qn]
                self._store([waiting.record])
                self._retry_at = wall + BACKLOG_RETRY_S
                continue
            waiting.tries += 1
            waiting.due = wall + self.settings.timeout_s
            self.counts.resent += 1
            yield waiting.raw

    def _store(self, fresh: list[Record]) -> None:
        for record in fresh:
            if record.cn != "2021":
                self.backlog.append(replace(record, needs_ack=True))
                self.counts.backlogged += 1

    def _give_up_pending(self) -> None:
        records_left = {id(p.record): p.record for p in self.pending.values()}
        self.pending.clear()
        self._store(list(records_left.values()))

    def _flush(self, now: datetime, wall: float) -> list[bytes]:
        """Send some of the backlog, oldest first; go on when it is acknowledged."""
        out: list[bytes] = []
        room = BACKLOG_AT_ONCE - len(self.pending)
        for _ in range(min(room, len(self.backlog))):
            out += self.send_record(self.backlog.popleft(), now, wall, again=True)
        return out

    # --- receiving ------------------------------------------------------------

    def receive(self, data: bytes, now: datetime, wall: float) -> list[bytes]:
        """Take bytes from the platform; return the frames to answer with."""
        out: list[bytes] = []
        if not self.process.online(now):
            return out
        for raw in self.stream.feed(data):
            if not isinstance(raw, bytes):
                continue
            kind = self.process.spec.logger.crc
            frame = decode_frame(raw, accept_crc=None if kind == "standard" else kind)
            if isinstance(frame, Frame) and frame.mn == self.mn:
                out += self._answer(frame, now, wall)
        return out

    def _answer(self, frame: Frame, now: datetime, wall: float) -> list[bytes]:
        if frame.cn in ("9014", "9013"):
            if frame.qn and self.pending.pop(frame.qn, None) is not None:
                self.counts.acked += 1
            return []
        self.counts.requests += 1
        return answer_request(self, frame, now, wall)

    def period_start(self, moment: datetime, period: timedelta) -> datetime:
        """Return the start of the period that holds a moment, in Beijing time."""
        local = moment.astimezone(BEIJING)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + period * ((local - midnight) // period)

    def reschedule(self, cn: str) -> None:
        """Begin a schedule anew after its interval was set."""
        self._next.pop(cn, None)

    def forget_last_qn(self) -> None:
        """Let QNs follow a clock that was set back."""
        self._last_qn = None

    def reply(self, frame: Frame, cn: str, params: dict[str, str]) -> bytes:
        """Return a 9011, 9012 or 9013 under the request's QN."""
        return self.with_own_crc(
            encode_frame(
                st="91",
                cn=cn,
                mn=self.mn,
                pw=self.settings.password,
                qn=frame.qn,
                version=self.version,
                params=params,
            )
        )

    def upload(
        self,
        frame: Frame,
        params: dict[str, str | datetime],
        items: list[Item],
    ) -> bytes:
        """Return data that answer a request, under its QN and command (C.3, C.9 …)."""
        return self.with_own_crc(
            encode_frame(
                st=self.st,
                cn=frame.cn,
                mn=self.mn,
                pw=self.settings.password,
                qn=frame.qn,
                version=self.version,
                params=params,
                items=items,
            )
        )
