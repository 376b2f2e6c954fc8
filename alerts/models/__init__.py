"""Tables of alerting."""

from alerts.models.alerts import Alert, AlertEvent, AlertQuerySet, ServiceBreak
from alerts.models.config import KindSetting
from alerts.models.delivery import (
    Channel,
    ContactAddress,
    Delivery,
    DeliveryState,
    PushSubscription,
    Receipt,
)
from alerts.models.people import (
    DutyNote,
    DutyPlan,
    DutyShift,
    EscalationLadder,
    EscalationRung,
    OfficeSeason,
    SavedView,
    SelfCheck,
    ShiftSwap,
    Subscription,
)
from alerts.models.rules import Backtest, Rule, RuleVersion
from alerts.models.watch import CanaryRun, Heartbeat, Source, Webhook, WebhookCall

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertQuerySet",
    "Backtest",
    "CanaryRun",
    "Channel",
    "ContactAddress",
    "Delivery",
    "DeliveryState",
    "DutyNote",
    "DutyPlan",
    "DutyShift",
    "EscalationLadder",
    "EscalationRung",
    "Heartbeat",
    "KindSetting",
    "OfficeSeason",
    "PushSubscription",
    "Receipt",
    "Rule",
    "RuleVersion",
    "SavedView",
    "SelfCheck",
    "ServiceBreak",
    "ShiftSwap",
    "Source",
    "Subscription",
    "Webhook",
    "WebhookCall",
]
