"""What a phone may send of a visit, and what is refused before anything is kept."""

import hashlib
import io
import uuid
from datetime import date, timedelta

import pytest
from PIL import Image

from enforcement.domain.fieldwork import MOST_FIELDS, Change
from enforcement.models import VisitDraft, VisitPhoto, VisitSync
from enforcement.services import fieldwork, visits
from enforcement.services.cases import open_case
from tests.enforcement.refusing import refused

PIECE = fieldwork.PIECE


@pytest.fixture(autouse=True)
def own_places(settings, tmp_path):
    settings.EVIDENCE_URL = f"file://{tmp_path / 'store'}"
    settings.MEDIA_ROOT = str(tmp_path / "media")


def planned(case, people, now):
    visit = visits.plan_visit(
        case=case, kind="case", conversion="线上不能查明", phone_check="已核实",
        planned_on=date(2026, 11, 24), notice_number="1号", actor=people["alice"],
        officers=[people["alice"], people["bob"]], now=now,
    )  # fmt: skip
    return visits.approve_visit(visit=visit, actor=people["lead"], now=now)


@pytest.fixture
def visit(clue, people, now):
    return planned(clue, people, now)


@pytest.fixture
def send(visit, people, now):
    def make(*changes, actor="alice", over=None, **fields):
        sending = fieldwork.Sending(
            **{"id": uuid.uuid4(), "sent_at": now, "changes": changes, **fields}
        )
        return fieldwork.sync_visit(
            visit=over or visit, sending=sending, actor=people[actor], now=now
        )

    return make


def test_a_number_of_a_sending_belongs_to_one_phone_and_visit(
    visit, make_alert, people, send, now
):
    key = uuid.uuid4()
    first = send(id=key, arrived_at=now)
    assert first["state"] == "started"
    assert send(id=key) == first
    with refused("该同步编号已被其他记录使用"):
        send(id=key, actor="bob")
    case = open_case(alerts=[make_alert("b")], actor=people["duty"], now=now)
    other = planned(case, people, now)
    with refused("该同步编号已被其他记录使用"):
        send(id=key, over=other)
    assert VisitSync.objects.count() == 1


def test_a_sending_that_will_not_do_leaves_no_draft(visit, send, now):
    with refused("只有计划中的执法人员"):
        send(actor="duty")
    change = Change("conclusion", "属实", 0, now)
    with refused(f"一次最多同步 {MOST_FIELDS} 项"):
        send(*[change] * (MOST_FIELDS + 1))
    wrong = [Change("found", "maybe", 0, now), Change("gossip", "x", 0, now)]
    with refused("是否发现问题应为是或否") as caught:
        send(change, *wrong)
    assert len(caught.value.missing) == 2
    assert not VisitDraft.objects.exists()
    assert send(*[change] * MOST_FIELDS)["fields"]["conclusion"]["v"] == "属实"


def test_a_visit_that_is_done_takes_no_more(visit, send, people, now):
    send(arrived_at=now)
    visits.finish_visit(
        visit=visit, conclusion="属实", found=True, actor=people["bob"], now=now
    )
    with refused("本次核查已完成，不再接收修改"):
        send(Change("conclusion", "不属实", 0, now))


# --- photos --------------------------------------------------------------------------


def picture(seed=0):
    out = io.BytesIO()
    Image.new("RGB", (24, 24), (seed, 90, 90)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def announce(visit, people, now):
    def make(content=b"", actor="alice", **changes):
        fields = {
            "visit": visit, "photo": uuid.uuid4(), "code": "scene", "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(), "place": {},
            "taken_at": now - timedelta(minutes=1), "sent_at": now, **changes,
        }  # fmt: skip
        return fieldwork.register_photo(actor=people[actor], now=now, **fields)

    return make


def test_a_photo_is_announced_with_a_size_and_a_digest_that_can_be(visit, announce):
    for changes, word in (
        ({"actor": "duty"}, "只有计划中的执法人员"),
        ({"size": 0}, "照片应为 1 字节至 16 MB"),
        ({"size": fieldwork.MOST_BYTES + 1}, "照片应为 1 字节至 16 MB"),
        ({"sha256": "ab"}, "64 位十六进制"),
        ({"sha256": "G" * 64}, "64 位十六进制"),
    ):
        with refused(word):
            announce(b"x", **changes)
    row = announce(b"x")
    assert announce(b"x", photo=row.pk).pk == row.pk
    for content in (b"y", b"xy"):
        with refused("该照片编号已被其他照片使用"):
            announce(content, photo=row.pk)
    assert announce(b"x", size=fieldwork.MOST_BYTES).size == fieldwork.MOST_BYTES


def test_a_photo_or_an_arrival_of_an_impossible_place_is_refused_before_it_is_kept(
    visit, announce, send, now
):
    with refused("经纬度须同时填写"):
        announce(b"x", place={"latitude": 44.9})
    with refused("经纬度超出范围"):
        announce(b"x", place={"latitude": 144.9, "longitude": 82.0})
    assert not VisitPhoto.objects.exists()
    with refused("经纬度超出范围"):
        send(arrived_at=now, place={"latitude": 44.9, "longitude": 182.0})
    visit.refresh_from_db()
    assert visit.state == "approved"


def test_pieces_come_in_order_and_not_beyond_what_was_announced(
    clue, visit, announce, people, now
):
    content = picture()
    row = announce(content)

    def piece(start, data, actor="bob"):
        return fieldwork.add_piece(
            photo=row, start=start, data=data, actor=people[actor], now=now
        )

    with refused("只有计划中的执法人员"):
        piece(0, content, "duty")
    assert piece(0, content[:100]).received == 100
    with refused("已收到 100 字节，应从此处续传"):
        piece(101, content[101:])
    with refused("字节数超过登记的大小"):
        piece(100, content[100:] + b"x")
    # a piece that came before may come again, and cuts off what followed it
    assert piece(50, content[50:80]).received == 80
    done = piece(80, content[80:])
    assert done.file.sealed.sha256 == hashlib.sha256(content).hexdigest()
    assert done.file.title == "现场照片 scene"
    assert not fieldwork.pieces_of(row).exists()
    # after the sealing nothing is changed by what comes late
    late = piece(0, b"zzz")
    assert (late.file, late.received) == (done.file, len(content))
    assert not fieldwork.pieces_of(row).exists()
    assert clue.files.count() == 1


def test_a_piece_is_no_longer_than_agreed_and_a_signature_is_no_photo(
    clue, visit, announce, people, now
):
    large = announce(size=PIECE + 1, sha256="0" * 64)
    with refused("字节数超过登记的大小"):
        fieldwork.add_piece(
            photo=large,
            start=0,
            data=b"x" * (PIECE + 1),
            actor=people["alice"],
            now=now,
        )
    content = picture(1)
    row = announce(content, code="sign:party")
    fieldwork.add_piece(
        photo=row, start=0, data=content, actor=people["alice"], now=now
    )
    file = clue.files.get()
    assert (file.kind, file.title) == ("statement", "签名 sign:party")
    fieldwork.add_piece(
        photo=large, start=0, data=b"x" * PIECE, actor=people["alice"], now=now
    )
    assert VisitPhoto.objects.get(pk=large.pk).received == PIECE
