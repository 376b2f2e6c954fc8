"""Storing a draft: raw frames, readings, latest values, judging, quarantine."""

from collections.abc import Iterable, Iterator

from bozhou_eco.common import metrics
from polluters.ingest.draft import Draft
from polluters.ingest.registry import PointInfo
from polluters.ingest.rows import DataFrame, Key, Row
from polluters.ingest.writer import Writer, frame_lines, mark_seen, reading_lines
from polluters.services import devices, live, quarantine


def store(draft: Draft, writer: Writer) -> int:
    """Write a draft in the caller's transaction; return how many readings were new."""
    new = 0
    if draft.frames:
        writer.prepare(
            [frame.device_time for frame in draft.frames.values()]
            + [frame.time for frame in draft.rows.frames]
        )
        new = _store_readings(draft, writer)
    before = mark_seen(draft.seen)
    devices.came_back(
        [draft.known[key] for key, state in before.items() if state == "offline"],
        now=draft.now,
    )
    devices.take_events(draft.events, now=draft.now)
    for (logger_id, code), seen in draft.rows.unmapped.items():
        quarantine.note_unmapped(
            logger_id=logger_id,
            code=code,
            sample=seen.sample,
            count=seen.count,
            first=seen.first,
            last=seen.last,
        )
    quarantine.keep(draft.refused)
    return new


def _store_readings(draft: Draft, writer: Writer) -> int:
    rows = draft.rows
    keys = writer.write(frame_lines(draft.frames.values()), reading_lines(rows.frames))
    new = sum(f.count for f in rows.frames) if keys is None else len(keys)
    writer.update_latest(rows.frames)
    _judge(rows.frames, keys, draft)
    live.note_late(
        (frame.time, frame.point_ids()) for frame in rows.frames if frame.quality
    )
    if rows.repeats:
        more = writer.write_carefully("", reading_lines(rows.repeats))
        new += len(more)
        writer.update_latest(rows.repeats)
        _judge(rows.repeats, more, draft)
    return new


def _judge(frames: Iterable[DataFrame], keys: set[Key] | None, draft: Draft) -> None:
    """Judge the live readings among ``keys`` (None: all of the frames' are new)."""
    candidates: dict[int, tuple[PointInfo, Row]] = {}
    over: set[int] = set()
    for frame in frames if keys is not None else _worth_judging(frames):
        for point, row in frame.rows():
            if not point.judged or not frame.live:
                continue
            if keys is not None and (point.id, row.period, row.time) not in keys:
                continue
            known = candidates.get(point.id)
            if known is None or known[1].time <= row.time:
                candidates[point.id] = (point, row)
            if frame.over and live.beyond(row.value, row.converted, point):
                over.add(point.id)
    if candidates:
        live.judge(
            {key: row for key, (_, row) in candidates.items()}, over=over, now=draft.now
        )


def _worth_judging(frames: Iterable[DataFrame]) -> Iterator[DataFrame]:
    """Yield the frames with something over, and of the others each logger's newest.

    A value inside its limits only matters if it is the newest of its point: it may end
    a warning that is open.
    """
    newest: dict[tuple[int, int, int], DataFrame] = {}
    for frame in frames:
        if frame.over:
            yield frame
        elif frame.live:
            key = (frame.logger.id, frame.period, id(frame.layout))
            known = newest.get(key)
            if known is None or known.time <= frame.time:
                newest[key] = frame
    yield from newest.values()


def push(draft: Draft) -> None:
    """Show the newest live values of a committed draft on open pages."""
    newest: dict[int, DataFrame] = {}
    for frame in draft.rows.frames:
        if not frame.quality:
            known = newest.get(frame.logger.id)
            if known is None or known.time <= frame.time:
                newest[frame.logger.id] = frame
    if live.worth_pushing(len(newest)):
        live.push(
            {
                frame.logger.outlet_id: [row for _, row in frame.rows()]
                for frame in newest.values()
            },
            now=draft.now,
        )


def count(draft: Draft, new: int) -> None:
    """Count a committed draft for ``/metrics``."""
    metrics.count("hj212_frames_total", len(draft.frames))
    metrics.count("hj212_readings_total", new)
    metrics.count("hj212_bad_values_total", draft.rows.bad_values)
    for refused in draft.refused:
        metrics.count("hj212_refused_total", reason=refused.reason)
    for (_, code), seen in draft.rows.unmapped.items():
        metrics.count("hj212_unmapped_total", seen.count, code=code)
