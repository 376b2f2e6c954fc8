"""The vision pipeline beside decode + bare model on the same segments, and its accuracy.

The reference decodes the same pictures and gives each to ``YOLO().predict`` of ultralytics
with the same weights, size and threads: what anyone would write. The pipeline
runs the network without that library's tensors; ``ratio_to_own_detector`` sets it beside
decoding and its own detector, which tells what following, measuring, voting and reading
plates cost. Rates are of processor time as
well as of the clock, taken in turn on each clip, so a busy machine troubles both alike.
Memory is that of a process that does what a worker does and nothing else. Accuracy is measured on rendered clips
with known truth: the drawn set (made here with a fixed seed) and, where road footage lies
beside the project, plumes rendered into it. Photographs are no part of the project; figures
on them are in docs/model_card.md, with how to repeat them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import django

from bench.figures import Figure, figure

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "var" / "bench" / "vision"
FOOTAGE = ROOT.parent / "shared" / "data" / "vision" / "video"
PER_SECOND = 5.0
# How many clips of each set the quick run measures, and the seconds it may spend on them.
QUICK_CLIPS, QUICK_SECONDS = 8, 25.0
# Clips whose cameras resolve plates, a set of their own: how many the quick run reads.
PLATE_SET, QUICK_PLATES = "plate-", 4
# Drawing what is missing is no part of the figures; the full run may take its time.
SETTLE_SECONDS = 1.0


def _settings() -> None:
    for name, value in (
        ("DJANGO_SETTINGS_MODULE", "bozhou_eco.settings"),
        ("BOZHOU_STAGE", "test"),
        ("SECRET_KEY", "bench-only-0123456789-0123456789-0123456789"),
        ("ALLOWED_HOSTS", "localhost"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ):
        os.environ.setdefault(name, value)
    django.setup()


def run(quick: bool) -> list[Figure]:
    """Return rates, their ratio, memory, delay and the accuracy on rendered clips."""
    _settings()
    rates = _rates(quick)
    rates.append(figure("rss_mb", _worker_mb(), "MB", "<=700"))
    return [*rates, *_accuracy(quick)]


WORKER = """
import sys
from pathlib import Path
import django
django.setup()
from bozhou_eco.common.video import frames
from vehicles.vision import worker
from vehicles.vision.analysis import Profile
from vehicles.vision.pipeline import analyse
for path in sys.argv[1:]:
    analyse(frames(Path(path), per_second=5.0), eyes=worker.eyes(), plates=worker.plates(),
            profile=Profile(), per_second=5.0)
# The peak of this program alone: what getrusage tells begins with the starter's.
status = Path('/proc/self/status').read_text()
print(int(status.split('VmHWM:')[1].split()[0]) / 1024)
"""


def _worker_mb() -> float:
    """The most memory that a process held which analysed the demo's clips one by one."""
    from vehicles.demo import CLIPS  # noqa: PLC0415

    clips = [str(path) for path in sorted(CLIPS.glob("*.mp4"))]
    done = subprocess.run(
        [sys.executable, "-c", WORKER, *clips],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return float(done.stdout.split()[-1])


class _Watch:
    """Clock and processor seconds of a block."""

    def __enter__(self) -> "_Watch":
        self._clock, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.clock = time.perf_counter() - self._clock
        self.cpu = time.process_time() - self._cpu


def _rates(quick: bool) -> list[Figure]:
    """The demo's clips, each decoded and detected bare and then analysed whole."""
    # After the settings: these modules read them.
    from bozhou_eco.common.video import frames  # noqa: PLC0415
    from vehicles.demo import CLIPS  # noqa: PLC0415
    from vehicles.vision import pipeline, worker  # noqa: PLC0415
    from vehicles.vision.analysis import Profile  # noqa: PLC0415
    from vehicles.vision.evidence import make_draft  # noqa: PLC0415

    eyes, plates = worker.eyes(), worker.plates()
    clips = sorted(CLIPS.glob("*.mp4"))
    clips = clips[1:3] if quick else clips
    first = next(iter(frames(clips[0]))).image
    eyes.look(first), eyes.vehicles.predict(first)  # the first time each gets ready
    rows = []
    for path in clips:
        with _Watch() as alone:
            count = sum(
                bool(eyes.vehicles.predict(frame.image) or True)
                for frame in frames(path, per_second=PER_SECOND)
            )
        with _Watch() as own:
            for frame in frames(path, per_second=PER_SECOND):
                eyes.vehicles.detect(frame.image)
        with _Watch() as whole:
            found = pipeline.analyse(
                frames(path, per_second=PER_SECOND),
                eyes=eyes,
                plates=plates,
                profile=Profile(),
                per_second=PER_SECOND,
            )
        with _Watch() as proving:
            for one in found.candidates:
                _draft(make_draft, one, found, path)
        rows.append(_Row(count, alone, own, whole, whole.clock + proving.clock))
    return _rate_figures(rows)


@dataclass
class _Row:
    """A clip: its pictures and what each way of looking at it took."""

    pictures: int
    bare: _Watch
    own: _Watch
    ours: _Watch
    delay: float


def _rate_figures(rows: list[_Row]) -> list[Figure]:
    segment, margin = 10.0, 5.0
    return [
        figure("pictures", sum(row.pictures for row in rows)),
        figure(
            "images_per_s", median(row.pictures / row.ours.clock for row in rows), "1/s"
        ),
        figure(
            "reference_images_per_s",
            median(row.pictures / row.bare.clock for row in rows),
            "1/s",
        ),
        figure(
            "ratio",
            median(row.bare.clock / row.ours.clock for row in rows),
            "x",
            ">=0.9",
        ),
        figure(
            "ratio_of_processor_time",
            median(row.bare.cpu / row.ours.cpu for row in rows),
            "x",
        ),
        figure(
            "ratio_to_own_detector",
            median(row.own.cpu / row.ours.cpu for row in rows),
            "x",
        ),
        figure(
            "cameras_per_core_at_5fps",
            median(row.pictures / row.ours.cpu for row in rows) / PER_SECOND,
            "cameras",
        ),
        # A car in the first second of a piece waits for the rest of it and its margin.
        figure(
            "site_to_queue_p95_s",
            segment + margin + SETTLE_SECONDS + max(row.delay for row in rows),
            "s",
            "<=30",
        ),
    ]


def _draft(make_draft: Any, candidate: Any, analysis: Any, path: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    make_draft(
        candidate=candidate,
        analysis=analysis,
        video=path,
        begins=datetime(2026, 11, 23, tzinfo=UTC),
        key="bench",
        margin=5.0,
    )


def _clips(quick: bool) -> Iterator[Path]:
    """Clips with their truth, made where they are missing."""
    from vehicles.vision.render.clips import (  # noqa: PLC0415
        demo_specs,
        measure_specs,
        measure_view,
        render,
    )
    from vehicles.vision.render.footage import footage_specs, render_over  # noqa: PLC0415

    if quick:
        every = sorted(CACHE.glob("*.json"))
        kept = [one for one in every if not one.name.startswith(PLATE_SET)]
        step = max(len(kept) // QUICK_CLIPS, 1)
        from vehicles.demo import CLIPS  # noqa: PLC0415

        yield from (CLIPS / f"{spec.name}.mp4" for spec in demo_specs())
        yield from (path.with_suffix(".mp4") for path in kept[::step])
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    for number, spec in enumerate(measure_specs()):
        if not (CACHE / f"{spec.name}.json").exists():
            render(spec, CACHE, view=measure_view(number))
        yield CACHE / f"{spec.name}.mp4"
    for video in sorted(FOOTAGE.glob("road_*.mp4")):
        for job in footage_specs(video):
            if not (CACHE / f"{job.name}.json").exists():
                render_over(job, CACHE)
            yield CACHE / f"{job.name}.mp4"


def _plate_clips(quick: bool) -> Iterator[Path]:
    """Clips of capture cameras, series 0, made where they are missing."""
    from vehicles.vision.render.clips import render  # noqa: PLC0415
    from vehicles.vision.render.plate_clips import (  # noqa: PLC0415
        plate_specs,
        plate_view,
    )

    if quick:
        kept = sorted(CACHE.glob(f"{PLATE_SET}*.json"))[:QUICK_PLATES]
        yield from (path.with_suffix(".mp4") for path in kept)
        return
    for spec in plate_specs():
        if not (CACHE / f"{spec.name}.json").exists():
            render(spec, CACHE, view=plate_view(spec))
        yield CACHE / f"{spec.name}.mp4"


def _plates(quick: bool, narrow: list[Any]) -> list[Figure]:
    """Plates by the vote of a track: capture cameras, and the narrow drawn views."""
    from vehicles.vision import worker  # noqa: PLC0415
    from vehicles.vision.measuring import plate_totals, score_clip  # noqa: PLC0415

    eyes, plates = worker.eyes(), worker.plates()
    scores = [
        score_clip(path, eyes=eyes, plates=plates, per_second=PER_SECOND)
        for path in _plate_clips(quick)
    ]
    figures = []
    for name, rows in (("", scores), ("_narrow", narrow)):
        for key, value in plate_totals(rows).items():
            if value is None or not rows:
                continue
            must = ">=0.95" if key == "plate_accuracy" and not name else ""
            figures.append(figure(f"{key}{name}", value, "", must))
    return figures


def _accuracy(quick: bool) -> list[Figure]:
    from vehicles.vision import worker  # noqa: PLC0415
    from vehicles.vision.measuring import score_clip, totals  # noqa: PLC0415

    eyes, plates = worker.eyes(), worker.plates()
    scores, spent = [], time.monotonic()
    for path in _clips(quick):
        scores.append(score_clip(path, eyes=eyes, plates=plates, per_second=PER_SECOND))
        if quick and time.monotonic() - spent > QUICK_SECONDS:
            break
    figures = [figure("clips", len(scores))]
    drawn = [one for one in scores if one.truth.plate]
    filmed = [one for one in scores if not one.truth.plate]
    for name, rows in (("", scores), ("_drawn", drawn), ("_footage", filmed)):
        found = totals(rows)
        for key, must in (
            ("recall", ">=0.9"),
            ("precision", ">=0.95"),
            ("ringelmann_mae", "<=0.5"),
        ):
            value = found[key]
            if value is None:
                continue
            label = key if key.startswith("ring") else f"smoke_{key}"
            unit = "level" if key == "ringelmann_mae" else ""
            if name:
                figures.append(figure(f"{label}{name}", value, unit))
            else:
                figures.append(figure(label, value, unit, must))
    figures += _plates(quick, drawn)
    if not quick:
        figures.append(figure("captures_on_clean_footage", _clean(), "", "<=0"))
    return figures


def _clean() -> int:
    """Captures on real traffic without smoke; 0 where there is no footage."""
    from bozhou_eco.common.video import frames  # noqa: PLC0415
    from vehicles.vision import pipeline, worker  # noqa: PLC0415
    from vehicles.vision.analysis import Profile  # noqa: PLC0415

    return sum(
        len(
            pipeline.analyse(
                frames(video, per_second=PER_SECOND),
                eyes=worker.eyes(),
                plates=worker.plates(),
                profile=Profile(),
                per_second=PER_SECOND,
            ).candidates
        )
        for video in sorted(FOOTAGE.glob("road_*.mp4"))
    )
