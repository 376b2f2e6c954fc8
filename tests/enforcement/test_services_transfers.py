"""Letters to other departments, and what those do with their part."""

from datetime import date

import pytest

from bozhou_eco.accounts.models import Organisation, Role, User
from enforcement.domain.documents import DocumentKind
from enforcement.models import PartnerUnit, Transfer
from enforcement.services import partners, transfers
from tests.enforcement.refusing import papers, put, refused, told

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def sent(clue):
    def make(**fields):
        return Transfer.objects.create(
            case=clue, authority="traffic_police", matter="6063", sent_on=TODAY,
            **{"state": "sent", "joint": True, **fields},
        )  # fmt: skip

    return make


@pytest.fixture
def officer(units):
    """Somebody of the traffic police."""
    unit = Organisation.objects.create(kind="partner", name="交警支队", code="police")
    PartnerUnit.objects.create(organisation=unit, authority="traffic_police")
    return User.objects.create_user(
        "police", password="a long enough secret", name="张警官", organisation=unit,
        roles=[Role.PARTNER],
    )  # fmt: skip


def test_a_joint_letter_names_a_department_and_a_matter(clue, people, now):
    def send(**changes):
        fields = {"authority": "market", "unit_name": "", "matter": " 设备 "}
        return transfers.send_joint(
            case=clue, actor=people["alice"], now=now, **{**fields, **changes}
        )

    [letter] = papers(clue, people["alice"], now, DocumentKind.TRANSFER_LETTER)
    with refused("请选择接收部门"):
        send(authority="church")
    with refused("未填写移送事项"):
        send(matter=" ")
    row = send()
    assert (row.matter, row.letter, row.joint) == ("设备", letter, True)
    clue.refresh_from_db()
    assert clue.state == "alerted"


def test_a_receipt_is_registered_once_and_not_before_the_letter(
    clue, people, now, sent
):
    row = sent()

    def receive(receipt="张警官", on=TODAY):
        return transfers.receive_transfer(
            transfer=row,
            receipt=receipt,
            received_on=on,
            actor=people["alice"],
            now=now,
        )

    with refused("未填写回执"):
        receive(" ")
    with refused("签收日期早于移送日期 2026-11-23"):
        receive(on=date(2026, 11, 22))
    with refused("签收日期不能晚于今天"):
        receive(on=TOMORROW)
    assert receive().state == "received"
    with refused("已签收或已办结"):
        receive()
    assert told(clue, "receive_transfer") == (1, 1)


@pytest.mark.parametrize("state", ["sent", "received"])
def test_the_answer_of_a_joint_department_is_registered_once(
    clue, people, now, sent, state
):
    row, whole = sent(state=state), sent(joint=False)

    def answer(transfer=row, **changes):
        fields = {"reply_number": " 9号 ", "replied_on": TODAY, "result": " 处 200 元 "}
        return transfers.record_joint_reply(
            transfer=transfer, actor=people["alice"], now=now, **{**fields, **changes}
        )

    with refused("未填写处理结果"):
        answer(result=" ")
    with refused("回函日期不能晚于今天"):
        answer(replied_on=TOMORROW)
    with refused("不在等待回函状态"):
        answer(whole)  # that one moves the case, by another act
    done = answer()
    assert (done.state, done.result, done.reply_number) == (
        "replied",
        "处 200 元",
        "9号",
    )
    with refused("不在等待回函状态"):
        answer()
    assert told(clue, "joint_reply") == (1, 1)


def test_a_department_answers_while_the_case_is_open(clue, people, now, sent, officer):
    row = sent()

    def answer(**changes):
        fields = {"number": " 9号 ", "replied_on": TODAY, "result": " 已处罚 "}
        return partners.answer_part(
            transfer=row, actor=officer, now=now, **{**fields, **changes}
        )

    with refused("不是发给本部门的"):
        partners.sign_part(transfer=row, actor=people["alice"], now=now)
    put(clue, state="closed", ended_at=now)
    with refused("案件已办结，不能再签收或回函"):
        partners.sign_part(transfer=row, actor=officer, now=now)
    put(clue, state="investigating", ended_at=None)
    with refused("请先签收再回函"):
        answer()
    signed = partners.sign_part(transfer=row, actor=officer, now=now)
    assert "交警支队 张警官 2026-11-23 10:30 签收" in signed.receipt
    with refused("未填写处理结果"):
        answer(result=" ")
    for day in (date(2026, 11, 22), TOMORROW):
        with refused("回函日期应在移送日期 2026-11-23 与今天之间"):
            answer(replied_on=day)
    assert answer().result == "已处罚"
    with refused("该移送已回函"):
        answer()
