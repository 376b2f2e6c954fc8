"""What each figure counts, in words, with the version of the definition."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure: how it is counted, from what, and since which version.

    ``records`` names the list that a drill-down opens.
    """

    code: str
    name: str
    unit: str
    numerator: str
    denominator: str
    basis: str
    version: str
    records: str
    source: str = "本局统计口径（待确认）"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over a period. ``value`` is None where nothing can be said."""

    definition: Definition
    value: float | None
    top: float
    bottom: float | None = None

    @property
    def code(self) -> str:
        """Code of the definition."""
        return self.definition.code


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date


_ROWS = (
    Definition(
        "off_site_checks",
        "非现场执法检查占比",
        "%",
        "期间执法检查登记中方式为“非现场”的次数",
        "期间执法检查登记的全部次数（现场与非现场）",
        "执法检查登记的检查日期在期间内",
        "1",
        "inspections",
        "生态环境部未公布统一公式；本口径按检查次数（待确认）",
    ),
    Definition(
        "off_site_cases",
        "非现场线索案件占比",
        "%",
        "期间立案且首条线索来源为平台预警、黑烟抓拍、检验机构研判的案件数",
        "期间立案的全部案件数",
        "立案日在期间内",
        "1",
        "filed",
        "生态环境部未公布统一公式；本口径按案件首条线索（待确认）",
    ),
    Definition(
        "hit_rate",
        "线索查实率",
        "%",
        "期间办结且结果为提醒帮扶、责令改正、不予处罚、行政处罚、移送的线索数",
        "期间办结的全部线索数（并案、撤销的不计）",
        "办结时间在期间内",
        "1",
        "ended",
    ),
    Definition(
        "on_time",
        "按期办理率",
        "%",
        "期间终止的期限中完成日不晚于末日的个数",
        "期间终止的全部期限个数（当事人的期限和已取消的不计）",
        "期限完成日在期间内",
        "1",
        "clocks",
    ),
    Definition(
        "clues",
        "线索数",
        "件",
        "期间登记的线索数",
        "",
        "登记时间在期间内",
        "1",
        "opened",
    ),
    Definition(
        "cases", "立案数", "件", "期间立案的案件数", "", "立案日在期间内", "1", "filed"
    ),
    Definition(
        "fined",
        "罚款金额",
        "元",
        "期间作出且未被撤销的处罚决定的罚款之和（含按日连续处罚）",
        "",
        "决定日在期间内",
        "1",
        "decisions",
    ),
    Definition(
        "exempted",
        "免予处罚金额",
        "元",
        "期间批准不予处罚的案件，按裁量表本应处罚的金额之和",
        "",
        "批准日在期间内",
        "1",
        "lenient",
    ),
)
DEFINITIONS = {row.code: row for row in _ROWS}
STAGE_DEFINITION = Definition(
    "stage_hours",
    "各阶段用时中位数",
    "小时",
    "期间离开该阶段的各次停留时长的中位数（自然小时，含中止）",
    "",
    "离开阶段的时间在期间内",
    "1",
    "spans",
)


def share(top: float, bottom: float) -> float | None:
    """Return ``top`` in per cent of ``bottom``; None where there is nothing to divide."""
    return round(100 * top / bottom, 1) if bottom else None
