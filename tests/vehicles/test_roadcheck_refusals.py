"""Road checks and their transfers: what is refused, and what a case or its lack changes."""

import io
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError
from PIL import Image

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from enforcement.models import Case
from tests import factories
from tests.vehicles.capture_factories import NOW
from vehicles.domain.roadside import Reading
from vehicles.models import PoliceTransfer, RoadCampaign, RoadCheck, Vehicle
from vehicles.services import roadcheck_transfers as transfers
from vehicles.services import roadchecks
from vehicles.services.roadchecks import (
    Given,
    Photo,
    RoadCheckConflictError,
    RoadCheckRefusedError,
    record_check,
)

pytestmark = pytest.mark.django_db
TODAY = clock.beijing(NOW).date()
FAIL = Reading("smoke_meter", "fail", smoke_k=3.1, limit_k=1.2)


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER)


@pytest.fixture
def campaign() -> RoadCampaign:
    return RoadCampaign.objects.create(
        name="G30 联合路检", place="G30 精河出口", district=factories.district(),
        begins_at=NOW - timedelta(hours=1),
    )  # fmt: skip


def given(reading: Reading = FAIL, **more: object) -> Given:
    values = {
        "id": uuid.UUID(int=1), "plate": "新E0K73X", "plate_color": "yellow",
        "at": NOW - timedelta(minutes=2), "reading": reading,
    }  # fmt: skip
    return Given(**(values | more))


def picture(size: tuple[int, int] = (8, 8)) -> Photo:
    out = io.BytesIO()
    Image.new("1", size).save(out, "PNG")
    return Photo("a.png", out.getvalue())


def test_a_campaign_ends_once(campaign: RoadCampaign, officer: User) -> None:
    roadchecks.end_campaign(campaign=campaign, actor=officer, now=NOW)
    later = NOW + timedelta(hours=1)
    with pytest.raises(RoadCheckRefusedError, match="已结束"):
        roadchecks.end_campaign(campaign=campaign, actor=officer, now=later)
    campaign.refresh_from_db()
    assert campaign.ends_at == NOW
    assert AuditEntry.objects.filter(act="roadcheck.end").count() == 1


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"at": NOW + timedelta(hours=2)}, "at", "在将来"),
        ({"at": NOW - timedelta(days=31)}, "at", "早于 30 天"),
        ({"longitude": 82.9}, "place", "定位不完整"),
        ({"longitude": 181.0, "latitude": 44.6}, "place", "超出范围"),
        ({"photos": [picture()] * 9}, "photos", "不超过 8 张"),
    ],
    ids=["future", "old", "half-a-place", "no-place-on-earth", "nine-photos"],
)
def test_a_refused_check_names_the_field_and_writes_nothing(
    campaign: RoadCampaign,
    officer: User,
    more: dict[str, object],
    field: str,
    words: str,
) -> None:
    with pytest.raises(RoadCheckRefusedError, match="更正标出的项目") as refused:
        record_check(campaign=campaign, given=given(**more), actor=officer, now=NOW)
    assert list(refused.value.fields) == [field]
    assert words in refused.value.fields[field]
    assert not RoadCheck.objects.exists()
    assert not Vehicle.objects.exists()
    assert not AuditEntry.objects.filter(act="roadcheck.add").exists()


def test_photos_too_heavy_or_too_wide_are_named(
    campaign: RoadCampaign, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, wide = picture(), picture((64, 64))
    heavy = Photo("b.png", small.content + b"\0" * 4000)
    monkeypatch.setattr(roadchecks, "MOST_PHOTO_BYTES", 3000)
    monkeypatch.setattr(roadchecks, "MOST_PIXELS", 1000)
    for photos, words in (
        ([small, heavy], "第 2 张照片超过 15 MB"),
        ([wide, small], "第 1 个文件不是可用的照片"),
    ):
        with pytest.raises(RoadCheckRefusedError) as refused:
            record_check(
                campaign=campaign, given=given(photos=photos), actor=officer, now=NOW
            )
        assert words in refused.value.fields["photos"]
    assert not RoadCheck.objects.exists()
    check, new = record_check(
        campaign=campaign, given=given(photos=[small]), actor=officer, now=NOW
    )
    assert (new, check.photos.count(), check.longitude) == (True, 1, None)


def test_a_check_that_came_twice_at_once_is_one(
    campaign: RoadCampaign, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request commits between the look and the write of this one."""
    create, plate_of = roadchecks._create, roadchecks.plates.parse
    other = given(Reading("smoke_meter", "fail", smoke_k=2.2, limit_k=1.2))

    def late(sent: Given) -> tuple[RoadCheck, bool]:
        RoadCheck.objects.all().delete()

        def parse(*words: str | None) -> object:
            create(
                campaign, given(), plate_of("新E0K73X", "yellow"), NOW,
                roadchecks._digest(campaign, given()), officer, NOW,
            )  # fmt: skip
            return plate_of(*words)

        with monkeypatch.context() as patch:
            patch.setattr(roadchecks.plates, "parse", parse)
            return record_check(campaign=campaign, given=sent, actor=officer, now=NOW)

    held, new = late(given())
    assert (held.pk, new) == (given().id, False)
    with pytest.raises(RoadCheckConflictError, match=r"新E0K73X 不合格.*未覆盖"):
        late(other)
    assert RoadCheck.objects.get().smoke_k == 3.1


def test_an_error_of_the_store_is_not_taken_for_a_repeat(
    campaign: RoadCampaign, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*parts: object) -> None:
        raise IntegrityError("another constraint")

    monkeypatch.setattr(roadchecks, "_follow", broken)
    with pytest.raises(IntegrityError, match="another constraint"):
        record_check(campaign=campaign, given=given(), actor=officer, now=NOW)
    assert not RoadCheck.objects.exists()


# --- handing over to the traffic police -------------------------------------------------
def failed(campaign: RoadCampaign, officer: User, reading: Reading = FAIL) -> RoadCheck:
    return record_check(
        campaign=campaign, given=given(reading), actor=officer, now=NOW
    )[0]


def test_a_transfer_needs_a_unit_and_what_casework_needs(
    campaign: RoadCampaign, officer: User
) -> None:
    check = failed(campaign, officer)
    give = {"check": check, "actor": officer, "now": NOW}
    with pytest.raises(RoadCheckRefusedError, match="接收单位") as refused:
        transfers.transfer_to_police(unit="  ", **give)
    assert list(refused.value.fields) == ["unit"]
    elsewhere = factories.department(factories.district("652701", "博乐市"))
    stranger = factories.user(Role.OFFICER, organisation=elsewhere)
    with pytest.raises(RoadCheckRefusedError, match="移送未完成：本案不在您的管辖"):
        transfers.transfer_to_police(unit="交警大队", **{**give, "actor": stranger})
    assert not Case.objects.exists(), "a half-made clue is taken back"
    made = transfers.transfer_to_police(unit=" 交警大队 ", **give)
    assert made.unit == "交警大队"
    with pytest.raises(RoadCheckRefusedError, match="已移送"):
        transfers.transfer_to_police(unit="交警大队", **give)
    assert (PoliceTransfer.objects.count(), Case.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(act="roadcheck.transfer").count() == 1
    # The reply cannot come before the receipt, nor either of them twice or tomorrow.
    tomorrow = TODAY + timedelta(days=1)
    answer = {"transfer": made, "actor": officer, "now": NOW}
    with pytest.raises(RoadCheckRefusedError):
        transfers.register_receipt(receipt="1号", received_on=tomorrow, **answer)
    made.refresh_from_db()
    assert made.receipt_at is None
    transfers.register_receipt(receipt=" 1号 ", received_on=TODAY, **answer)
    with pytest.raises(RoadCheckRefusedError, match="已登记回执"):
        transfers.register_receipt(receipt="2号", received_on=TODAY, **answer)
    reply = {"reply_number": "函1号", "replied_on": TODAY, **answer}
    with pytest.raises(RoadCheckRefusedError, match="处理结果") as refused:
        transfers.register_reply(result=" ", **reply)
    assert list(refused.value.fields) == ["result"]
    with pytest.raises(RoadCheckRefusedError):
        transfers.register_reply(result="罚款", **{**reply, "replied_on": tomorrow})
    made.refresh_from_db()
    assert (made.receipt, made.reply, made.replied_at) == ("1号", "", None)
    transfers.register_reply(result=" 罚款 200 元 ", **reply)
    with pytest.raises(RoadCheckRefusedError, match="已登记反馈"):
        transfers.register_reply(result="警告", **reply)
    made.refresh_from_db()
    assert made.reply == "罚款 200 元"
    assert clock.beijing(made.replied_at).date() == TODAY


def test_a_transfer_without_a_clue_keeps_receipt_and_reply(
    campaign: RoadCampaign, officer: User
) -> None:
    check = failed(campaign, officer)
    made = PoliceTransfer.objects.create(road_check=check, sent_at=NOW)
    answer = {"transfer": made, "actor": officer, "now": NOW}
    transfers.register_receipt(receipt="旧1号", received_on=TODAY, **answer)
    transfers.register_reply(result="警告", reply_number="", replied_on=TODAY, **answer)
    made.refresh_from_db()
    assert (made.receipt, made.reply) == ("旧1号", "警告")
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (FAIL, "光吸收系数 3.1 m⁻¹，限值 1.2 m⁻¹，结论不合格"),
        (
            Reading("smoke_meter", "fail", smoke_k=3.1),
            "光吸收系数 3.1 m⁻¹，结论不合格",
        ),
        (Reading("ringelmann", "fail", ringelmann=2), "林格曼 2 级，结论不合格"),
        (
            Reading("obd", "fail", obd_fault="P20EE", note="尿素箱拆除"),
            "OBD：P20EE，尿素箱拆除，结论不合格",
        ),
    ],
    ids=["meter", "meter-without-limit", "by-eye", "obd-and-note"],
)
def test_the_sentence_about_a_check_says_what_was_read(
    campaign: RoadCampaign, officer: User, reading: Reading, words: str
) -> None:
    said = transfers.describe(failed(campaign, officer, reading))
    assert said.startswith("2026-11-23 11:58 G30 精河出口，")
    assert said.endswith("检查，" + words)
