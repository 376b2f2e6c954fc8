"""Tables of casework."""

from enforcement.models.alert_links import CaseAlert
from enforcement.models.cases import (
    Case,
    CaseGuest,
    CaseLink,
    CasePerson,
    CaseStep,
    SummaryRevision,
)
from enforcement.models.clocks import Clock, ClockExtension, ClockPause
from enforcement.models.config import (
    Agency,
    DeadlineRule,
    HolidayYear,
    RegionalHoliday,
    Setting,
)
from enforcement.models.documents import (
    CaseFile,
    Document,
    DocumentTemplate,
    NumberSeries,
)
from enforcement.models.exchange import Counterpart, ExchangeParcel, PartnerUnit
from enforcement.models.fieldwork import (
    VisitDraft,
    VisitPhoto,
    VisitSync,
    VisitTemplate,
)
from enforcement.models.law import Cause, DiscretionTable, LegalBasis
from enforcement.models.outcomes import (
    BasisChoice,
    Decision,
    DiscretionRun,
    LenientTest,
    PastPenalty,
    Payment,
    Remedy,
)
from enforcement.models.spans import Ending, StageSpan
from enforcement.models.work import (
    Inspection,
    Rectification,
    Reply,
    SiteVisit,
    Transfer,
)

__all__ = [
    "Agency",
    "BasisChoice",
    "Case",
    "CaseAlert",
    "CaseFile",
    "CaseGuest",
    "CaseLink",
    "CasePerson",
    "CaseStep",
    "Cause",
    "Clock",
    "ClockExtension",
    "ClockPause",
    "Counterpart",
    "DeadlineRule",
    "Decision",
    "DiscretionRun",
    "DiscretionTable",
    "Document",
    "DocumentTemplate",
    "Ending",
    "ExchangeParcel",
    "HolidayYear",
    "Inspection",
    "LegalBasis",
    "LenientTest",
    "NumberSeries",
    "PartnerUnit",
    "PastPenalty",
    "Payment",
    "Rectification",
    "RegionalHoliday",
    "Remedy",
    "Reply",
    "Setting",
    "SiteVisit",
    "StageSpan",
    "SummaryRevision",
    "Transfer",
    "VisitDraft",
    "VisitPhoto",
    "VisitSync",
    "VisitTemplate",
]
