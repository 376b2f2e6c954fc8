"""The notice that a driver gets: what was seen, by when to repair, where to object."""

import io
from datetime import datetime

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from enforcement.selectors.agencies import acting_agency
from vehicles.models import Capture, CaptureFile, RepairNotice
from vehicles.services.copies import marked_copy

TITLE = "机动车排放黑烟告知书"
FONT, BODY = "仿宋", Pt(15)


class NoNoticeError(ValueError):
    """There is no notice in force; the message is for the person who asks."""


def notice_in_force(capture: Capture) -> RepairNotice:
    """The notice of a capture; raises `NoNoticeError` without one or once withdrawn."""
    found: RepairNotice | None = RepairNotice.objects.filter(capture=capture).first()
    if found is None:
        raise NoNoticeError("这条抓拍没有告知书")
    if found.withdrawn or capture.state != Capture.State.CONFIRMED:
        raise NoNoticeError("告知书已撤销，不再送达")
    return found


def notice_letter(
    *, capture: Capture, address: str, actor: User, now: datetime
) -> bytes:
    """The notice as a Word document; ``address`` is the public page for objections."""
    notice = notice_in_force(capture)
    agency = acting_agency(None)
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, BODY
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    for text, size in ((TITLE, Pt(22)), (notice.number, BODY)):
        head = document.add_paragraph()
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = head.add_run(text)
        run.bold, run.font.size = size != BODY, size
    document.add_paragraph(f"{capture.plate_final} 机动车所有人（驾驶人）：")
    for text in sentences(capture, notice, address):
        document.add_paragraph(text).paragraph_format.first_line_indent = BODY * 2
    picture = _darkest(capture)
    if picture is not None:
        shown = io.BytesIO(marked_copy(capture, picture))
        document.add_picture(shown, width=Mm(140))
        document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
    day = clock.beijing(notice.issued_at)
    phone = f"联系电话：{agency.phone}" if agency and agency.phone else ""
    signed = (agency.full_name if agency else "", f"{day:%Y年%m月%d日}", phone)
    for text in filter(None, signed):
        document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    output = io.BytesIO()
    document.save(output)
    audit.record(
        actor=actor,
        act="capture.notice",
        subject=f"capture:{capture.pk}",
        detail={"number": notice.number},
        kind="export",
        now=now,
    )
    return output.getvalue()


def sentences(capture: Capture, notice: RepairNotice, address: str) -> list[str]:
    """What the notice says."""
    at, site = clock.beijing(capture.captured_at), capture.site
    seen = (
        f"{at:%Y年%m月%d日%H时%M分}，你的机动车在{site.name}（{site.road}）行驶时，"
        f"被编号 {capture.camera.code} 的黑烟抓拍设备（检定证书 {site.certificate}）"
        f"记录。经复核人员复核，认定该车排放黑烟，林格曼黑度 {capture.level_final} 级。"
    )
    repair = f"请于 {notice.due_on:%Y年%m月%d日}前维修该车，并到排放检验机构复检合格。"
    if capture.destination == "police":
        repair += "该车半年内两次以上被认定排放黑烟，已列入移送公安机关交通管理部门。"
    object_ = (
        "你有权查询上述记录，并陈述和申辩（《行政处罚法》第四十一条）：请在"
        f" {address} 填写号牌号码和本告知书编号，查看画面和视频，提出异议并查询答复。"
    )
    return [seen, repair, object_]


def _darkest(capture: Capture) -> CaptureFile | None:
    frames = capture.files.filter(kind=CaptureFile.Kind.FRAME).select_related("sealed")
    return max(frames, key=lambda one: one.opacity or 0.0, default=None)
