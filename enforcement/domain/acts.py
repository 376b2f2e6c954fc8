"""Names of the steps in a case's history."""

from enforcement.domain.workflow import Action

SIDE_ACTS = {
    "open": "登记线索",
    "edit_summary": "修改事实摘要",
    "add_file": "添加证据",
    "issue_document": "文书定稿",
    "void_document": "文书作废",
    "serve_document": "登记送达",
    "assign": "指定承办人员",
    "comment": "批注",
    "set_facts": "填写案件要素",
    "choose_basis": "选择法律依据",
    "run_discretion": "裁量计算",
    "test_leniency": "不予处罚条件核对",
    "plan_visit": "制定核查计划",
    "approve_visit": "批准核查计划",
    "start_visit": "到达现场",
    "finish_visit": "完成现场核查",
    "cancel_visit": "取消核查计划",
    "register_payment": "登记缴款",
    "register_remedy": "登记复议诉讼",
    "end_remedy": "登记复议诉讼结果",
    "publish_decision": "公示处罚决定",
    "repair_credit": "登记信用修复",
    "demand_rectification": "提出整改要求",
    "report_rectification": "报告整改情况",
    "inspect_rectification": "整改复查",
    "send_reply": "回复反馈",
    "receive_transfer": "登记移送签收",
    "joint_transfer": "联合办理移送",
    "joint_reply": "登记联合办理回函",
    "pause_clock": "中止计时",
    "resume_clock": "恢复计时",
    "ask_extension": "申请延长期限",
    "grant_extension": "批准延长期限",
    "refuse_extension": "不批准延长期限",
    "add_alert": "并入预警",
    "split": "拆分线索",
    "link": "关联案件",
    "fill_checklist": "填写线上排查清单",
    "seize": "查封扣押",
    "release_seizure": "解除查封扣押",
    "preserve": "先行登记保存",
    "end_preservation": "先行登记保存处理",
    "daily_fine": "按日连续处罚",
    "revisit": "回访",
    "export_bundle": "导出案卷",
    "invite": "邀请外单位人员",
    "end_invitation": "结束邀请",
    "partner_reply": "接收部门回函",
    "exchange_receipt": "外部系统回执",
    "external_filed": "外部系统：立案",
    "external_decided": "外部系统：处罚决定",
    "external_served": "外部系统：送达",
    "external_paid": "外部系统：缴款",
    "external_closed": "外部系统：结案",
    "overdue": "超期督办",
    "reply_receipt": "登记回复回执",
}
"""Acts that leave the state as it is."""


def action_name(action: str) -> str:
    """Return the Chinese name of a step's action."""
    try:
        return Action(action).label
    except ValueError:
        return SIDE_ACTS.get(action, action)
