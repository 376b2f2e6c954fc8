"""The bureau's figures of a period as a Word document with charts and definitions."""

import io
from collections.abc import Sequence

import docx
from docx.oxml.ns import qn
from docx.shared import Pt

from bozhou_eco.common.wordchart import add_chart
from bozhou_eco.overview.selectors.figures import Figure, Period, Trend

BODY = "仿宋"


def words(figure: Figure) -> str:
    """Return a figure's value as the report prints it."""
    if figure.value is None:
        return "—"
    if figure.definition.unit in ("%", "万元"):
        return f"{figure.value:,.1f}"
    return f"{figure.value:,.0f}"


def build(
    *,
    period: Period,
    figures: Sequence[Figure],
    trends: Sequence[Trend],
    scope: str,
    made: str,
) -> bytes:
    """Return the document."""
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = BODY, Pt(12)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    document.add_heading("生态环境监管工作成效统计", level=1)
    document.add_paragraph(
        f"统计期间：{period.first:%Y年%m月%d日} 至 {period.last:%Y年%m月%d日}　范围：{scope}"
    )
    _table(document, figures)
    for trend in trends:
        labels = [label for label, _, _ in trend.rows]
        add_chart(
            document,
            trend.title,
            labels,
            [
                ("总数", [value for _, value, _ in trend.rows]),
                (
                    trend.note.removeprefix("深色为"),
                    [part for _, _, part in trend.rows],
                ),
            ],
        )
    document.add_heading("指标口径", level=2)
    for one in figures:
        rule = one.definition
        document.add_paragraph(
            f"{rule.name}：{rule.how}。口径第 {rule.version} 版，{rule.source}。",
            style="List Bullet",
        )
    document.add_paragraph(f"全部数字由平台按记录计算。{made}")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _table(document: "docx.document.Document", figures: Sequence[Figure]) -> None:
    table = document.add_table(rows=1, cols=4, style="Table Grid")
    for place, heading in enumerate(("类别", "指标", "数值", "计算")):
        table.rows[0].cells[place].text = heading
    for one in figures:
        cells = table.add_row().cells
        cells[0].text = one.definition.group
        cells[1].text = one.definition.name
        cells[2].text = f"{words(one)} {one.definition.unit}"
        if one.bottom is not None:
            cells[3].text = f"{one.top:,.0f} / {one.bottom:,.0f}"
