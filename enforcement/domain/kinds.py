"""What a clue is about and where it came from."""

from enforcement.domain.labels import Labelled


class CaseKind(Labelled):
    """Subject matter of a clue."""

    WASTEWATER = "wastewater", "废水排放"
    EXHAUST = "exhaust", "废气排放"
    MONITORING = "monitoring", "自动监测"
    SMOKE = "smoke", "黑烟车"
    STATION = "station", "检验机构"
    ROAD_CHECK = "road_check", "路检路查"
    MACHINERY = "machinery", "非道路机械"
    DUST = "dust", "扬尘"
    OTHER = "other", "其他"


class Source(Labelled):
    """How a clue reached the bureau."""

    ALERT = "alert", "平台预警"
    CAPTURE = "capture", "黑烟抓拍"
    STATION = "station", "检验机构研判"
    ROAD_CHECK = "road_check", "路检路查"
    SUPERVISION = "supervision", "电子督办"
    REGION = "region", "自治区交办"
    HOTLINE = "hotline", "12345 转办"
    COMPLAINT = "complaint", "信访举报"
    INSPECTION = "inspection", "日常检查"
    MANUAL = "manual", "手工录入"

    @property
    def off_site(self) -> bool:
        """Whether the clue was found without going there."""
        return self in (Source.ALERT, Source.CAPTURE, Source.STATION)

    @property
    def upstream(self) -> bool:
        """Whether somebody above or outside waits for a reply."""
        return self in (
            Source.SUPERVISION,
            Source.REGION,
            Source.HOTLINE,
            Source.COMPLAINT,
        )


class Outcome(Labelled):
    """How a clue or case came out."""

    FALSE_ALARM = "false_alarm", "误报或非违法"
    NO_VIOLATION = "no_violation", "未发现违法"
    HELPED = "helped", "提醒帮扶"
    CORRECTED = "corrected", "责令改正"
    NOT_FILED = "not_filed", "不予立案"
    LENIENT = "lenient", "不予处罚"
    PENALTY = "penalty", "行政处罚"
    TRANSFERRED = "transferred", "移送外部门"
    CRIME = "crime", "移送涉嫌犯罪"
    WITHDRAWN = "withdrawn", "撤销"
    MERGED = "merged", "并案"


VALID_OUTCOMES = frozenset(
    {
        Outcome.HELPED,
        Outcome.CORRECTED,
        Outcome.LENIENT,
        Outcome.PENALTY,
        Outcome.TRANSFERRED,
        Outcome.CRIME,
    }
)
"""Outcomes that show that the clue was a hit."""

_ALERT_KINDS: tuple[tuple[str, CaseKind, Source], ...] = (
    ("water", CaseKind.WASTEWATER, Source.ALERT),
    ("exceed", CaseKind.EXHAUST, Source.ALERT),
    ("smoke", CaseKind.SMOKE, Source.CAPTURE),
    ("capture", CaseKind.SMOKE, Source.CAPTURE),
    ("watch", CaseKind.SMOKE, Source.CAPTURE),
    ("station", CaseKind.STATION, Source.STATION),
    ("inspection", CaseKind.STATION, Source.STATION),
    ("road", CaseKind.ROAD_CHECK, Source.ROAD_CHECK),
)


def kind_of_alert(alert_kind: str) -> tuple[CaseKind, Source]:
    """Return the kind and source of a clue that an alert of ``alert_kind`` starts."""
    for word, kind, source in _ALERT_KINDS:
        if word in alert_kind:
            return kind, source
    return CaseKind.MONITORING, Source.ALERT
