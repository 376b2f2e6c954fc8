"""The package for the traffic police and the import of what they did."""

import io
import json
import zipfile
from datetime import timedelta

import cv2
import docx
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.models import Capture, CaptureTransfer, RepairNotice
from vehicles.services.objections import answer_objection, raise_objection
from vehicles.services.transfers import COLUMNS, ReplyError, hand_over, import_replies

pytestmark = pytest.mark.django_db
NOW = make.NOW
HEAD = ",".join(COLUMNS)


def confirmed(
    monkeypatch: pytest.MonkeyPatch, number: str = "博环黑烟告〔2026〕7号"
) -> Capture:
    image = np.full((90, 120, 3), 120, np.uint8)
    picture = bytes(cv2.imencode(".jpg", image)[1])
    plain = make.draft

    def with_pictures(*args: object, **more: object) -> object:
        draft = plain(*args, **more)
        for one in draft.files:
            if one.kind == "frame":
                object.__setattr__(one, "content", picture + bytes([one.place]))
        return draft

    monkeypatch.setattr(make, "draft", with_pictures)
    capture = make.capture()
    Capture.objects.filter(pk=capture.pk).update(
        state="confirmed", plate_final="新E0K73X", color_final="yellow",
        level_final=3, notice_number=number, decided_at=NOW,
    )  # fmt: skip
    capture.refresh_from_db()
    return capture


def row(**changes: str) -> bytes:
    values = {
        "告知书编号": "博环黑烟告〔2026〕7号",
        "号牌号码": "新E·0K73X",
        "回执编号": "BZ-881",
        "处理结果": "罚款 200 元",
        "处理日期": "2026-11-20",
    } | changes
    return f"{HEAD}\n{','.join(values[name] for name in COLUMNS)}\n".encode()


def test_the_package_has_what_the_police_system_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = confirmed(monkeypatch)
    content = hand_over(capture=capture, actor=user(Role.OFFICER), now=NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        fields = json.loads(archive.read("fields.json"))
        names = set(archive.namelist())
    assert fields["号牌种类"] == "01"
    assert fields["违法代码"]
    assert fields["设备编号"] == capture.camera.code
    assert {"composed.jpg", "clip.mp4", "manifest.json", "frame-1.jpg"} <= names
    hand_over(capture=capture, actor=None, now=NOW + timedelta(days=1))
    transfer = CaptureTransfer.objects.get()
    assert transfer.sent_at == NOW
    assert len(transfer.sha256) == 64


def test_a_reply_is_taken_once_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    capture, officer = confirmed(monkeypatch), user(Role.OFFICER)
    hand_over(capture=capture, actor=officer, now=NOW)
    first = import_replies(content=row(), actor=officer, now=NOW)
    again = import_replies(
        content=row().decode().encode("gb18030"), actor=officer, now=NOW
    )
    assert (first.taken, first.known, first.refused) == (1, 0, [])
    assert (again.taken, again.known) == (0, 1)
    assert AuditEntry.objects.filter(act="capture.reply").count() == 1
    client = Client()
    client.force_login(officer)
    page = client.get(reverse("vehicles:capture_transfers")).content.decode()
    assert "BZ-881" in page
    assert "罚款 200 元" in page


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"告知书编号": "无此号"}, "没有编号为 无此号"),
        ({"号牌号码": "甘B12345"}, "与该告知书不符"),
        ({"处理日期": "昨天"}, "处理日期"),
        ({"处理日期": "2030-01-01"}, "在今天之后"),
        ({"回执编号": ""}, "回执编号为空"),
    ],
)
def test_bad_lines_are_named_and_stop_nothing(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], why: str
) -> None:
    capture, officer = confirmed(monkeypatch), user(Role.OFFICER)
    hand_over(capture=capture, actor=officer, now=NOW)
    both = row(**changes) + row().split(b"\n", 1)[1]
    done = import_replies(content=both, actor=officer, now=NOW)
    assert done.taken == 1
    assert len(done.refused) == 1
    assert "第 2 行" in done.refused[0]
    assert why in done.refused[0]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "为空"), (b"a,b\n1,2\n", "缺少列"), (b"\xff\xfe\x00\x01\x81", "编码")],
)
def test_files_that_cannot_be_read_say_why(content: bytes, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        import_replies(content=content, actor=user(Role.OFFICER), now=NOW)


def test_the_page_tells_what_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    capture, officer = confirmed(monkeypatch), user(Role.OFFICER)
    client = Client()
    client.force_login(officer)
    address = reverse("vehicles:capture_transfer", args=[capture.pk])
    # Looking at an address hands nothing over.
    assert client.get(address).status_code == 405
    assert not CaptureTransfer.objects.exists()
    assert client.post(address)["Content-Type"] == "application/zip"
    assert CaptureTransfer.objects.get().sent_by == officer
    answer = client.post(
        reverse("vehicles:capture_replies"),
        {"file": SimpleUploadedFile("r.csv", row(), "text/csv")},
        follow=True,
    )
    assert "导入 1 条" in answer.content.decode()
    empty = client.post(reverse("vehicles:capture_replies"), follow=True)
    assert "请选择回执文件" in empty.content.decode()


def test_an_unconfirmed_capture_is_not_handed_over() -> None:
    capture = make.capture()
    with pytest.raises(ValueError, match="已确认"):
        hand_over(capture=capture, actor=None, now=NOW)
    assert not CaptureTransfer.objects.exists()


def test_the_queue_of_the_police_tells_of_objections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = confirmed(monkeypatch)
    first = hand_over(capture=capture, actor=user(Role.OFFICER), now=NOW)
    client = Client()
    client.force_login(user(Role.LEGAL))
    address = reverse("vehicles:capture_transfers")
    assert "待答复" not in client.get(address).content.decode()
    made = raise_objection(
        capture=capture, name="某某", phone="13900000000", statement="已报停", now=NOW
    )
    assert "待答复" in client.get(address).content.decode()
    again = hand_over(capture=capture, actor=user(Role.OFFICER), now=NOW)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert "objections.json" not in archive.namelist()
    with zipfile.ZipFile(io.BytesIO(again)) as archive:
        told = archive.read("objections.json").decode()
        assert "objections.json" in json.loads(archive.read("manifest.json"))
    assert "已报停" in told
    assert "13900000000" not in told
    answer_objection(
        objection=made, upheld=True, answer="属实", actor=user(Role.LEADER), now=NOW
    )
    assert "已撤回，请告知交管" in client.get(address).content.decode()


def test_the_notice_tells_the_driver_what_was_seen_and_where_to_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = confirmed(monkeypatch)
    client = Client()
    client.force_login(user(Role.OFFICER))
    address = reverse("vehicles:capture_notice", args=[capture.pk])
    assert client.get(address).status_code == 404
    notice = RepairNotice.objects.create(
        capture=capture,
        number=capture.notice_number,
        issued_at=NOW,
        due_on=NOW.date() + timedelta(days=15),
    )
    answer = client.get(address)
    paper = docx.Document(io.BytesIO(answer.content))
    text = "\n".join(one.text for one in paper.paragraphs)
    for words in (
        "博环黑烟告〔2026〕7号", "新E0K73X", "2026年11月23日12时00分",
        "林格曼黑度 3 级", "2026年12月08日前", capture.camera.code,
        "http://testserver/vehicles/objection/",
    ):  # fmt: skip
        assert words in text
    assert "公安机关" not in text
    assert len(paper.inline_shapes) == 1
    assert AuditEntry.objects.filter(act="capture.notice").count() == 1
    Capture.objects.filter(pk=capture.pk).update(destination="police")
    again = docx.Document(io.BytesIO(client.get(address).content))
    assert any("公安机关" in one.text for one in again.paragraphs)
    page = reverse("vehicles:capture", args=[capture.pk])
    assert address in client.get(page).content.decode()
    RepairNotice.objects.filter(pk=notice.pk).update(closed_at=NOW)
    assert client.get(address).status_code == 404
    assert address not in client.get(page).content.decode()
