"""The condition of each move from both sides, with the words of its refusal."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import guards
from enforcement.domain.workflow.facts import Facts

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
YESTERDAY, TODAY, TOMORROW = (date(2026, 11, day) for day in (22, 23, 24))
D = Decimal
VISIT = frozenset({DocumentKind.SITE_RECORD})
CHECKED = frozenset({DocumentKind.CHECK_REPORT})
OFF_SITE = {"mode": "off_site", "off_site_reason": "数据完整"}


def facts(**known: object) -> Facts:
    return Facts(now=NOW, actor=1, roles=frozenset(), **known)  # type: ignore[arg-type]


def hold(
    guard: Callable[[Facts], str], rows: list[tuple[dict[str, object], str]]
) -> None:
    """Each row: what is known, and the reason against the move ("" for none)."""
    assert [guard(facts(**known)) for known, _ in rows] == [text for _, text in rows]


def test_only_a_known_and_the_same_unit_accepts() -> None:
    text = "只有接收单位的人员可以签收"
    hold(
        guards.receiver_only,
        [
            ({"unit": 7, "handling_unit": 7}, ""),
            ({"unit": 8, "handling_unit": 7}, text),
            ({"unit": None, "handling_unit": None}, text),
        ],
    )


def test_a_finding_on_site_needs_visit_record_and_two_officers() -> None:
    done = {"visit_done": True, "documents": VISIT, "officers": 2}
    hold(
        guards.findings_supported,
        [
            (done, ""),
            (done | {"visit_done": False}, "尚无已完成的现场核查记录"),
            (done | {"documents": CHECKED}, "尚未形成现场检查（勘察）笔录"),
            (done | {"officers": 1}, "持证执法人员不少于 2 人，现有 1 人"),
            (done | {"officers": 3}, ""),
            ({}, "尚无已完成的现场核查记录"),
        ],
    )


def test_a_finding_off_site_needs_the_check_report_and_a_reason() -> None:
    hold(
        guards.findings_supported,
        [
            ({"given": OFF_SITE, "documents": CHECKED}, ""),
            (
                {"given": OFF_SITE, "documents": VISIT},
                "以非现场方式认定须先出具线上排查情况表",
            ),
            (
                {"given": {"mode": "off_site"}, "documents": CHECKED},
                "以非现场方式认定须说明为何无须现场核查",
            ),
        ],
    )


def test_officers_and_evidence_are_counted() -> None:
    hold(guards.two_officers, [({"officers": 2}, "")])
    assert guards.two_officers(facts()) == "持证执法人员不少于 2 人，现有 0 人"
    hold(guards.has_evidence, [({"evidence": 1}, ""), ({}, "案件中尚无证据")])


def test_filing_is_open_to_the_last_day_of_two_years() -> None:
    known = {
        "cause": "超标",
        "act_ended_on": date(2024, 11, 23),
        "discovered_on": date(2026, 11, 23),
    }
    late = "违法行为终了已逾 2 年（2026-11-23 届满），依行政处罚法第三十六条不再给予行政处罚"
    undated = "尚未填写发现日期和违法行为终了日期"
    swapped = "发现日期早于违法行为终了日期，请核对；行为持续的以发现日为终了日"
    hold(
        guards.can_be_filed,
        [
            (known, ""),
            (known | {"discovered_on": TOMORROW}, late),
            (known | {"discovered_on": TOMORROW, "limitation_years": 5}, ""),
            (known | {"cause": ""}, "尚未选择案由"),
            (known | {"discovered_on": None}, undated),
            (known | {"act_ended_on": None}, undated),
            (known | {"discovered_on": date(2024, 11, 22)}, swapped),
            (known | {"discovered_on": date(2024, 11, 23)}, ""),
        ],
    )


def test_the_basis_is_chosen_and_compared() -> None:
    hold(
        guards.basis_settled,
        [
            ({"basis_chosen": True}, ""),
            ({}, "尚未选择适用的法律依据"),
            (
                {"basis_chosen": True, "lighter_open": True},
                "行为后法律已修改，尚未完成从旧兼从轻比较",
            ),
        ],
    )


def test_a_proposal_of_nothing_is_a_proposal() -> None:
    hold(guards.proposal_made, [({"proposed": D(0)}, ""), ({}, "尚未完成裁量计算")])


def test_lenience_needs_its_conditions_and_the_amount() -> None:
    hold(
        guards.lenient_allowed,
        [
            ({"lenient_missing": (), "exempted": D(0)}, ""),
            ({"exempted": D(1)}, "尚未完成不予处罚条件核对"),
            (
                {"lenient_missing": ("甲", "乙"), "exempted": D(1)},
                "不予处罚条件不满足：甲；乙",
            ),
            ({"lenient_missing": ()}, "尚未按裁量表计算免予处罚金额"),
        ],
    )


def test_a_fine_on_the_spot_may_be_its_ceiling() -> None:
    hold(
        guards.small_enough,
        [
            ({"spot_limit": D(3000), "given": {"amount": D(3000)}}, ""),
            (
                {"spot_limit": D(3000), "given": {"amount": D("3000.01")}},
                "当场处罚对单位的罚款不超过 3,000 元",
            ),
            (
                {"spot_limit": D(200), "given": {"amount": D(201)}, "entity": False},
                "当场处罚对个人的罚款不超过 200 元",
            ),
            ({"given": {"amount": D(1)}}, "当场处罚对单位的罚款不超过 0 元"),
            ({"given": {}}, ""),
        ],
    )


def test_a_larger_fine_carries_the_right_to_a_hearing_from_its_threshold() -> None:
    known = {"hearing_threshold": D(50_000), "proposed": D(50_000)}
    text = "拟罚款 50,000 元达到较大数额（50,000 元），必须告知听证权利"
    hold(
        guards.hearing_right_granted,
        [
            (known, text),
            (known | {"given": {"hearing_right": True}}, ""),
            (known | {"proposed": D("49999.99")}, ""),
            (known | {"proposed": None}, ""),
            (known | {"hearing_threshold": None}, ""),
            (
                {"hearing_threshold": D(0), "proposed": D(0)},
                "拟罚款 0 元达到较大数额（0 元），必须告知听证权利",
            ),
        ],
    )


def test_a_hearing_is_asked_for_from_service_to_the_last_day() -> None:
    known = {
        "hearing_right": True,
        "notice_served_on": date(2026, 11, 16),
        "notice_last_day": YESTERDAY,
    }

    def asked(day: date) -> dict[str, object]:
        return known | {"given": {"requested_on": day}}

    hold(
        guards.hearing_in_time,
        [
            (asked(YESTERDAY), ""),
            (asked(TODAY), "听证申请期限已于 2026-11-22 届满"),
            (asked(date(2026, 11, 16)), ""),
            (asked(date(2026, 11, 15)), "申请日期早于告知书送达日期"),
            (asked(YESTERDAY) | {"hearing_right": False}, "本案未告知听证权利"),
            (asked(TODAY) | {"notice_last_day": None}, ""),
            (asked(date(2026, 11, 15)) | {"notice_served_on": None}, ""),
            (known, ""),
        ],
    )


def test_a_hearing_is_held_from_its_first_day() -> None:
    text = "听证应当提前七个工作日通知，最早可于 2026-11-23 举行"
    hold(
        guards.hearing_announced,
        [
            ({"hearing_first_day": TODAY, "given": {"held_on": TODAY}}, ""),
            ({"hearing_first_day": TODAY, "given": {"held_on": YESTERDAY}}, text),
            ({"hearing_first_day": TODAY}, ""),
            ({"given": {"held_on": TODAY}}, "听证通知书尚未登记送达日期"),
        ],
    )


def test_notice_is_over_after_its_last_day_or_when_waived() -> None:
    defended = {"notice_last_day": YESTERDAY, "defence_open": True}
    hold(
        guards.notice_over,
        [
            ({"notice_last_day": YESTERDAY}, ""),
            ({"notice_last_day": TODAY}, "告知期限至 2026-11-23，尚未届满"),
            ({"notice_last_day": TOMORROW, "given": {"waived": True}}, ""),
            ({}, "告知期限尚不能确定（放假安排待载入或计时已中止）"),
            (defended, "当事人已陈述申辩，须填写复核意见"),
            (defended | {"given": {"defence_opinion": "不予采纳"}}, ""),
        ],
    )


def test_a_heavy_case_is_discussed() -> None:
    hold(
        guards.no_discussion_needed,
        [
            ({}, ""),
            ({"discussion_reason": "大额"}, "本案须经负责人集体讨论：大额"),
            ({"discussion_reason": "大额", "discussed": True}, ""),
            ({"discussed": True}, ""),
        ],
    )


@pytest.mark.parametrize(
    ("count", "enough"),
    [(2, False), (3, True), (4, True), ("3", False), (None, False)],
    ids=["two", "three", "four", "a-word", "none"],
)
def test_three_make_a_discussion(count: object, enough: bool) -> None:
    reason = guards.quorum(facts(given={"attendees": count}))
    assert reason == ("" if enough else "集体讨论出席不少于 3 人")


def test_no_penalty_without_notice() -> None:
    text = "未履行事先告知程序，不得作出行政处罚决定"
    hold(guards.notice_was_given, [({"notice_served_on": TODAY}, ""), ({}, text)])


def test_a_fine_may_be_either_bound_and_a_step_from_the_proposal_is_explained() -> None:
    known = {"penalty_range": (D(1000), D(5000)), "proposed": D(2000)}

    def fined(amount: str, **more: object) -> dict[str, object]:
        given = {"amount": D(amount), "deviation_reason": "说明"}
        return known | {"given": given} | more

    unexplained = "与裁量结果 2,000 元不一致，须说明理由"
    low = "罚款 999.99 元低于法定下限 1,000 元，未具备减轻处罚依据"
    hold(
        guards.amount_lawful,
        [
            (fined("5000"), ""),
            (fined("5000.01"), "罚款 5,000.01 元超过法定上限 5,000 元"),
            (fined("1000"), ""),
            (fined("999.99"), low),
            (fined("999.99", reduction_basis="第三十二条"), ""),
            (fined("2000", given={"amount": D(2000)}), ""),
            (fined("2000", given={"amount": D(2001)}), unexplained),
            (
                fined("2000", given={"amount": D(2001)}, proposed=None),
                "与裁量结果 0 元不一致，须说明理由",
            ),
            (fined("9999", penalty_range=None), ""),
            (known | {"given": {}}, ""),
        ],
    )


def test_nothing_heavier_than_noticed_or_for_a_defence() -> None:
    given = {"given": {"amount": D(2000)}}
    noticed = "罚款 2,000 元高于事先告知的 1,999 元，须退回后重新告知"
    heavier = "当事人已陈述申辩，处罚不得因此加重"
    defended = given | {"defence_open": True}
    hold(
        guards.not_aggravated,
        [
            (given | {"noticed": D(2000)}, ""),
            (given | {"noticed": D(1999)}, noticed),
            (given, ""),
            (defended | {"proposed": D(2000)}, ""),
            (defended | {"proposed": D(1999)}, heavier),
            (defended, ""),
            (given | {"proposed": D(1999)}, ""),
            ({"noticed": D(1), "proposed": D(1), "defence_open": True}, ""),
        ],
    )


def test_only_electronic_service_needs_consent() -> None:
    text = "电子送达须有当事人签订的确认书"
    hold(
        guards.service_consented,
        [
            ({"given": {"method": "electronic"}}, text),
            ({"given": {"method": "electronic", "consent": True}}, ""),
            ({"given": {"method": "mail"}}, ""),
        ],
    )


def test_a_fen_owed_is_owed() -> None:
    hold(
        guards.all_paid,
        [({"owed": D("0.01")}, "尚欠缴 0.01 元"), ({"owed": D(1)}, "尚欠缴 1 元")],
    )
    assert guards.all_paid(facts()) == ""


def test_an_obligation_is_urged_after_its_last_day() -> None:
    hold(
        guards.payment_late,
        [
            ({"owed": D(1), "payment_last_day": YESTERDAY}, ""),
            (
                {"owed": D(1), "payment_last_day": TODAY},
                "缴款期限至 2026-11-23，尚未届满",
            ),
            ({"owed": D(1)}, "缴款期限尚不能确定"),
            ({"owed": D(0), "payment_last_day": YESTERDAY}, "罚款已缴清，无须催告"),
        ],
    )


def test_the_court_is_asked_between_its_first_and_its_last_day() -> None:
    known = {
        "urge_last_day": YESTERDAY,
        "court_first_day": TODAY,
        "court_last_day": TODAY,
    }
    early = "法定起诉期限未届满，最早可于 2026-11-24 申请强制执行"
    hold(
        guards.court_open,
        [
            (known, ""),
            (known | {"court_first_day": TOMORROW}, early),
            (
                known | {"court_last_day": YESTERDAY},
                "申请强制执行期限已于 2026-11-22 届满",
            ),
            (known | {"court_first_day": None, "court_last_day": None}, ""),
            (known | {"urge_last_day": TODAY}, "催告期限至 2026-11-23，尚未届满"),
            (known | {"urge_last_day": None}, "催告期限尚不能确定"),
        ],
    )


def test_closing_needs_the_form_the_proof_and_nothing_open() -> None:
    form = frozenset({DocumentKind.CLOSING_FORM})
    hold(
        guards.correction_proved,
        [({"corrected": True}, ""), ({}, "尚无整改前后对比证据和复查结论")],
    )
    hold(
        guards.nothing_owed,
        [
            ({}, ""),
            ({"open_obligations": ("甲", "乙")}, "尚有未了事项：甲；乙"),
            ({"open_obligations": ("甲",), "given": {"open_reason": "注销"}}, ""),
        ],
    )
    hold(
        guards.closing_form_ready,
        [
            ({"is_case": True, "documents": form}, ""),
            ({"is_case": True}, "尚未制作《结案审批表》"),
            ({"is_case": False}, ""),
        ],
    )
    hold(
        guards.filed_case,
        [({"is_case": True}, ""), ({}, "未立案的线索请撤销后重新启动")],
    )


def test_a_decision_is_served_as_what_it_is() -> None:
    penalty, none = {"decision": "penalty"}, {"decision": "none"}
    text = "本案作出的不是行政处罚决定"
    hold(guards.penalty_decided, [(penalty, ""), (none, text), ({}, text)])
    text = "本案作出的不是不予处罚决定"
    hold(guards.no_penalty_decided, [(none, ""), (penalty, text), ({}, text)])
