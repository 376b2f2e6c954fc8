"""Who may come to which address. A view without a line here fails the suite.

The table says what is wanted; it is not read from the code. Rows (district, own
organisation) are tested beside it: this is about doors.
"""

from bozhou_eco.accounts.models import Role

OFFICER, REVIEWER, LEGAL, LEADER = Role.OFFICER, Role.REVIEWER, Role.LEGAL, Role.LEADER
ADMIN, AUDITOR, STATION, ENTERPRISE, PARTNER = (
    Role.ADMIN,
    Role.AUDITOR,
    Role.STATION,
    Role.ENTERPRISE,
    Role.PARTNER,
)
ALL = frozenset(Role)
BUREAU = frozenset({OFFICER, REVIEWER, LEGAL, LEADER})
PARTIES = BUREAU | {STATION, ENTERPRISE}

# Anyone may come: no fact lies behind them, or a token in the address is the key.
PUBLIC = frozenset(
    {
        "healthz", "readyz",
        "overview:manifest", "overview:service_worker", "overview:offline",
        "alerts:notice",
        "enforcement:feed",
        "vehicles:objection", "vehicles:objection_case", "vehicles:objection_evidence",
    }
)  # fmt: skip

# Not for people: their own key is checked, tested beside their own app.
BY_KEY = frozenset(
    {
        *("metrics", "enforcement:parcel_in", "api-vendor"),
        *("api-alerts-raise", "api-alerts-clear"),
    }
)
BY_KEY_BELOW = ("api/v1/stations/",)

ROLES: dict[str, frozenset[Role]] = {
    "schema": ALL,
    "api-docs": ALL,
    # 总览
    "overview:home": BUREAU,
    "overview:parts": BUREAU,
    "overview:search": BUREAU,
    "overview:audit": frozenset({AUDITOR}),
    "overview:audit_entry": frozenset({AUDITOR}),
    "overview:audit_export": frozenset({AUDITOR}),
    "overview:integrity": frozenset({AUDITOR}),
    "overview:weekly": BUREAU,
    "overview:weekly_report": BUREAU,
    "overview:weekly_file": BUREAU,
    "overview:weekly_draft": frozenset({OFFICER, LEADER}),
    "overview:weekly_save": frozenset({OFFICER, LEADER}),
    "overview:weekly_verdict": frozenset({OFFICER, LEADER}),
    # 污染源
    "polluters:enterprises": PARTIES,
    "polluters:enterprise": PARTIES,
    "polluters:outlet": PARTIES,
    "polluters:cells": PARTIES,
    "polluters:outlet_data": PARTIES,
    "polluters:outlet_export": PARTIES,
    "polluters:history": PARTIES,
    "polluters:exceedances": PARTIES,
    "polluters:exceedance": PARTIES,
    "polluters:latest": PARTIES,
    "polluters:findings": PARTIES,
    "polluters:finding": PARTIES,
    "polluters:finding_overrule": frozenset({OFFICER, REVIEWER}),
    "polluters:quarantine": frozenset({OFFICER, LEADER, ADMIN}),
    "polluters:quarantined": frozenset({OFFICER, LEADER, ADMIN}),
    "polluters:quarantine_retry": frozenset({OFFICER, ADMIN}),
    "polluters:quarantine_dismiss": frozenset({OFFICER, ADMIN}),
    "polluters:quarantine_retry_many": frozenset({OFFICER, ADMIN}),
    "polluters:unmapped": frozenset({OFFICER, ADMIN}),
    "polluters:commands": BUREAU,
    "polluters:command_fields": frozenset({OFFICER}),
    "polluters:command_ask": frozenset({OFFICER}),
    "polluters:command_decide": BUREAU,
    # 机动车
    "vehicles:captures": BUREAU,
    "vehicles:capture": BUREAU,
    "vehicles:capture_evidence": BUREAU,
    "vehicles:capture_bundle": BUREAU,
    "vehicles:capture_transfer": BUREAU,
    "vehicles:capture_thumb": BUREAU,
    "vehicles:capture_check": BUREAU,
    "vehicles:capture_file": BUREAU,
    "vehicles:objection_answer": BUREAU,
    "vehicles:review": frozenset({OFFICER, REVIEWER, LEADER}),
    "vehicles:review_panel": frozenset({OFFICER, REVIEWER, LEADER}),
    "vehicles:review_hold": frozenset({OFFICER, REVIEWER, LEADER}),
    "vehicles:review_give": frozenset({REVIEWER}),
    "vehicles:review_undo": frozenset({REVIEWER}),
    "vehicles:review_agreement": BUREAU,
    "vehicles:cameras": BUREAU,
    "vehicles:camera": BUREAU,
    "vehicles:camera_snapshot": BUREAU,
    "vehicles:segment_video": BUREAU,
    "vehicles:stations": PARTIES,
    "vehicles:station": PARTIES,
    "vehicles:inspection": PARTIES,
    "vehicles:inspection_curve": PARTIES,
    "vehicles:findings": BUREAU,
    "vehicles:finding": BUREAU,
    "vehicles:finding_verdict": frozenset({OFFICER, REVIEWER, LEADER}),
    "vehicles:files": BUREAU,
    "vehicles:file_by_plate": BUREAU,
    "vehicles:file": BUREAU,
    "vehicles:file_owner": frozenset({OFFICER, LEADER}),
    "vehicles:import": frozenset({OFFICER, LEADER}),
    "vehicles:import_result": frozenset({OFFICER, LEADER}),
    "vehicles:import_template": frozenset({OFFICER, LEADER}),
    "vehicles:watchlist": BUREAU,
    "vehicles:watch_entry": BUREAU,
    "vehicles:watch_add": frozenset({OFFICER, LEADER}),
    "vehicles:watch_export": frozenset({OFFICER, LEADER}),
    "vehicles:watch_leave": frozenset({OFFICER, LEADER}),
    "vehicles:watch_assign": frozenset({OFFICER, LEADER}),
    "vehicles:watch_note": frozenset({OFFICER, LEADER}),
    "vehicles:roadchecks": BUREAU,
    "vehicles:campaign": BUREAU,
    "vehicles:roadcheck": BUREAU,
    "vehicles:roadcheck_photo": BUREAU,
    "vehicles:campaign_new": frozenset({OFFICER, LEADER}),
    "vehicles:campaign_end": frozenset({OFFICER, LEADER}),
    "vehicles:roadcheck_record": frozenset({OFFICER, LEADER}),
    "vehicles:roadcheck_add": frozenset({OFFICER, LEADER}),
    "vehicles:roadcheck_transfer": frozenset({OFFICER}),
    "vehicles:plate_ask": frozenset({OFFICER, LEADER}),
    "vehicles:plate_answer": frozenset({OFFICER, LEADER}),
    "vehicles:fleet": BUREAU,
    "vehicles:loops": BUREAU,
    "vehicles:loop": BUREAU,
    "vehicles:exchange": BUREAU,
    "vehicles:exchange_retry": frozenset({OFFICER, LEADER}),
    "vehicles:exchange_resend": frozenset({OFFICER, LEADER}),
    "overview:figures": BUREAU,
    "overview:figure": BUREAU,
    "overview:figures_export": BUREAU,
    # 预警
    "alerts:list": PARTIES,
    "alerts:rows": PARTIES,
    "alerts:detail": PARTIES,
    "alerts:card": PARTIES,
    "alerts:reply": PARTIES,
    "alerts:subscriptions": PARTIES,
    "alerts:test_channel": PARTIES,
    "alerts:save_view": PARTIES,
    "alerts:delete_view": PARTIES,
    "alerts:duty": BUREAU,
    "alerts:add_note": BUREAU,
    "alerts:ask_swap": BUREAU,
    "alerts:decide_swap": BUREAU,
    "alerts:rules": BUREAU,
    "alerts:import_rules": frozenset({OFFICER, REVIEWER, LEADER}),
    "alerts:export_rules": BUREAU,
    "alerts:rule": BUREAU,
    "alerts:backtest": frozenset({OFFICER, REVIEWER, LEADER}),
    "alerts:move_rule": frozenset({LEADER}),
    "alerts:chain": BUREAU,
    # 线索与案件
    "enforcement:cases": PARTIES,
    "enforcement:case": PARTIES,
    "enforcement:side": PARTIES,
    "enforcement:download": PARTIES,
    "enforcement:new": frozenset({OFFICER, REVIEWER, LEADER}),
    "enforcement:open": frozenset({OFFICER, REVIEWER, LEADER}),
    "enforcement:figures": BUREAU,
    "enforcement:figure": BUREAU,
    "enforcement:consistency": BUREAU,
    "enforcement:inspections": BUREAU,
    "enforcement:feed_page": BUREAU,
    "enforcement:bundle": BUREAU,
    "enforcement:revisions": BUREAU,
    "enforcement:catalogue": BUREAU,
    "enforcement:act": BUREAU,
    "enforcement:write": BUREAU,
    "enforcement:add_file": BUREAU,
    "enforcement:check_files": BUREAU,
    "enforcement:file": BUREAU,
    "enforcement:document": BUREAU,
    "enforcement:serve": BUREAU,
    "enforcement:void": BUREAU,
    "enforcement:parts": frozenset({PARTNER}),
    "enforcement:part": frozenset({PARTNER}),
    "enforcement:part_sign": frozenset({PARTNER}),
    "enforcement:part_file": frozenset({PARTNER}),
    "enforcement:parcels": BUREAU,
    "enforcement:parcel_retry": frozenset({OFFICER, LEADER}),
    # REST
    "api-captures": BUREAU,
    "api-alerts": PARTIES,
    "api-alert-changes": PARTIES,
    "api-alert": PARTIES,
    "api-alerts-acknowledge": frozenset({OFFICER, REVIEWER, LEADER}),
    "api-alert-acknowledge": frozenset({OFFICER, REVIEWER, LEADER}),
    "api-alert-undo": frozenset({OFFICER, REVIEWER, LEADER}),
    "api-alert-shelve": frozenset({OFFICER, REVIEWER, LEADER}),
    "api-alert-dismiss": frozenset({OFFICER, REVIEWER, LEADER}),
    "api-alert-comment": frozenset({OFFICER, REVIEWER, LEADER}),
}

# What the administrator configures. Facts, cases, evidence, the audit log and other
# people's second factors stay out.
ADMIN_MODELS = frozenset(
    {
        "accounts.User", "accounts.Organisation", "accounts.District",
        "enforcement.Agency", "enforcement.Cause", "enforcement.LegalBasis",
        "enforcement.DiscretionTable", "enforcement.DeadlineRule",
        "enforcement.HolidayYear", "enforcement.RegionalHoliday",
        "enforcement.Setting", "enforcement.DocumentTemplate",
        "enforcement.PastPenalty",
        "enforcement.Counterpart", "enforcement.PartnerUnit",
        "polluters.Enterprise", "polluters.Outlet", "polluters.Logger",
        "polluters.Analyser", "polluters.Pollutant", "polluters.Point",
        "polluters.Limit",
        "vehicles.Site", "vehicles.Camera",
        "vehicles.WatchRule", "vehicles.DataSource", "vehicles.ExchangeChannel",
        "alerts.Channel", "alerts.ContactAddress", "alerts.KindSetting",
        "alerts.Subscription", "alerts.OfficeSeason", "alerts.DutyPlan",
        "alerts.DutyShift", "alerts.EscalationLadder", "alerts.ServiceBreak",
        "alerts.SavedView", "alerts.Webhook", "alerts.Source", "alerts.Heartbeat",
    }
)  # fmt: skip

# Pages of allauth that a stranger needs to sign in at all.
SIGN_IN = frozenset(
    {
        "account_login", "account_signup", "account_logout", "account_inactive",
        "account_request_login_code", "account_confirm_login_code",
        "account_reset_password", "account_reset_password_done",
        "account_reset_password_from_key", "account_reset_password_from_key_done",
        "account_confirm_email", "account_email_verification_sent",
        "account_signup_by_passkey",
        "mfa_authenticate", "mfa_login_webauthn", "mfa_trust", "mfa_signup_webauthn",
        "socialaccount_login_cancelled", "socialaccount_login_error",
        "socialaccount_signup",
        "openid_connect_login", "openid_connect_callback",
    }
)  # fmt: skip
