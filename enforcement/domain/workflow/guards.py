"""Conditions of single moves; each returns the reason against the move, or ''."""

from datetime import date
from decimal import Decimal

from bozhou_eco.common.calendar import add_months
from enforcement.domain.documents import DocumentKind
from enforcement.domain.money import yuan
from enforcement.domain.workflow.facts import Facts

DISCUSSION_QUORUM = 3
OFFICERS_NEEDED = 2


def receiver_only(facts: Facts) -> str:
    """Only the unit that the clue was handed to may accept it."""
    if facts.unit is not None and facts.unit == facts.handling_unit:
        return ""
    return "只有接收单位的人员可以签收"


def findings_supported(facts: Facts) -> str:
    """A finding rests on a finished visit, or on a stated off-site way of knowing."""
    if facts.given_text("mode") == "off_site":
        if DocumentKind.CHECK_REPORT not in facts.documents:
            return "以非现场方式认定须先出具线上排查情况表"
        if not facts.given_text("off_site_reason"):
            return "以非现场方式认定须说明为何无须现场核查"
        return ""
    if not facts.visit_done:
        return "尚无已完成的现场核查记录"
    if DocumentKind.SITE_RECORD not in facts.documents:
        return "尚未形成现场检查（勘察）笔录"
    return two_officers(facts)


def two_officers(facts: Facts) -> str:
    """At least two officers with cards (行政处罚法 art. 42)."""
    if facts.officers >= OFFICERS_NEEDED:
        return ""
    return f"持证执法人员不少于 {OFFICERS_NEEDED} 人，现有 {facts.officers} 人"


def has_evidence(facts: Facts) -> str:
    """Nothing is found without evidence (行政处罚法 art. 40, 46)."""
    return "" if facts.evidence else "案件中尚无证据"


def can_be_filed(facts: Facts) -> str:
    """Filing needs the cause, the dates of the act and a live limitation period."""
    if not facts.cause:
        return "尚未选择案由"
    if facts.discovered_on is None or facts.act_ended_on is None:
        return "尚未填写发现日期和违法行为终了日期"
    if facts.discovered_on < facts.act_ended_on:
        return "发现日期早于违法行为终了日期，请核对；行为持续的以发现日为终了日"
    last = add_months(facts.act_ended_on, 12 * facts.limitation_years)
    if facts.discovered_on > last:
        return (
            f"违法行为终了已逾 {facts.limitation_years} 年（{last} 届满），"
            "依行政处罚法第三十六条不再给予行政处罚"
        )
    return ""


def basis_settled(facts: Facts) -> str:
    """The legal basis is chosen and, where the law changed, compared."""
    if not facts.basis_chosen:
        return "尚未选择适用的法律依据"
    if facts.lighter_open:
        return "行为后法律已修改，尚未完成从旧兼从轻比较"
    return ""


def proposal_made(facts: Facts) -> str:
    """A penalty is proposed from the discretion table."""
    return "" if facts.proposed is not None else "尚未完成裁量计算"


def lenient_allowed(facts: Facts) -> str:
    """Every condition of the chosen test is met and the amount is worked out."""
    if facts.lenient_missing is None:
        return "尚未完成不予处罚条件核对"
    if facts.lenient_missing:
        return "不予处罚条件不满足：" + "；".join(facts.lenient_missing)
    if facts.exempted is None:
        return "尚未按裁量表计算免予处罚金额"
    return ""


def small_enough(facts: Facts) -> str:
    """On-the-spot fines have a ceiling (行政处罚法 art. 51)."""
    amount = facts.given_money("amount")
    if amount is None or amount <= facts.spot_limit:
        return ""
    who = "单位" if facts.entity else "个人"
    return f"当场处罚对{who}的罚款不超过 {yuan(facts.spot_limit)} 元"


def hearing_right_granted(facts: Facts) -> str:
    """A larger fine must carry the right to a hearing (行政处罚法 art. 63)."""
    threshold, proposed = facts.hearing_threshold, facts.proposed
    larger = threshold is not None and proposed is not None and proposed >= threshold
    if larger and not facts.given_yes("hearing_right"):
        return f"拟罚款 {yuan(proposed or Decimal(0))} 元达到较大数额（{yuan(threshold or Decimal(0))} 元），必须告知听证权利"
    return ""


def hearing_in_time(facts: Facts) -> str:
    """A hearing is asked for within five working days of the notice (art. 64)."""
    if not facts.hearing_right:
        return "本案未告知听证权利"
    asked, last = facts.given_date("requested_on"), facts.notice_last_day
    if asked and last and asked > last:
        return f"听证申请期限已于 {last} 届满"
    served = facts.notice_served_on
    if asked and served and asked < served:
        return "申请日期早于告知书送达日期"
    return ""


def hearing_announced(facts: Facts) -> str:
    """Time and place are told seven working days ahead (art. 64)."""
    held, first = facts.given_date("held_on"), facts.hearing_first_day
    if first is None:
        return "听证通知书尚未登记送达日期"
    if held and held < first:
        return f"听证应当提前七个工作日通知，最早可于 {first} 举行"
    return ""


def notice_over(facts: Facts) -> str:
    """The period for defence has passed or was waived; a defence was answered."""
    if facts.defence_open and not facts.given_text("defence_opinion"):
        return "当事人已陈述申辩，须填写复核意见"
    if facts.given_yes("waived"):
        return ""
    last = facts.notice_last_day
    if last is None:
        return "告知期限尚不能确定（放假安排待载入或计时已中止）"
    if facts.today <= last:
        return f"告知期限至 {last}，尚未届满"
    return ""


def no_discussion_needed(facts: Facts) -> str:
    """Complex or heavy cases go through group discussion (art. 57)."""
    if facts.discussion_reason and not facts.discussed:
        return f"本案须经负责人集体讨论：{facts.discussion_reason}"
    return ""


def quorum(facts: Facts) -> str:
    """A group discussion has at least three members."""
    count = facts.given.get("attendees")
    if isinstance(count, int) and count >= DISCUSSION_QUORUM:
        return ""
    return f"集体讨论出席不少于 {DISCUSSION_QUORUM} 人"


def notice_was_given(facts: Facts) -> str:
    """Without notice no penalty (art. 62)."""
    if facts.notice_served_on is None:
        return "未履行事先告知程序，不得作出行政处罚决定"
    return ""


def amount_lawful(facts: Facts) -> str:
    """The fine lies in the range; a step away from the proposal is explained."""
    amount, bounds = facts.given_money("amount"), facts.penalty_range
    if amount is None or bounds is None:
        return ""
    low, high = bounds
    if amount > high:
        return f"罚款 {yuan(amount)} 元超过法定上限 {yuan(high)} 元"
    if amount < low and not facts.reduction_basis:
        return f"罚款 {yuan(amount)} 元低于法定下限 {yuan(low)} 元，未具备减轻处罚依据"
    if amount != facts.proposed and not facts.given_text("deviation_reason"):
        return f"与裁量结果 {yuan(facts.proposed or Decimal(0))} 元不一致，须说明理由"
    return ""


def not_aggravated(facts: Facts) -> str:
    """Nothing heavier than announced (art. 44), and nothing for defending oneself (45)."""
    amount, proposed = facts.given_money("amount"), facts.proposed
    if amount is None:
        return ""
    if facts.noticed is not None and amount > facts.noticed:
        return (
            f"罚款 {yuan(amount)} 元高于事先告知的 {yuan(facts.noticed)} 元，"
            "须退回后重新告知"
        )
    if facts.defence_open and proposed is not None and amount > proposed:
        return "当事人已陈述申辩，处罚不得因此加重"
    return ""


def service_consented(facts: Facts) -> str:
    """Electronic service needs a signed consent (art. 61)."""
    if facts.given_text("method") == "electronic" and not facts.given_yes("consent"):
        return "电子送达须有当事人签订的确认书"
    return ""


def all_paid(facts: Facts) -> str:
    """Everything is paid, or the rest was lawfully remitted."""
    if facts.owed > Decimal(0):
        return f"尚欠缴 {yuan(facts.owed)} 元"
    return ""


def payment_late(facts: Facts) -> str:
    """Only an overdue obligation is urged (行政强制法 art. 54)."""
    if facts.owed <= Decimal(0):
        return "罚款已缴清，无须催告"
    return _after(facts.payment_last_day, facts.today, "缴款期限")


def court_open(facts: Facts) -> str:
    """The court may be asked once urging ran out and suit did not come (53, 54)."""
    reason = _after(facts.urge_last_day, facts.today, "催告期限")
    if reason:
        return reason
    first, last = facts.court_first_day, facts.court_last_day
    if first and facts.today < first:
        return f"法定起诉期限未届满，最早可于 {first} 申请强制执行"
    if last and facts.today > last:
        return f"申请强制执行期限已于 {last} 届满"
    return ""


def _after(last: date | None, today: date, name: str) -> str:
    if last is None:
        return f"{name}尚不能确定"
    return "" if today > last else f"{name}至 {last}，尚未届满"


def correction_proved(facts: Facts) -> str:
    """Rectification is shown by before/after evidence and a re-inspection."""
    return "" if facts.corrected else "尚无整改前后对比证据和复查结论"


def nothing_owed(facts: Facts) -> str:
    """Every obligation is met, or the reason for closing without it is stated."""
    if facts.open_obligations and not facts.given_text("open_reason"):
        return "尚有未了事项：" + "；".join(facts.open_obligations)
    return ""


def penalty_decided(facts: Facts) -> str:
    """Only a decision to punish is served as one."""
    return "" if facts.decision == "penalty" else "本案作出的不是行政处罚决定"


def no_penalty_decided(facts: Facts) -> str:
    """Only a decision not to punish is served as one."""
    return "" if facts.decision == "none" else "本案作出的不是不予处罚决定"


def filed_case(facts: Facts) -> str:
    """Only a filed case can be investigated anew."""
    return "" if facts.is_case else "未立案的线索请撤销后重新启动"


def closing_form_ready(facts: Facts) -> str:
    """A filed case is closed on its form; a clue needs none."""
    if facts.is_case and DocumentKind.CLOSING_FORM not in facts.documents:
        return f"尚未制作《{DocumentKind.CLOSING_FORM.label}》"
    return ""
