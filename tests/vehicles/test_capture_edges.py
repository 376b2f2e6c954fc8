"""Captures at their edges: the same event twice, our look at a vendor's, copies, presence."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from alerts.models import Alert, CanaryRun
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.evidence.services import read_file
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.domain.plates import Color
from vehicles.domain.smoke.voting import Voted
from vehicles.models import Camera, Capture, CaptureFile, Segment
from vehicles.services import (
    canaries,
    captures,
    copies,
    presence,
    segments,
    upkeep,
    vendor_looks,
)
from vehicles.services.bundles import transfer_package
from vehicles.services.captures import EvidenceFile, finish_segment
from vehicles.services.vendor_looks import Look, record_look

pytestmark = pytest.mark.django_db
NOW = make.NOW


# --- the same event twice ---------------------------------------------------------------
def test_a_passing_with_the_same_key_is_one_capture() -> None:
    of = make.camera()
    held = segments.claim_segment(segment_id=make.segment(of).pk, now=NOW)
    assert held is not None
    later = NOW + timedelta(minutes=9)
    drafts = [make.draft("segment:1:1"), make.draft("segment:1:1", at=later)]
    [made] = finish_segment(segment=held, drafts=drafts, report={}, now=NOW)
    assert Capture.objects.get() == made
    assert made.captured_at == NOW
    assert CaptureFile.objects.filter(kind="frame").count() == 3


def test_an_event_of_a_vendor_that_came_twice_at_once_is_one_capture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other request commits between the look and the lock of this one."""
    of, add = make.camera(source="device", vendor="plain"), captures._add

    def after_the_other(*given: object) -> Capture | None:
        assert add(*given) is not None
        return add(*given)

    monkeypatch.setattr(captures, "_add", after_the_other)
    draft = make.draft("vendor:E1")
    first, new = captures.record_vendor_capture(camera=of, draft=draft, now=NOW)
    assert (first.key, new) == ("vendor:E1", False)
    again, new = captures.record_vendor_capture(camera=of, draft=draft, now=NOW)
    assert (again, new, Capture.objects.count()) == (first, False, 1)


def test_only_the_worker_that_holds_a_segment_may_fail_it() -> None:
    of = make.camera()
    made = make.segment(of)
    lost = segments.claim_segment(segment_id=made.pk, now=NOW)
    later = NOW + segments.CLAIM_LASTS + timedelta(seconds=1)
    heir = segments.claim_segment(segment_id=made.pk, now=later)
    assert lost is not None
    assert heir is not None
    assert not segments.fail_segment(segment=lost, reason="断流", now=later)
    made.refresh_from_db()
    of.refresh_from_db()
    assert (made.state, of.decode_errors) == (Segment.State.CLAIMED, 0)
    assert segments.fail_segment(segment=heir, reason="断流", now=later)
    assert not segments.fail_segment(segment=heir, reason="断流", now=later)
    of.refresh_from_db()
    assert of.decode_errors == 1
    assert AuditEntry.objects.filter(act="segment.fail").count() == 1


def test_without_a_period_of_keeping_no_segment_is_erased(
    settings: object, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    made = make.segment(make.camera(), path=make.media_file("old.mp4", b"v"))
    Segment.objects.update(state=Segment.State.DONE)
    later = NOW + timedelta(days=900)
    assert segments.erase_segments(now=later, keep=None) == 0
    assert segments.segment_file(made).exists()
    assert segments.erase_segments(now=later, keep=timedelta(days=30)) == 1
    assert not segments.segment_file(made).exists()
    assert segments.erase_segments(now=later, keep=timedelta(days=30)) == 0


# --- our look at a vendor's capture -----------------------------------------------------
def look(**more: object) -> Look:
    return Look(
        model="own@1", proposal="not_smoke", reason="没有烟羽", physics="无",
        detector="无", confidence=0.2, **more,
    )  # fmt: skip


def vendors(**more: object) -> Capture:
    of = make.camera(source="device", vendor="plain")
    draft = make.draft(f"vendor:{of.pk}", **more)
    return captures.record_vendor_capture(camera=of, draft=draft, now=NOW)[0]


def voted(text: str, problem: str = "") -> Voted:
    return Voted(text, Color.YELLOW, 0.8, 5, problem)


@pytest.mark.parametrize(
    ("given", "ours", "plate", "problem", "score"),
    [
        ({}, None, "新E0K73X", "", 0.93),
        ({}, voted("", "看不清"), "新E0K73X", "", 0.93),
        ({"plate": ""}, voted("", "看不清"), "", "看不清", 0.93),
        ({"plate": ""}, voted("新E8B12Z"), "新E8B12Z", "", 0.8),
        ({"plate": "新E0K7"}, voted("新E0K73X", "待核"), "新E0K73X", "待核", 0.8),
        ({}, voted("新E0K73X"), "新E0K73X", "", 0.8),
        ({"plate_problem": "厂商存疑"}, voted("新E0K73X"), "新E0K73X", "厂商存疑", 0.8),
        ({}, voted("新E8B12Z"), "新E0K73X", "本平台读作 新E8B12Z，与厂商所报", 0.8),
    ],
    ids=[
        "not-read", "unreadable", "unreadable-and-none", "fills", "mends", "agrees",
        "agrees-but-doubted", "differs",
    ],
)  # fmt: skip
def test_the_vendors_plate_stays_where_it_can(
    given: dict[str, object], ours: Voted | None, plate: str, problem: str, score: float
) -> None:
    capture = vendors(**given)
    assert record_look(capture_id=capture.pk, look=look(plate=ours), now=NOW)
    capture.refresh_from_db()
    assert (capture.plate, capture.plate_score) == (plate, score)
    if "本平台" in problem:
        assert capture.plate_problem.startswith(problem)
    else:
        assert capture.plate_problem == problem
    assert capture.proposal == "not_smoke"


def test_a_look_is_kept_once_only_for_vendors_and_changes_no_decision() -> None:
    own = make.capture()
    assert not record_look(capture_id=own.pk, look=look(), now=NOW)
    decided = vendors()
    Capture.objects.filter(pk=decided.pk).update(state="rejected", decided_at=NOW)
    assert record_look(capture_id=decided.pk, look=look(), now=NOW)
    assert not record_look(capture_id=decided.pk, look=look(), now=NOW)
    decided.refresh_from_db()
    own.refresh_from_db()
    assert (decided.proposal, decided.detector[:4]) == ("smoke", "检测模型")
    assert (own.proposal, own.versions.get("model")) == ("smoke", None)
    [record] = decided.files.filter(kind="record", place=vendor_looks.RECORD_PLACE)
    assert json.loads(read_file(record.sealed))["proposal"] == "not_smoke"
    assert AuditEntry.objects.filter(act="capture.look").count() == 1


# --- copies -----------------------------------------------------------------------------
def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def test_copies_are_marked_with_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = make.capture()
    frame = capture.files.filter(kind="frame").first()
    full = copies.marked_copy(capture, frame)
    assert size_of(full)[1] > 100, "a strip below the picture"
    plain = copies.marked_copy(capture, frame, boxes=False)
    assert size_of(plain) == size_of(full)
    small = copies.small_copy(frame)
    frame.plume_box = None
    without_plume = copies.marked_copy(capture, frame)
    frame.vehicle_box = None
    bare = copies.marked_copy(capture, frame)
    assert bare == plain
    assert len({full, without_plume, bare}) == 3
    assert size_of(small) != size_of(copies.small_copy(frame)) == (100, 100)
    monkeypatch.setattr(copies, "FONTS", ("/nowhere/a.ttc",))
    monkeypatch.setattr(copies, "_font", copies._font.__wrapped__)
    assert size_of(copies.marked_copy(capture, frame)) == size_of(full)


def with_plate(**more: object) -> Capture:
    draft = make.draft("vendor:P", **more)
    close = EvidenceFile("plate", 0, "plate.jpg", "image/jpeg", make.picture(5))
    draft = replace(draft, files=[*draft.files, close])
    of = make.camera(source="device", vendor="plain")
    return captures.record_vendor_capture(camera=of, draft=draft, now=NOW)[0]


def test_the_plate_fills_a_free_place_of_four() -> None:
    capture, plain = with_plate(), make.capture()
    tile = make.picture(1)
    high = copies.COMPOSED_WIDTH // 2
    for count, rows, rows_with_plate in ((1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 2)):
        for of, wanted in ((plain, rows), (capture, rows_with_plate)):
            sheet = copies.composed([tile] * count, of)
            assert size_of(sheet) == (copies.COMPOSED_WIDTH, wanted * high)
    three, four = ([tile] * count for count in (3, 4))
    assert copies.composed(three, capture) != copies.composed(three, plain)
    assert copies.composed(four, capture) == copies.composed(four, plain)


@pytest.mark.parametrize("clip", [True, False])
def test_a_package_without_a_clip_names_what_it_has(clip: bool) -> None:
    capture = make.capture()
    capture.state, capture.plate_final, capture.color_final = (
        "confirmed",
        "新E0K73X",
        "yellow",
    )
    capture.level_final, capture.decided_at = 3, NOW
    capture.save()
    if not clip:
        capture.files.filter(kind="clip").delete()
    content = transfer_package(capture=capture, actor=None, now=NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        listed = set(json.loads(archive.read("manifest.json")))
    assert ("clip.mp4" in names) is clip
    assert listed == names - {"manifest.json"}


# --- presence, silence, canary ----------------------------------------------------------
def test_one_person_holds_a_capture_and_only_they_let_go() -> None:
    first, second = user(Role.REVIEWER, name="甲"), user(Role.REVIEWER, name="乙")
    assert presence.hold(capture_id=1, user=first) == ""
    assert presence.hold(capture_id=1, user=second) == "甲"
    assert presence.hold(capture_id=1, user=first) == ""
    assert presence.hold(capture_id=2, user=second) == "", "each capture by itself"
    everyone = {"capture_ids": [1, 2, 3]}
    assert presence.held_by_others(**everyone, user=first) == {2: "乙"}
    assert presence.held_by_others(**everyone, user=second) == {1: "甲"}
    presence.let_go(capture_id=1, user=second)
    assert presence.hold(capture_id=1, user=second) == "甲"
    presence.let_go(capture_id=1, user=first)
    presence.let_go(capture_id=1, user=first)
    assert presence.hold(capture_id=1, user=second) == ""
    assert presence.hold(capture_id=1, user=first) == "乙"


def test_only_streams_that_fell_silent_are_marked_down_and_once() -> None:
    long_ago = NOW - timedelta(minutes=5)
    rows: dict[str, dict[str, object]] = {
        "silent": {},
        "fresh": {"last_frame_at": NOW},
        "folder": {"source": "folder"},
        "off": {"active": False},
        "never": {"last_frame_at": None},
    }
    given = {"source": "stream", "state": "good", "last_frame_at": long_ago}
    for name, more in rows.items():
        make.camera(name=name, **(given | more))
    assert upkeep.find_silent_cameras(now=NOW) == 1
    [down] = Camera.objects.filter(state=Camera.State.DOWN)
    assert (down.name, down.problem) == ("silent", "一分钟内没有画面")
    assert Alert.objects.filter(key=f"camera:{down.pk}:down").count() == 1
    assert upkeep.find_silent_cameras(now=NOW) == 0
    assert AuditEntry.objects.filter(act="camera.state").count() == 1


@pytest.mark.parametrize("code", ["", "unknown"])
def test_an_unknown_canary_raises_nothing(code: str) -> None:
    CanaryRun.objects.create(kind="frame", code="unknown", started_at=NOW)
    assert not canaries.note_canary_seen(code=code, seen=True, now=NOW)
    assert CanaryRun.objects.get().stages == {}
    assert not Alert.objects.exists()
