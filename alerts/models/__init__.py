"""Tables of alerting."""

from alerts.models.alerts import Alert, AlertEvent, AlertQuerySet, ServiceBreak
from alerts.models.config import KindSetting

__all__ = ["Alert", "AlertEvent", "AlertQuerySet", "KindSetting", "ServiceBreak"]
