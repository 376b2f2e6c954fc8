"""Exchange with other systems: parcels with manifest and receipt, on disk and by REST."""

import json
import threading
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.urls import reverse

from alerts.models import Alert
from bozhou_eco.common import exchange
from bozhou_eco.common.exchange import folder, rest
from enforcement.domain.documents import DocumentKind
from enforcement.models import (
    Case,
    Cause,
    Counterpart,
    ExchangeParcel,
    Inspection,
    PastPenalty,
    Transfer,
)
from enforcement.selectors.settings import forget_settings
from enforcement.services.exchange.inbox import receive, receive_folders
from enforcement.services.exchange.outbox import retry, send_due
from enforcement.services.steps import verify_steps
from enforcement.walkthrough import Cast, Story

CONTENTS = ["transfer", "reply", "case", "penalty", "check"]


def system(address, way="folder", **fields):
    row = Counterpart.objects.create(
        code="police", name="交警六合一", authority="traffic_police", contents=CONTENTS,
        way=way, address=str(address), active=True, source="测试", **fields,
    )  # fmt: skip
    forget_settings()
    return row


@pytest.fixture
def police(tmp_path, districts):
    return system(tmp_path)


@pytest.fixture
def story(clue, people, now):
    cast = Cast(*(people[n] for n in ("duty", "alice", "bob", "rita", "lex", "lead")))
    return Story(clue, cast, now)


def transferred(story):
    story.do("take_up", story.cast.duty)
    story.evidence("photo", "抓拍", story.cast.duty)
    story.paper(DocumentKind.TRANSFER_LETTER, story.cast.duty, recipient="交警大队")
    data = {"authority": "traffic_police", "matter": "6063"}
    story.do("transfer_out", story.cast.duty, "移送", data)
    return Transfer.objects.get()


def rows_parcel(number, content, rows, now, **files):
    body = json.dumps(rows).encode()
    return exchange.make_parcel(
        number=number, kind=f"case-{content}", sender="police", receiver="bozhou-eco",
        files={"rows.json": body, **files}, now=now,
    )  # fmt: skip


def test_a_transfer_goes_out_and_its_receipt_comes_back(story, police, tmp_path):
    transfer = transferred(story)
    assert send_due(now=story.now)["sent"] == 1
    outbox = tmp_path / "out"
    parcel = folder.take(outbox, transfer.exchange_id)
    told = json.loads(parcel.files["transfer.json"])
    assert (told["matter"], told["number"]) == ("6063", story.case.number)
    assert parcel.files["letter.pdf"].startswith(b"%PDF")
    [evidence] = told["evidence"]
    sent = {entry.sha256 for entry in parcel.manifest.files}
    assert evidence["sha256"] in sent
    assert send_due(now=story.now)["sent"] == 0
    later = story.now + timedelta(hours=1)
    folder.answer(outbox, exchange.receipt_of(parcel, now=later, taken=1))
    assert send_due(now=later)["accepted"] == 1
    transfer.refresh_from_db()
    assert transfer.state == "received"
    assert "交警六合一 系统回执" in transfer.receipt
    assert verify_steps(Case.objects.get(pk=story.case.pk)) == []
    assert send_due(now=later + timedelta(days=1)) == {
        "sent": 0, "accepted": 0, "refused": 0, "failed": 0,
    }  # fmt: skip


def test_a_refused_parcel_is_told_and_can_be_sent_again(story, police, tmp_path):
    transfer = transferred(story)
    send_due(now=story.now)
    outbox, later = tmp_path / "out", story.now + timedelta(hours=1)
    number = transfer.exchange_id
    folder.answer(outbox, exchange.refusal(number, now=later, problems=["号牌不存在"]))
    assert send_due(now=later)["refused"] == 1
    assert "被拒收" in Alert.objects.get(key__startswith="exchange:").summary
    transfer.refresh_from_db()
    assert transfer.state == "sent"
    (outbox / f"{number}.receipt.json").unlink()
    retry(parcel=ExchangeParcel.objects.get(), now=later)
    assert send_due(now=later)["sent"] == 1


def test_a_folder_that_is_gone_is_tried_again_later(story, police, tmp_path):
    Counterpart.objects.update(address="/proc/nowhere")
    forget_settings()
    transferred(story)
    assert send_due(now=story.now)["failed"] == 1
    row = ExchangeParcel.objects.get()
    assert row.error
    assert row.next_at == story.now + timedelta(minutes=1)
    assert send_due(now=story.now)["failed"] == 0
    Counterpart.objects.update(address=str(tmp_path))
    assert send_due(now=row.next_at)["sent"] == 1


def test_receipt_and_reply_come_in_once(story, police, tmp_path, now):
    transfer = transferred(story)
    day = transfer.sent_on.isoformat()
    rows = [
        {"number": story.case.number, "act": "receipt", "on": day, "text": "张警官"},
        {"number": story.case.number, "act": "reply", "on": day, "text": "处 200 元",
         "reference": "博公交〔2026〕9号"},
        {"number": "没有这个", "act": "reply", "on": day, "text": "x"},
        {"number": story.case.number, "act": "shrug", "on": "2999-01-01", "text": ""},
    ]  # fmt: skip
    inbox = tmp_path / "in"
    folder.put(inbox, rows_parcel("R1", "reply", rows, now))
    assert receive_folders(now=story.now) == {"taken": 1, "refused": 0}
    receipt = folder.receipt(inbox, "R1")
    assert (receipt.taken, receipt.refused) == (2, 2)
    assert any("没有编号为" in line for line in receipt.problems)
    assert any("act 应为" in line and "晚于今天" in line for line in receipt.problems)
    transfer.refresh_from_db()
    assert (transfer.result, transfer.reply_number) == (
        "处 200 元",
        "博公交〔2026〕9号",
    )
    steps = story.case.steps.count()
    again = receive(system=police, parcel=folder.take(inbox, "R1"), now=story.now)
    assert (again.taken, again.refused) == (2, 2)
    assert story.case.steps.count() == steps
    assert receive_folders(now=story.now) == {"taken": 0, "refused": 0}


def test_another_content_under_a_taken_number_is_refused(story, police, now):
    transferred(story)
    receive(system=police, parcel=rows_parcel("R1", "check", [], now), now=now)
    other = rows_parcel("R1", "check", [{}], now)
    with pytest.raises(exchange.RefusedError, match="不同的内容"):
        receive(system=police, parcel=other, now=now)


def test_a_damaged_parcel_is_refused_with_its_reason(police, tmp_path, now):
    inbox = tmp_path / "in"
    folder.put(inbox, rows_parcel("D1", "check", [], now))
    (inbox / "D1" / "rows.json").write_bytes(b"[ ]")
    assert receive_folders(now=now) == {"taken": 0, "refused": 1}
    assert not folder.receipt(inbox, "D1").accepted
    assert not ExchangeParcel.objects.exists()


def test_checks_of_the_mobile_system_enter_the_register_once(police, now):
    row = {
        "external_ref": "YD-1", "mode": "on_site", "kind": "routine", "on": "2026-11-20",
        "subject_name": "演示企业", "district": "652722", "means": "现场检查",
        "found": False, "result": "未发现问题",
    }  # fmt: skip
    bad = {**row, "external_ref": "YD-2", "found": "maybe", "district": "1"}
    unknown = {**row, "external_ref": "YD-3", "district": "110000"}
    receipt = receive(
        system=police,
        parcel=rows_parcel("C1", "check", [row, bad, unknown], now),
        now=now,
    )
    assert (receipt.taken, receipt.refused) == (1, 2)
    receive(system=police, parcel=rows_parcel("C2", "check", [row], now), now=now)
    found = Inspection.objects.get()
    assert (found.mode, found.district.code, found.done_on.isoformat()) == (
        "on_site", "652722", "2026-11-20",
    )  # fmt: skip


def test_the_penalty_system_is_not_typed_again(clue, police, now):
    clue.cause = Cause.objects.get(topic="exceed_air")
    clue.save()
    head = {"number": clue.number, "external_ref": "CF-9", "on": "2026-11-23"}
    rows = [
        {**head, "event": "filed"},
        {
            **head,
            "event": "decided",
            "amount": "120000",
            "reference": "博州环罚〔2026〕9号",
        },
        {**head, "event": "decided"},
        {**head, "external_ref": "CF-10", "event": "paid"},
        {**head, "event": "decided", "amount": "NaN", "reference": "x"},
    ]
    receipt = receive(
        system=police, parcel=rows_parcel("P1", "penalty", rows, now), now=now
    )
    assert (receipt.taken, receipt.refused) == (2, 3)
    clue.refresh_from_db()
    assert (clue.external_ref, clue.system_of_record) == ("CF-9", "交警六合一")
    past = PastPenalty.objects.get()
    assert (past.amount, past.organisation) == (Decimal(120000), clue.organisation)
    assert clue.steps.filter(action="external_decided").count() == 1
    assert verify_steps(clue) == []


def test_decisive_moves_are_told_to_systems_that_follow_cases(story, police, tmp_path):
    story.check().hand_over().visit().findings().elements("exceed_air").file()
    send_due(now=story.now)
    parcels = ExchangeParcel.objects.filter(content="case")
    assert parcels.count() == 1
    parcel = folder.take(tmp_path / "out", parcels.get().number)
    told = json.loads(parcel.files["case.json"])
    assert told["filed_on"] == story.today.isoformat()
    assert told["cause"] == "exceed_air"
    assert "inspection_notice" in {paper["kind"] for paper in told["documents"]}


class Peer(BaseHTTPRequestHandler):
    """Another system: checks the signature and answers a receipt."""

    answers: "list[tuple[int, bool]]" = []
    seen: "list[str]" = []

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        rest.verify(body, self.headers[rest.SIGNATURE], secret="shared")
        parcel = exchange.unpack(body)
        self.seen.append(parcel.number)
        status, accepted = self.answers.pop(0)
        made = (
            exchange.receipt_of(parcel, now=parcel.manifest.made_at, taken=1)
            if accepted
            else exchange.refusal(
                parcel.number, now=parcel.manifest.made_at, problems=["不符"]
            )
        )
        sent = json.dumps(made.as_json()).encode() if status == 200 else b"busy"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


@pytest.fixture
def peer():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    Peer.answers, Peer.seen = [(503, True), (200, True)], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_by_rest_with_signature_and_retry(story, peer, monkeypatch):
    monkeypatch.setenv("POLICE_SECRET", "shared")
    system(peer, way="rest", secret_name="POLICE_SECRET")
    transfer = transferred(story)
    assert send_due(now=story.now)["failed"] == 1
    later = story.now + timedelta(minutes=2)
    assert send_due(now=later)["accepted"] == 1
    assert Peer.seen == [transfer.exchange_id] * 2
    transfer.refresh_from_db()
    assert transfer.state == "received"


def test_the_rest_door_takes_signed_parcels_only(client, clue, monkeypatch, now):
    monkeypatch.setenv("POLICE_SECRET", "shared")
    system("https://example.invalid/", way="rest", secret_name="POLICE_SECRET")
    address = reverse("enforcement:parcel_in", args=["police"])
    body = exchange.pack(rows_parcel("C1", "check", [], now))

    def post(content, signature):
        return client.post(
            address, content, content_type="application/zip",
            headers={"X-Signature": signature, "Idempotency-Key": "C1"},
        )  # fmt: skip

    assert post(body, "sha256=0").status_code == 403
    assert post(body, rest.sign(body, "")).status_code == 403
    good = post(body, rest.sign(body, "shared"))
    assert (good.status_code, good.json()["accepted"]) == (200, True)
    broken = body[:-30]
    refused = post(broken, rest.sign(broken, "shared"))
    assert (refused.status_code, refused.json()["accepted"]) == (422, False)
    other = reverse("enforcement:parcel_in", args=["nobody"])
    assert client.post(other, body, content_type="application/zip").status_code == 403


def test_the_page_shows_parcels_within_the_district(client, story, police, people):
    transferred(story)
    send_due(now=story.now)
    address = reverse("enforcement:parcels")
    client.force_login(people["alice"])
    assert "bozhou-eco-transfer-" in client.get(address).content.decode()
    client.force_login(people["charlie"])
    assert "bozhou-eco-transfer-" not in client.get(address).content.decode()
    row = ExchangeParcel.objects.get()
    again = reverse("enforcement:parcel_retry", args=[row.pk])
    assert client.post(again).status_code == 404
    client.force_login(people["alice"])
    assert client.post(again).status_code == 302


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"contents": ["gossip"]}, "contents"),
        ({"way": "rest"}, "address"),
        ({"address": "https://x.example/"}, "address"),
    ],
)
def test_a_bad_counterpart_is_refused(police, fields, name):
    from django.core.exceptions import ValidationError  # noqa: PLC0415

    for key, value in fields.items():
        setattr(police, key, value)
    with pytest.raises(ValidationError) as error:
        police.full_clean()
    assert name in error.value.message_dict
