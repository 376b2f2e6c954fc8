"""The vision pipeline beside decode + bare model on the same clips, and its accuracy.

Clips and truth are the rendered ones that come with the project; photographs are no part
of it (figures on them are in docs/model_card.md, with how to repeat them).
"""

import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import django

from bench.figures import Figure, figure, median

ROOT = Path(__file__).resolve().parent.parent
PER_SECOND = 5.0


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


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(quick: bool) -> list[Figure]:
    """Return rates, their ratio, memory and the accuracy on the rendered clips."""
    _settings()
    # After the settings: these modules read them.
    from bozhou_eco.common.video import frames  # noqa: PLC0415
    from vehicles.demo import CLIPS  # noqa: PLC0415
    from vehicles.vision import pipeline, worker  # noqa: PLC0415

    eyes, plates = worker.eyes(), worker.plates()
    clips = sorted(CLIPS.glob("*.mp4"))[: 2 if quick else None]
    profile = pipeline.Profile()
    eyes.look(next(iter(frames(clips[0]))).image)
    ours, bare, pictures = [], [], 0
    results: dict[str, Any] = {}
    for path in clips:
        began = time.perf_counter()
        looked = [
            len(eyes.vehicles.detect(frame.image))
            for frame in frames(path, per_second=PER_SECOND)
        ]
        bare.append((time.perf_counter() - began) / len(looked))
        began = time.perf_counter()
        found = pipeline.analyse(
            frames(path, per_second=PER_SECOND),
            eyes=eyes,
            plates=plates,
            profile=profile,
            per_second=PER_SECOND,
        )
        ours.append((time.perf_counter() - began) / found.pictures)
        pictures += found.pictures
        results[path.stem] = found
    cores = os.cpu_count() or 1
    rate = 1 / median(ours)
    return [
        figure("pictures", pictures),
        figure("images_per_s", rate, "1/s"),
        figure("reference_images_per_s", 1 / median(bare), "1/s"),
        figure("ratio", median(bare) / median(ours), "x", ">=0.9"),
        figure("cameras_per_core_at_5fps", rate / PER_SECOND / cores, "cameras"),
        figure("rss_mb", _resident_mb(), "MB", "<=700"),
        *_accuracy(results),
    ]


def _accuracy(results: dict[str, Any]) -> list[Figure]:
    hits = truths = proposed = read = right = 0
    errors = []
    for name, found in results.items():
        truth = json.loads(
            (ROOT / "vehicles/demo_clips" / f"{name}.json").read_text(encoding="utf-8")
        )["spec"]
        candidates = found.candidates
        truths += truth["level"] > 0
        hits += truth["level"] > 0 and bool(candidates)
        proposed += len(candidates)
        for one in candidates:
            if one.verdict.level.determined and truth["level"] > 0:
                errors.append(abs(one.verdict.level.value - truth["level"]))
            if truth["level"] > 0:
                read += 1
                right += one.plate.text == truth["plate"].replace("·", "")
    return [
        figure("smoke_recall", hits / max(truths, 1), "", ">=0.9"),
        figure("smoke_precision", hits / max(proposed, 1), "", ">=0.95"),
        figure("ringelmann_mae", sum(errors) / max(len(errors), 1), "level", "<=0.5"),
        figure("plate_accuracy", right / max(read, 1), "", ">=0.95"),
    ]
