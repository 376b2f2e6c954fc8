"""Joint cases: each department sees its own part, signs for it and answers it."""

import io

import pytest
from django.urls import reverse

from bozhou_eco.accounts.models import Organisation, Role, User
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import Refused
from enforcement.models import PartnerUnit, Transfer
from enforcement.services import content, transfers
from enforcement.services.partners import answer_part, sign_part
from enforcement.walkthrough import Cast, Story


def department(authority, district=None):
    organisation = Organisation.objects.create(
        kind="partner", name=f"{authority} 大队", code=authority, district=district
    )
    PartnerUnit.objects.create(organisation=organisation, authority=authority)
    return User.objects.create_user(
        authority, password="a long enough secret", name=authority,
        organisation=organisation, roles=[Role.PARTNER],
    )  # fmt: skip


@pytest.fixture
def police(districts):
    return department("traffic_police", districts["精河县"])


@pytest.fixture
def transport(districts):
    return department("transport")


@pytest.fixture
def sent(clue, people, now):
    """A joint case: police and transport, each with one of two pieces of evidence."""
    cast = Cast(
        people["duty"], people["alice"], people["bob"], people["rita"], people["lex"],
        people["lead"],
    )  # fmt: skip
    story = Story(clue, cast, now)
    story.do("take_up", people["duty"])
    files = [
        content.add_file(
            case=clue, source=io.BytesIO(text), name=f"{text.decode()}.jpg",
            media_type="image/jpeg", size=len(text), kind="photo", title=text.decode(),
            actor=people["duty"], now=now,
        )
        for text in (b"front", b"rear")
    ]  # fmt: skip
    story.paper(DocumentKind.TRANSFER_LETTER, people["duty"], recipient="交警大队")
    return [
        transfers.send_joint(
            case=clue, authority=authority, unit_name="", matter=matter,
            files=[file], actor=people["duty"], now=story.now,
        )
        for authority, matter, file in zip(
            ("traffic_police", "transport"), ("按 6063 处罚", "查营运资质"), files, strict=True
        )
    ]  # fmt: skip


def test_each_sees_its_part_alone(client, sent, police, transport):
    mine, other = sent
    client.force_login(police)
    listed = client.get(reverse("enforcement:parts")).content.decode()
    assert "按 6063 处罚" in listed
    assert "查营运资质" not in listed
    page = client.get(reverse("enforcement:part", args=[mine.pk])).content.decode()
    assert "front" in page
    assert "rear" not in page
    assert client.get(reverse("enforcement:part", args=[other.pk])).status_code == 404
    theirs = other.files.get()
    for part, file, status in ((mine, mine.files.get(), 200), (mine, theirs, 404)):
        address = reverse("enforcement:part_file", args=[part.pk, file.pk])
        assert client.get(address).status_code == status
    letter = client.get(reverse("enforcement:part_file", args=[mine.pk, 0]))
    assert letter["Content-Type"] == "application/pdf"
    for name in ("enforcement:cases", "enforcement:figures"):
        assert client.get(reverse(name)).status_code == 403
    assert client.get(mine.case.get_absolute_url()).status_code == 403


def test_sign_and_answer_through_the_page(client, sent, police, now):
    mine = sent[0]
    client.force_login(police)
    page = reverse("enforcement:part", args=[mine.pk])
    early = client.post(page, {"replied_on": "2026-11-23", "result": "已处罚"})
    assert (early.status_code, "请先签收" in early.content.decode()) == (422, True)
    client.post(reverse("enforcement:part_sign", args=[mine.pk]))
    mine.refresh_from_db()
    assert mine.state == "received"
    assert "traffic_police" in mine.receipt
    bad = client.post(page, {"replied_on": "2020-01-01", "result": "已处罚"})
    assert "回函日期" in bad.content.decode()
    day = mine.received_on.isoformat()
    client.post(
        page, {"replied_on": day, "result": "已按 6063 处 200 元", "number": "7号"}
    )
    mine.refresh_from_db()
    assert (mine.state, mine.reply_number) == ("replied", "7号")
    steps = set(mine.case.steps.values_list("action", "actor__username"))
    assert {
        ("receive_transfer", "traffic_police"),
        ("joint_reply", "traffic_police"),
    } <= steps


def test_a_matter_handed_over_whole_waits_for_the_officer(
    client, clue, people, police, now
):
    cast = Cast(*(people[n] for n in ("duty", "alice", "bob", "rita", "lex", "lead")))
    story = Story(clue, cast, now)
    story.do("take_up", people["duty"])
    story.paper(DocumentKind.TRANSFER_LETTER, people["duty"], recipient="交警大队")
    data = {"authority": "traffic_police", "matter": "6063"}
    story.do("transfer_out", people["duty"], "移送", data)
    transfer = Transfer.objects.get()
    sign_part(transfer=transfer, actor=police, now=story.now)
    answer_part(
        transfer=transfer, number="博公交〔2026〕7号", replied_on=story.today,
        result="已处 200 元", actor=police, now=story.now,
    )  # fmt: skip
    assert story.state == "external"
    client.force_login(people["duty"])
    form = client.get(reverse("enforcement:act", args=[clue.pk, "record_reply"]))
    assert "博公交〔2026〕7号" in form.content.decode()
    with pytest.raises(Refused, match="已签收"):
        sign_part(transfer=transfer, actor=police, now=story.now)


def test_an_answer_to_anothers_part_is_refused(sent, transport, now):
    with pytest.raises(Refused, match="不是发给本部门"):
        sign_part(transfer=sent[0], actor=transport, now=now)


def test_another_district_sees_nothing(sent, districts, client):
    far = department("traffic_police", districts["温泉县"])
    client.force_login(far)
    assert client.get(reverse("enforcement:part", args=[sent[0].pk])).status_code == 404


def test_evidence_of_another_case_is_not_sent(sent, clue, make_alert, people, now):
    from enforcement.services.cases import open_case  # noqa: PLC0415

    foreign = sent[0].files.get()
    other = open_case(alerts=[make_alert(key="other")], actor=people["duty"], now=now)
    story = Story(other, Cast(*[people["duty"]] * 6), now)
    story.paper(DocumentKind.TRANSFER_LETTER, people["duty"], recipient="交警")
    with pytest.raises(Refused, match="不属于本案"):
        transfers.send_joint(
            case=other, authority="transport", unit_name="", matter="m", files=[foreign],
            actor=people["duty"], now=story.now,
        )  # fmt: skip
