"""有效传输率通报 of a month: what it says, as Word and as a workbook."""

import io
from dataclasses import dataclass
from datetime import date, datetime

import docx
import xlsxwriter
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.rates import SOURCE, Rate, total
from polluters.selectors import rates, rulebook

HEADS = (
    "名称", "应传小时", "实传小时", "有效小时", "停运小时", "传输率", "有效率",
    "有效传输率", "补传前", "国家平台", "缺失或无效",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bulletin:
    """The month's figures for a person's scope."""

    month: date
    made_at: datetime
    target: float
    whole: Rate
    districts: list[rates.Group]
    enterprises: list[rates.Group]
    outlets: list[rates.Group]

    @property
    def title(self) -> str:
        """Its title."""
        return f"{self.month.year}年{self.month.month}月自动监控数据有效传输率通报"

    @property
    def low(self) -> list[rates.Group]:
        """The enterprises below the target."""
        return [
            group
            for group in self.enterprises
            if group.rate.effective is not None and group.rate.effective < self.target
        ]


def collect(*, user: User, month: date, now: datetime) -> Bulletin:
    """Return the figures of a month in the person's scope."""
    found = rates.point_rates(user, span="month", day=month, now=now)
    return Bulletin(
        month, now, rulebook.number("rate_target"), total(one.rate for one in found),
        *(rates.grouped(found, by) for by in ("district", "enterprise", "outlet")),
    )  # fmt: skip


def percent(share: float | None) -> str:
    """Return a share for print."""
    return "—" if share is None else f"{share:.2%}"


def line_of(group: rates.Group) -> list[str | int]:
    """Return a group as the cells of a line."""
    rate = group.rate
    return [
        group.name, rate.due, rate.got, rate.valid, rate.stopped,
        percent(rate.transmission), percent(rate.validity), percent(rate.effective),
        percent(group.before.effective), percent(group.national), group.lacking,
    ]  # fmt: skip


def as_sheet(paper: Bulletin) -> bytes:
    """Return the workbook: districts, enterprises, outlets and points, a sheet each."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    for name, groups in (
        ("行政区", paper.districts),
        ("企业", paper.enterprises),
        ("排放口", paper.outlets),
    ):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, [paper.title])
        sheet.write_row(1, 0, HEADS, bold)
        for row, group in enumerate(groups, start=2):
            sheet.write_row(row, 0, line_of(group))
        sheet.freeze_panes(2, 1)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, len(HEADS) - 1, 11)
    sheet = book.add_worksheet("点位")
    sheet.write_row(0, 0, ["企业", "排放口", "因子", *HEADS[1:]], bold)
    row = 1
    for group in paper.outlets:
        for one in group.points:
            outlet, alone = one.point.outlet, rates.grouped([one], "outlet")[0]
            cells = [
                outlet.enterprise.name, outlet.name, str(one.point.pollutant),
                *line_of(alone)[1:],
            ]  # fmt: skip
            sheet.write_row(row, 0, cells)
            row += 1
    sheet.set_column(0, 2, 24)
    book.close()
    return buffer.getvalue()


def as_word(paper: Bulletin) -> bytes:
    """Return the document: the figures in words, then the tables."""
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "仿宋", Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    head = document.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = head.add_run(paper.title)
    run.bold, run.font.size = True, Pt(20)
    for text in sentences(paper):
        paragraph = document.add_paragraph(text)
        paragraph.paragraph_format.first_line_indent = Pt(28)
    for name, groups in (("各县市", paper.districts), ("各企业", paper.enterprises)):
        document.add_paragraph(f"{name}有效传输率").runs[0].bold = True
        _table(document, groups)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def sentences(paper: Bulletin) -> list[str]:
    """Return what the notice says in words."""
    whole = paper.whole
    made = f"{clock.beijing(paper.made_at):%Y年%m月%d日%H时}"
    texts = [
        f"{paper.month.year}年{paper.month.month}月，纳入统计的企业 "
        f"{len(paper.enterprises)} 家、排放口 {len(paper.outlets)} 个，有效传输率 "
        f"{percent(whole.effective)}（传输率 {percent(whole.transmission)}，有效率 "
        f"{percent(whole.validity)}），停运 {whole.stopped} 小时未计入。"
    ]
    if paper.low:
        names = "、".join(
            f"{group.name}（{percent(group.rate.effective)}）"
            for group in paper.low[:20]
        )
        texts.append(
            f"低于目标 {percent(paper.target)} 的企业 {len(paper.low)} 家：{names}。"
            "请查明原因并及时整改。"
        )
    else:
        texts.append(f"各企业均达到目标 {percent(paper.target)}。")
    texts.append(f"统计截至 {made}。算法来源：{SOURCE}。")
    return texts


def _table(document: "docx.document.Document", groups: list[rates.Group]) -> None:
    heads = (0, 1, 3, 5, 6, 7, 8)
    table = document.add_table(rows=1, cols=len(heads))
    table.style = "Table Grid"
    for cell, at in zip(table.rows[0].cells, heads, strict=True):
        cell.text = HEADS[at]
    for group in groups:
        line = line_of(group)
        cells = table.add_row().cells
        for cell, at in zip(cells, heads, strict=True):
            cell.text = str(line[at])
    for row in table.rows:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.font.size = Pt(10)
