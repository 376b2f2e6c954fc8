"""Verdicts become labels, labels a candidate, a person the one who lets it in."""

import io
import json
import shutil
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.domain.smoke.thresholds import LEAST_REVIEWED, Judged, advise
from vehicles.management.commands.train_smoke import model_in_use
from vehicles.models import Capture, CaptureFile, ModelVersion, Objection
from vehicles.services.vision_models import (
    ModelRefusedError,
    activate_model,
    active_model_path,
    register_model,
    take_advice,
    threshold_advice,
)
from vehicles.vision import worker
from vehicles.vision.config import WEIGHTS, load_config
from vehicles.vision.training.seen import note_seen, picture_digest, seen_by

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def pictures(count: int) -> list[bytes]:
    rng = np.random.default_rng(5)
    made = []
    for _ in range(count):
        image = rng.integers(60, 160, (120, 160, 3)).astype(np.uint8)
        made.append(bytes(cv2.imencode(".jpg", image)[1]))
    return made


def decided(state: str, number: int, **more: object) -> Capture:
    at = NOW + timedelta(minutes=number)
    capture = make.capture(of=make.camera(), at=at, **more)
    values: dict[str, object] = {"state": state, "decided_at": at}
    if state == Capture.State.CONFIRMED:
        values |= {"plate_final": "新E0K73X", "color_final": "yellow", "level_final": 3}
    Capture.objects.filter(pk=capture.pk).update(**values)
    capture.refresh_from_db()
    return capture


def test_verdicts_are_exported_as_labels_with_their_origin(tmp_path: Path) -> None:
    smoke = decided(Capture.State.CONFIRMED, 1)
    clear = decided(Capture.State.REJECTED, 2)
    decided(Capture.State.UNCLEAR, 3)
    withdrawn = decided(Capture.State.REJECTED, 4)
    Objection.objects.create(
        capture=withdrawn,
        name="某",
        phone="1",
        statement="套牌",
        at=NOW,
        state="upheld",
    )
    unmarked = smoke.files.filter(kind=CaptureFile.Kind.FRAME).order_by("place").last()
    CaptureFile.objects.filter(pk=unmarked.pk).update(plume_box=None)
    call_command("export_dataset", str(tmp_path / "set"))
    origin = json.loads((tmp_path / "set" / "provenance.json").read_text())
    verdicts = [one["verdict"] for one in origin]
    # Two marked frames of the confirmed one, three of the rejected one, none unclear.
    assert sorted(verdicts) == ["confirmed"] * 2 + ["rejected"] * 3
    label = (tmp_path / "set" / "labels" / f"capture-{smoke.pk}-1.txt").read_text()
    kind, *box = (float(part) for part in label.split())
    assert kind == 0
    assert box == pytest.approx([0.75, 0.45, 0.3, 0.3])
    empty = tmp_path / "set" / "labels" / f"capture-{clear.pk}-1.txt"
    assert empty.read_text() == ""
    for one in origin:
        assert len(one["sha256"]) == 64
        assert one["site"]
        assert one["decided_at"]


def candidate(tmp_path: Path) -> Path:
    """The active weights in a folder of their own, with something to tell them apart."""
    target = tmp_path / "other_openvino_model"
    shutil.copytree(load_config().smoke_model, target)
    (target / "note.txt").write_text("candidate")
    return target


def site_set(tmp_path: Path, count: int = 3) -> Path:
    folder = tmp_path / "set"
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number, content in enumerate(pictures(count)):
        (folder / "images" / f"capture-{number}-1.jpg").write_bytes(content)
        (folder / "labels" / f"capture-{number}-1.txt").write_text("")
    (folder / "provenance.json").write_text("[]")
    return folder


def test_a_candidate_is_compared_and_entered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, folder = candidate(tmp_path), site_set(tmp_path)
    call_command("compare_models", str(model), "--site", str(folder))
    told = json.loads(capsys.readouterr().out)
    assert told["worse"] == []
    assert told["figures"]["site"]["candidate"]["pictures"] == 3
    row = ModelVersion.objects.get()
    assert not row.active
    assert row.figures["site"]["active"]["clear"] == 3
    # Three pictures are not enough to let it in.
    with pytest.raises(ModelRefusedError, match="不少于 20 张"):
        activate_model(model=row, actor=user(Role.LEADER), reason="", now=NOW)
    with pytest.raises(CommandError, match="至少一个数据集"):
        call_command("compare_models", str(model))


def test_a_candidate_is_never_judged_by_what_it_learnt_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, folder = candidate(tmp_path), site_set(tmp_path)
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    sides = {f"capture-{number}-1.jpg": "train" for number in range(3)}
    sides["capture-2-1.jpg"] = "test"
    for gone in ("train", "test"):
        sides["gone.jpg"] = gone
        (prepared / "split.json").write_text(json.dumps({"sides": sides}))
        assert note_seen(model, source=folder, prepared=prepared) == 2
    call_command("compare_models", str(model), "--site", str(folder))
    told = json.loads(capsys.readouterr().out)["figures"]["site"]
    assert (told["candidate"]["pictures"], told["active"]["pictures"]) == (1, 1)
    assert told["left_out"] == 2
    client = Client()
    client.force_login(user(Role.LEADER))
    page = client.get(reverse("vehicles:vision_models")).content.decode()
    assert "不含训练用过的 2 张" in page
    sides["capture-2-1.jpg"] = "val"
    (prepared / "split.json").write_text(json.dumps({"sides": sides}))
    note_seen(model, source=folder, prepared=prepared)
    with pytest.raises(CommandError, match="都用于训练过"):
        call_command("compare_models", str(model), "--site", str(folder))


@pytest.mark.parametrize(
    ("pictures", "clear", "good"),
    [(20, 15, True), (20, 5, True), (19, 9, False), (20, 16, False), (20, 4, False)],
)
def test_a_set_of_almost_one_kind_lets_no_model_in(
    tmp_path: Path, pictures: int, clear: int, good: bool
) -> None:
    row = registered(tmp_path)
    for side in ("candidate", "active"):
        row.figures["site"][side] |= {"pictures": pictures, "clear": clear}
    row.save()
    if good:
        assert activate_model(model=row, actor=user(Role.LEADER), reason="", now=NOW)
        return
    with pytest.raises(ModelRefusedError, match="各不少于 5 张"):
        activate_model(model=row, actor=user(Role.LEADER), reason="", now=NOW)


@pytest.mark.parametrize(
    ("clear", "absent"),
    [(40, ["烟羽 mAP50", "图片召回"]), (0, ["清洁误报"]), (20, [])],
)
def test_what_a_set_cannot_tell_is_not_told(
    tmp_path: Path, clear: int, absent: list[str]
) -> None:
    row = registered(tmp_path)
    for side in ("candidate", "active"):
        row.figures["site"][side]["clear"] = clear
    row.save()
    client = Client()
    client.force_login(user(Role.LEADER))
    page = client.get(reverse("vehicles:vision_models")).content.decode()
    for name in ("烟羽 mAP50", "图片召回", "清洁误报", "车辆召回"):
        assert (name in page) is (name not in absent), name


def registered(tmp_path: Path, *, recall: float = 0.95) -> ModelVersion:
    figures = {
        "pictures": 40, "clear": 20, "smoke_map50": 0.8, "threshold": 0.15,
        "image_recall": 0.94, "clear_flagged": 0.0, "vehicle_recall": 0.9,
        "vehicle_precision": 0.9,
    }  # fmt: skip
    return register_model(
        name="试验",
        path=candidate(tmp_path),
        figures={
            "site": {"candidate": figures | {"image_recall": recall}, "active": figures}
        },
        parents={},
        actor=None,
        now=NOW,
    )


def test_a_person_lets_a_model_in_and_workers_take_it(tmp_path: Path) -> None:
    row = registered(tmp_path)
    before = worker.eyes_in_use().version
    leader = user(Role.LEADER)
    client = Client()
    client.force_login(leader)
    page = client.get(reverse("vehicles:vision_models")).content.decode()
    assert "试验@" in page
    answer = client.post(reverse("vehicles:vision_model_activate", args=[row.pk]))
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.active, row.activated_by) == (True, leader)
    assert active_model_path() == model_in_use() == Path(row.path)
    assert worker.eyes_in_use().version.startswith("other_openvino_model@")
    assert AuditEntry.objects.filter(act="model.activate").count() == 1
    client.post(reverse("vehicles:vision_model_retire"))
    assert worker.eyes_in_use().version == before
    assert model_in_use() == WEIGHTS / "smoke_openvino_model"
    (tmp_path / "images").mkdir()
    with pytest.raises(CommandError, match="--init"):
        call_command("train_smoke", "--data", str(tmp_path), "--init", str(tmp_path))


def test_a_worse_model_needs_a_reason_and_a_changed_file_is_refused(
    tmp_path: Path,
) -> None:
    row, leader = registered(tmp_path, recall=0.7), user(Role.LEADER)
    with pytest.raises(ModelRefusedError, match="写明启用理由"):
        activate_model(model=row, actor=leader, reason="", now=NOW)
    activate_model(model=row, actor=leader, reason="现场误报更少，先行试用", now=NOW)
    (Path(row.path) / "note.txt").write_text("changed")
    with pytest.raises(ModelRefusedError, match="摘要不符"):
        activate_model(model=row, actor=leader, reason="再次启用该模型", now=NOW)


def test_officers_may_look_but_not_let_in(tmp_path: Path) -> None:
    row = registered(tmp_path)
    client = Client()
    client.force_login(user(Role.OFFICER))
    assert client.get(reverse("vehicles:vision_models")).status_code == 200
    answer = client.post(reverse("vehicles:vision_model_activate", args=[row.pk]))
    assert answer.status_code == 403


def test_advice_needs_enough_reviews_and_never_lowers() -> None:
    few = advise([Judged(2.0, True)] * 5, current=1.5)
    assert few.threshold is None
    assert str(LEAST_REVIEWED) in few.reason
    good = advise([Judged(2.0, True)] * 30, current=1.5)
    assert good.threshold is None
    mixed = [Judged(1.6, False)] * 10 + [Judged(2.4, True)] * 20
    found = advise(mixed, current=1.5)
    assert found.threshold == 2.4
    assert (found.precision_after, found.kept) == (1.0, 1.0)
    hopeless = [Judged(2.0, False)] * 15 + [Judged(2.0, True)] * 15
    assert advise(hopeless, current=1.5).threshold is None


def test_a_cameras_thresholds_follow_its_own_reviews() -> None:
    of = make.camera()
    for number in range(24):
        smoke = number >= 8
        capture = make.capture(
            of=of,
            at=NOW + timedelta(minutes=number),
            level_value=2.5 if smoke else 1.6,
        )
        Capture.objects.filter(pk=capture.pk).update(
            state=Capture.State.CONFIRMED if smoke else Capture.State.REJECTED,
            **(
                {"plate_final": "新E0K73X", "color_final": "yellow", "level_final": 3}
                if smoke
                else {}
            ),
        )
    later = NOW + timedelta(days=1)
    assert threshold_advice(of, now=later)["strong_level"].threshold == 2.5
    assert take_advice(camera=of, actor=user(Role.OFFICER), now=later) == {
        "strong_level": 2.5
    }
    of.refresh_from_db()
    assert (of.thresholds["strong_level"], of.thresholds_version) == (2.5, 2)
    assert worker.profile_of(of).thresholds.strong_level == 2.5
    assert take_advice(camera=of, actor=user(Role.OFFICER), now=later) == {}
    assert AuditEntry.objects.filter(act="camera.thresholds").count() == 1


@pytest.mark.slow
def test_training_runs_from_exported_verdicts_to_a_usable_model(tmp_path: Path) -> None:
    """One epoch each on a tiny set; compared on verdicts given afterwards."""
    folder, later = drawn(tmp_path / "first", 14, 3), drawn(tmp_path / "later", 4, 9)
    out, told = tmp_path / "made_openvino_model", io.StringIO()
    options = {
        "data": folder, "work": tmp_path / "work", "out": out, "epochs": 1,
        "last_epochs": 1, "size": 160, "scenes": 4, "batch": 4, "threads": 1,
    }  # fmt: skip
    call_command("train_smoke", stdout=told, **options)
    assert (tmp_path / "work" / "photos.done").exists()
    assert str(out) in told.getvalue()
    learnt = seen_by([out])
    assert {picture_digest(path) for path in folder.glob("images/*.jpg")} >= learnt
    assert learnt
    call_command("compare_models", str(out), "--site", str(later), stdout=told)
    told_of = ModelVersion.objects.get().figures["site"]["candidate"]["pictures"]
    assert told_of == len(list(later.glob("images/*.jpg"))) > 0


def drawn(root: Path, count: int, seed: int) -> Path:
    """A set as `export_dataset` writes it, of drawn scenes."""
    from vehicles.vision.training.scenes import draw_scenes  # noqa: PLC0415

    folder = site_set(root, count=0)
    for number, sample in enumerate(draw_scenes(count, np.random.default_rng(seed))):
        height, width = sample.image.shape[:2]
        lines = [
            f"0 {(x1 + x2) / 2 / width} {(y1 + y2) / 2 / height} "
            f"{(x2 - x1) / width} {(y2 - y1) / height}"
            for kind, x1, y1, x2, y2 in sample.labels
            if kind == 3
        ]
        cv2.imwrite(str(folder / "images" / f"capture-{number}-1.jpg"), sample.image)
        (folder / "labels" / f"capture-{number}-1.txt").write_text("\n".join(lines))
    return folder
