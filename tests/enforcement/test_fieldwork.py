"""A visit on two phones, through HTTP: merged, resumed, finished once, sealed."""

import hashlib
import io
import json
import random
import uuid
from datetime import date, timedelta

import pytest
from django.test import Client
from PIL import Image

from bozhou_eco.common import clock
from enforcement.models import Inspection, SiteVisit, VisitPhoto, VisitSync
from enforcement.services import visits
from enforcement.walkthrough import Cast, Story

ID = "0b1f6b0e-1111-4222-8333-444455556666"


@pytest.fixture(autouse=True)
def own_places(settings, tmp_path):
    settings.EVIDENCE_URL = f"file://{tmp_path / 'store'}"
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def visit(clue, people) -> SiteVisit:
    now = clock.now()
    cast = Cast(
        duty=people["duty"],
        lead=people["alice"],
        helper=people["bob"],
        reviewer=people["rita"],
        legal=people["lex"],
        leader=people["lead"],
    )
    Story(clue, cast, now).check().hand_over()
    planned = visits.plan_visit(
        case=clue,
        kind="case",
        conversion="线上不能查明",
        phone_check="已核实",
        planned_on=clock.beijing(now).date() + timedelta(days=1),
        notice_number="博州环检通〔2026〕1号",
        officers=[people["alice"], people["bob"]],
        actor=people["alice"],
        now=now,
    )
    return visits.approve_visit(visit=planned, actor=people["lead"], now=now)


class Phone:
    """A phone of one officer; ``wrong`` is how far its clock is off."""

    def __init__(self, user, visit: SiteVisit, wrong: timedelta = timedelta()) -> None:
        self.client = Client()
        self.client.force_login(user)
        self.visit, self.wrong = visit, wrong

    @property
    def now(self) -> str:
        return (clock.now() + self.wrong).isoformat()

    def send(self, status: int = 200, **fields) -> dict:
        body = {"id": str(uuid.uuid4()), "sent_at": self.now, "changes": [], **fields}
        answer = self.client.post(
            f"/visits/{self.visit.pk}/sync/", body, content_type="application/json"
        )
        assert answer.status_code == status, answer.content.decode()
        return answer.json()

    def change(self, field: str, value: object, base: int = 0) -> dict:
        return {"field": field, "value": value, "base": base, "at": self.now}

    def photo(self, code: str, content: bytes, *, cut: int = 0) -> str:
        pk = str(uuid.uuid4())
        url = f"/visits/{self.visit.pk}/photos/"
        told = {
            "id": pk, "code": code, "size": len(content), "taken_at": self.now,
            "sha256": hashlib.sha256(content).hexdigest(), "sent_at": self.now,
            "place": {"latitude": 44.9, "longitude": 82.1, "accuracy_m": 6.0},
        }  # fmt: skip
        for attempt in range(2):
            row = self.client.post(url, told, content_type="application/json").json()
            while not row["sealed"]:
                start = row["received"]
                end = start + 3000
                if cut and attempt == 0 and end > cut:
                    break  # the signal is gone
                row = self.client.put(
                    f"{url}?id={pk}&start={start}",
                    content[start:end],
                    content_type="application/octet-stream",
                ).json()
        return pk


def jpeg(seed: int = 1) -> bytes:
    out = io.BytesIO()
    noise = random.Random(seed).randbytes(128 * 128 * 3)
    Image.frombytes("RGB", (128, 128), noise).save(out, "JPEG", quality=95)
    return out.getvalue()


def complete(phone: Phone, items: list[dict]) -> list[dict]:
    given = {f"a:{item['code']}": {"answer": "yes"} for item in items}
    given |= {
        f"a:{item['code']}": {"site": "77.9", "platform": "78.6", "data_time": "x"}
        for item in items
        if item.get("kind") == "reading"
    }
    given |= {
        "conclusion": "氨水泵停运，旁路阀开启",
        "found": True,
        "statement": "17 日起未运行",
        "sign:officer1": {"name": "核查员甲"},
        "sign:officer2": {"name": "核查员乙"},
        "sign:party": {"name": "拒签"},
    }
    return [phone.change(name, value) for name, value in given.items()]


def test_from_arrival_to_the_register(visit, people) -> None:
    phone = Phone(people["alice"], visit)
    page = phone.client.get(f"/visits/{visit.pk}/")
    assert page.status_code == 200
    pack = page.context["pack"]
    assert phone.send(arrived_at=phone.now)["state"] == "started"
    phone.photo("dosing", jpeg())
    changes = complete(phone, pack["items"])
    changes.append(
        phone.change("a:dosing", {"answer": "no", "note": "台账缺页"}, base=0)
    )
    changes = [c for c in changes if c["field"] != "a:dosing"] + changes[-1:]
    answer = phone.send(changes=changes, finish=True)
    assert (answer["state"], answer["missing"]) == ("done", [])
    visit.refresh_from_db()
    by_code = {row["code"]: row for row in visit.checklist}
    assert by_code["dosing"]["answer"] == "不符合"
    assert visit.readings[0]["site"] == "77.9"
    assert visit.signatures[2]["name"] == "拒签"
    assert Inspection.objects.get(visit=visit).found
    photo = VisitPhoto.objects.get()
    assert photo.file.accuracy_m == 6.0
    assert visit.case.files.filter(kind="photo").count() == 1


def test_the_same_sending_again_changes_nothing(visit, people) -> None:
    phone = Phone(people["alice"], visit)
    fields = {
        "id": str(uuid.uuid4()),
        "arrived_at": phone.now,
        "changes": [phone.change("conclusion", "一")],
    }
    first = phone.send(**fields)
    assert phone.send(**fields) == first
    assert VisitSync.objects.count() == 1
    assert visit.case.steps.filter(action="start_visit").count() == 1


def test_two_phones_see_each_others_words(visit, people) -> None:
    one, other = Phone(people["alice"], visit), Phone(people["bob"], visit)
    one.send(arrived_at=one.now, changes=[one.change("conclusion", "甲写的")])
    [conflict] = other.send(changes=[other.change("conclusion", "乙写的")])["conflicts"]
    assert (conflict["theirs"], conflict["by"]) == ("甲写的", "核查员甲")
    settled = other.send(
        changes=[other.change("conclusion", "乙写的", base=conflict["n"])]
    )
    assert settled["conflicts"] == []
    assert settled["fields"]["conclusion"]["v"] == "乙写的"


def test_finishing_with_an_open_conflict_does_not_finish(visit, people) -> None:
    one, other = Phone(people["alice"], visit), Phone(people["bob"], visit)
    items = one.client.get(f"/visits/{visit.pk}/").context["pack"]["items"]
    one.send(arrived_at=one.now, changes=[one.change("conclusion", "甲写的")])
    answer = other.send(changes=complete(other, items), finish=True)
    assert answer["state"] == "started"
    assert [c["field"] for c in answer["conflicts"]] == ["conclusion"]


def test_what_is_missing_is_listed_and_nothing_is_lost(visit, people) -> None:
    phone = Phone(people["alice"], visit)
    phone.send(arrived_at=phone.now)
    answer = phone.send(changes=[phone.change("conclusion", "一")], finish=True)
    assert answer["state"] == "started"
    assert "未选择是否发现问题" in answer["missing"]
    assert answer["fields"]["conclusion"]["v"] == "一"


def test_a_clock_wrong_by_a_day_is_corrected(visit, people) -> None:
    phone = Phone(people["alice"], visit, wrong=timedelta(days=1))
    answer = phone.send(arrived_at=phone.now)
    assert abs(answer["clock_offset_s"] + 86400) < 5
    visit.refresh_from_db()
    assert abs(clock.now() - visit.arrived_at) < timedelta(seconds=10)


def test_a_photo_cut_in_the_middle_is_resumed(visit, people) -> None:
    phone = Phone(people["alice"], visit)
    content = jpeg(7)
    assert len(content) > 9000
    phone.photo("scene", content, cut=6000)
    photo = VisitPhoto.objects.get()
    assert photo.received == len(content)
    assert photo.file.sealed.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<script>x</script>" * 30, "JPEG 或 PNG"),
        (b"\xff\xd8\xff" + b"x" * 50, "不符"),
    ],
    ids=["no picture", "other bytes"],
)
def test_a_photo_that_is_none_is_refused(visit, people, content, why) -> None:
    phone = Phone(people["alice"], visit)
    url, pk = f"/visits/{visit.pk}/photos/", str(uuid.uuid4())
    digest = hashlib.sha256(content if why != "不符" else b"?").hexdigest()
    told = {
        "id": pk, "code": "scene", "size": len(content), "sha256": digest,
        "taken_at": phone.now, "sent_at": phone.now,
    }  # fmt: skip
    phone.client.post(url, told, content_type="application/json")
    answer = phone.client.put(
        f"{url}?id={pk}&start=0", content, content_type="application/octet-stream"
    )
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert VisitPhoto.objects.get().received == 0
    assert not visit.case.files.filter(kind="photo").exists()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "不是 JSON"),
        (b"[]", "JSON 对象"),
        (b"\xff{}", "不是 JSON"),
        ("[" * 100_000, "嵌套"),
        (json.dumps({"id": ID, "entry_code": "a\0"}), "NUL"),
        (
            json.dumps(
                {
                    "id": ID,
                    "sent_at": "2026-11-23T10:00:00+08:00",
                    "changes": [{"field": "found", "value": 1, "base": "9" * 5000}],
                }
            ),
            "changes[0].base",
        ),
        (json.dumps({"id": "x"}), "id 应为 UUID"),
        (json.dumps({"id": ID, "sent_at": "now"}), "sent_at"),
        (
            json.dumps(
                {
                    "id": ID,
                    "sent_at": "2026-11-23T10:00:00+08:00",
                    "place": {"latitude": "x"},
                }
            ),
            "place.latitude",
        ),
        (
            json.dumps(
                {
                    "id": ID,
                    "sent_at": "2026-11-23T10:00:00+08:00",
                    "changes": [{"field": "found", "value": 1, "base": -1}],
                }
            ),
            "changes[0].base",
        ),
    ],
    ids=lambda given: str(given)[:30],
)
def test_bad_sendings_name_the_field(visit, people, body, why) -> None:
    client = Phone(people["alice"], visit).client
    answer = client.post(
        f"/visits/{visit.pk}/sync/", body, content_type="application/json"
    )
    assert answer.status_code == 400
    assert why in answer.json()["detail"]


def test_only_its_officers_reach_a_visit(visit, people) -> None:
    for name in ("duty", "charlie"):
        client = Client()
        client.force_login(people[name])
        assert client.get(f"/visits/{visit.pk}/").status_code == 404
        assert client.get("/visits/").context["rows"] == []


def test_before_the_approval_nothing_is_taken(visit, people) -> None:
    SiteVisit.objects.filter(pk=visit.pk).update(state="planned")
    phone = Phone(people["alice"], visit)
    answer = phone.send(422, arrived_at=phone.now)
    assert "尚未批准" in answer["detail"]


def test_the_list_shows_own_visits_in_route_order(visit, people) -> None:
    client = Client()
    client.force_login(people["bob"])
    [row] = client.get("/visits/").context["rows"]
    assert (row["visit"].pk, row["number"]) == (visit.pk, 1)
    assert row["visit"].planned_on > date(2026, 1, 1)
