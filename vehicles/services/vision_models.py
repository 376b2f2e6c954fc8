"""Trained models and cameras' thresholds: registered, compared, put to use by a person."""

import hashlib
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry
from vehicles.domain.smoke.thresholds import Advice, Judged, advise
from vehicles.domain.smoke.verdict import Thresholds
from vehicles.models import Camera, Capture, ModelVersion, Objection

LOOK_BACK = timedelta(days=365)
# Figures in which less is better; in all others more is.
LESS_IS_BETTER = frozenset({"clear_flagged"})
COMPARED = (
    "smoke_map50",
    "image_recall",
    "clear_flagged",
    "vehicle_recall",
    "vehicle_precision",
)
# A set with fewer pictures, or almost none of a kind, cannot carry a decision: a model
# that sees no smoke at all is faultless on clear roads.
LEAST_PICTURES, LEAST_OF_A_KIND = 20, 5


class ModelRefusedError(ValueError):
    """A model that cannot be used; the message says why, in Chinese."""


def digest_of(path: Path) -> str:
    """SHA-256 over a weight file, or over the names and bytes of a folder's files."""
    digest = hashlib.sha256()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
    for one in files:
        digest.update(one.relative_to(path).as_posix().encode())
        digest.update(one.read_bytes())
    if path.is_file():
        digest.update(path.read_bytes())
    return digest.hexdigest()


@transaction.atomic
def register_model(
    *,
    name: str,
    path: Path,
    figures: dict[str, object],
    parents: dict[str, object],
    actor: User | None,
    now: datetime,
) -> ModelVersion:
    """Enter a trained model with its figures; the same files again renew the figures."""
    if not path.exists():
        raise ModelRefusedError(f"模型文件不存在：{path}")
    digest = digest_of(path)
    model, created = ModelVersion.objects.update_or_create(
        sha256=digest,
        defaults={"figures": figures, "path": str(path.resolve())},
        create_defaults={
            "name": f"{name}@{digest[:12]}",
            "path": str(path.resolve()),
            "made_at": now,
            "parents": parents,
            "figures": figures,
        },
    )
    audit.record(
        actor=actor,
        act="model.register" if created else "model.compare",
        subject=f"model:{model.pk}",
        detail={"sha256": digest, "figures": figures},
        kind=AuditEntry.Kind.CONFIG,
        now=now,
    )
    return model


def worse_figures(figures: dict[str, object]) -> list[str]:
    """Where a candidate falls behind the active model: ``set figure`` in words."""
    behind = []
    for set_name, rows in figures.items():
        if not isinstance(rows, dict):
            continue
        ours, theirs = rows.get("candidate") or {}, rows.get("active") or {}
        for figure in COMPARED:
            new, old = ours.get(figure), theirs.get(figure)
            if new is None or old is None:
                continue
            worse = new > old if figure in LESS_IS_BETTER else new < old
            if worse:
                behind.append(f"{set_name} {figure} {old}→{new}")
    return behind


def _check(model: ModelVersion, reason: str) -> None:
    path = Path(model.path)
    if not path.exists():
        raise ModelRefusedError("模型文件已不在原处")
    if digest_of(path) != model.sha256:
        raise ModelRefusedError("模型文件与登记时的摘要不符")
    compared = [rows for rows in model.figures.values() if isinstance(rows, dict)]
    if not any(_large_enough(rows.get("candidate") or {}) for rows in compared):
        raise ModelRefusedError(
            f"未在不少于 {LEAST_PICTURES} 张、黑烟与清洁道路各不少于 {LEAST_OF_A_KIND} 张"
            "的图片集上与现用模型比较，不能启用"
        )
    if worse_figures(model.figures) and len(reason) < 5:
        raise ModelRefusedError("部分指标不如现用模型，须写明启用理由（不少于 5 字）")


def _large_enough(figures: dict[str, float]) -> bool:
    pictures, clear = figures.get("pictures", 0), figures.get("clear", 0)
    fewest = min(clear, pictures - clear)
    return pictures >= LEAST_PICTURES and fewest >= LEAST_OF_A_KIND


@transaction.atomic
def activate_model(
    *, model: ModelVersion, actor: User, reason: str, now: datetime
) -> ModelVersion:
    """Put a compared model to use; workers take it with their next segment."""
    reason = reason.strip()[:200]
    held = ModelVersion.objects.select_for_update().get(pk=model.pk)
    _check(held, reason)
    before = ModelVersion.objects.filter(active=True).exclude(pk=held.pk)
    names = list(before.values_list("name", flat=True))
    before.update(active=False)
    held.active, held.activated_by, held.activated_at = True, actor, now
    held.save(update_fields=["active", "activated_by", "activated_at"])
    audit.record(
        actor=actor,
        act="model.activate",
        subject=f"model:{held.pk}",
        detail={
            "before": names,
            "reason": reason,
            "worse": worse_figures(held.figures),
            "sha256": held.sha256,
        },
        kind=AuditEntry.Kind.CONFIG,
        now=now,
    )
    return held


@transaction.atomic
def retire_model(*, actor: User, now: datetime) -> None:
    """Go back to the model that came with the platform."""
    names = list(
        ModelVersion.objects.filter(active=True).values_list("name", flat=True)
    )
    ModelVersion.objects.filter(active=True).update(active=False)
    audit.record(
        actor=actor,
        act="model.retire",
        subject="model:built-in",
        detail={"before": names},
        kind=AuditEntry.Kind.CONFIG,
        now=now,
    )


def active_model_path() -> Path | None:
    """The smoke model people put to use, or None for the one of the settings."""
    row = ModelVersion.objects.filter(active=True).values_list("path", flat=True)
    path = Path(row[0]) if row else None
    return path if path is not None and path.exists() else None


def models_folder() -> Path:
    """Where trained models are kept on this host."""
    return Path(settings.MEDIA_ROOT) / "models"


# What decides a proposal, by how it was made.
KNOBS = {"strong_level": "仅透过率支持", "detector_alone": "仅检测模型支持"}


def threshold_advice(camera: Camera, *, now: datetime) -> dict[str, Advice]:
    """What a camera's own decided captures say of its thresholds."""
    base = Thresholds()
    rows: dict[str, list[Judged]] = {knob: [] for knob in KNOBS}
    decided = Capture.objects.filter(
        camera=camera,
        origin=Capture.Origin.SEGMENT,
        state__in=(Capture.State.CONFIRMED, Capture.State.REJECTED),
        captured_at__gte=now - LOOK_BACK,
        reread=False,
    )
    # An objection may be upheld for the plate: it says nothing about the smoke.
    decided = decided.exclude(objections__state=Objection.State.UPHELD)
    rows_of = decided.values_list("proposal", "level_value", "confidence", "state")
    for proposal, level, confidence, state in rows_of:
        smoke = state == Capture.State.CONFIRMED
        if proposal == "smoke" and level is not None:
            rows["strong_level"].append(Judged(level, smoke))
        elif proposal == "unclear":
            rows["detector_alone"].append(Judged(confidence, smoke))
    return {
        knob: advise(
            found,
            current=float(camera.thresholds.get(knob, getattr(base, knob))),
        )
        for knob, found in rows.items()
    }


@transaction.atomic
def take_advice(*, camera: Camera, actor: User, now: datetime) -> dict[str, object]:
    """Set a camera's thresholds as its own captures advise; the version goes up."""
    held = Camera.objects.select_for_update().get(pk=camera.pk)
    advice = threshold_advice(held, now=now)
    changes: dict[str, object] = {
        knob: one.threshold for knob, one in advice.items() if one.threshold is not None
    }
    if not changes:
        return {}
    before = dict(held.thresholds)
    Camera.objects.filter(pk=held.pk).update(
        thresholds={**before, **changes},
        thresholds_version=F("thresholds_version") + 1,
    )
    audit.record(
        actor=actor,
        act="camera.thresholds",
        subject=f"camera:{held.pk}",
        detail={
            "before": before,
            "set": changes,
            "why": {knob: asdict(one) for knob, one in advice.items()},
        },
        kind=AuditEntry.Kind.CONFIG,
        now=now,
    )
    return changes
