"""Models are told apart by their bytes; figures compared; advice from own captures."""

from datetime import timedelta
from pathlib import Path

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests.factories import user
from tests.vehicles import capture_factories as make
from tests.vehicles.station_makers import honest
from tests.vehicles.test_exchange import finished
from vehicles.domain.inspection.process import Curve as ProcessData
from vehicles.domain.inspection.process import pack
from vehicles.models import Capture, Curve, CurveHash, ModelVersion
from vehicles.services import fingerprints, vision_models
from vehicles.services.vision_models import ModelRefusedError, worse_figures

NOW = make.NOW
SIZES = {"pictures": 40, "clear": 20}
WHOLE = {"site": {"candidate": SIZES, "active": SIZES}}


def register(path: Path, **more: object) -> ModelVersion:
    given = {"figures": WHOLE, "parents": {}, "actor": None, "now": NOW} | more
    return vision_models.register_model(name="试验", path=path, **given)


@pytest.mark.django_db
def test_a_model_file_is_registered_once_and_used_only_where_it_lies(
    tmp_path: Path,
) -> None:
    path, leader = tmp_path / "smoke.onnx", user(Role.LEADER)
    with pytest.raises(ModelRefusedError, match="模型文件不存在") as refused:
        register(path)
    assert str(path) in str(refused.value)
    assert not ModelVersion.objects.exists()
    path.write_bytes(b"weights")
    first = register(path)
    assert register(path, figures={"site": {}}).pk == first.pk
    assert ModelVersion.objects.get().figures == {"site": {}}
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["model.register", "model.compare"]
    path.write_bytes(b"other weights")
    assert register(path).pk != first.pk
    path.write_bytes(b"weights")
    register(path)
    give = {"model": first, "actor": leader, "reason": "", "now": NOW}
    path.unlink()
    with pytest.raises(ModelRefusedError, match="已不在原处"):
        vision_models.activate_model(**give)
    assert not ModelVersion.objects.filter(active=True).exists()
    path.write_bytes(b"weights")
    vision_models.activate_model(**give)
    assert vision_models.active_model_path() == path
    path.unlink()
    assert vision_models.active_model_path() is None


def test_a_folders_digest_holds_names_and_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"1")
    (folder / "deep" / "b.xml").write_bytes(b"2")
    first = vision_models.digest_of(folder)
    (folder / "a.bin").rename(folder / "c.bin")
    renamed = vision_models.digest_of(folder)
    (folder / "c.bin").write_bytes(b"3")
    assert len({first, renamed, vision_models.digest_of(folder)}) == 3


@pytest.mark.parametrize(
    ("rows", "behind"),
    [
        ({"image_recall": (0.8, 0.9)}, ["site image_recall 0.9→0.8"]),
        ({"image_recall": (0.9, 0.9)}, []),
        ({"clear_flagged": (0.2, 0.1)}, ["site clear_flagged 0.1→0.2"]),
        ({"clear_flagged": (0.1, 0.2)}, []),
        ({"image_recall": (None, 0.9), "smoke_map50": (0.5, None)}, []),
        ({"threshold": (0.1, 0.9)}, []),
    ],
    ids=["worse", "equal", "more-false", "fewer-false", "not-measured", "no-figure"],
)
def test_a_figure_is_behind_only_where_both_were_measured(
    rows: dict[str, tuple[float | None, float | None]], behind: list[str]
) -> None:
    sides = {
        side: {name: pair[place] for name, pair in rows.items()}
        for place, side in enumerate(("candidate", "active"))
    }
    assert worse_figures({"site": sides, "note": "trained on 12 sites"}) == behind
    assert worse_figures({"site": {"candidate": sides["candidate"]}}) == []


@pytest.mark.django_db
def test_advice_takes_each_proposal_for_the_knob_that_made_it() -> None:
    of = make.camera()
    given = [
        ("smoke", 2.5, "confirmed"),
        ("smoke", None, "confirmed"),
        ("unclear", 1.2, "rejected"),
        ("unclear", None, "confirmed"),
        ("not_smoke", 2.0, "rejected"),
        ("smoke", 2.5, "unclear"),
    ]
    for number, (proposal, level, state) in enumerate(given):
        at = NOW + timedelta(minutes=number)
        made = make.capture(of, at=at, proposal=proposal, level_value=level)
        final = {"plate_final": "新E0K73X", "color_final": "yellow", "level_final": 2}
        Capture.objects.filter(pk=made.pk).update(
            state=state, **(final if state == "confirmed" else {})
        )
    advice = vision_models.threshold_advice(of, now=NOW + timedelta(days=1))
    assert {knob: one.reviewed for knob, one in advice.items()} == {
        "strong_level": 1,
        "detector_alone": 2,
    }
    late = vision_models.threshold_advice(of, now=NOW + timedelta(days=400))
    assert {one.reviewed for one in late.values()} == {0}


# --- fingerprints -----------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("workers", [1, 2])
def test_fingerprints_are_made_in_batches_and_curves_without_identity_have_none(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "BATCH", 1)
    whole = honest("vmas").process
    short = ProcessData(
        {name: column[:3] for name, column in whole.columns.items()},
        whole.phases[:3],
        3,
    )
    rows = [finished() for _ in range(12)]
    for number, test in enumerate(rows):
        test.method = "vmas"
        test.state = "open" if number == 11 else "done"
        test.save()
        curve = short if number else whole
        Curve.objects.create(inspection=test, rows=1, data=pack(curve), sha256="0" * 64)
    CurveHash.objects.create(method="vmas", hash=1, curve_id=rows[5].pk, place=1)
    said: list[str] = []
    count = fingerprints.rebuild(workers=workers, say=said.append)
    assert count == CurveHash.objects.count() > 0
    owners = set(CurveHash.objects.values_list("curve_id", flat=True))
    assert owners == {rows[0].pk}, "what was there before is gone"
    assert said == ["10"]
