"""Kinds of documents that a case may hold, and how each is numbered."""

from dataclasses import dataclass

from enforcement.domain.labels import Labelled


class DocumentKind(Labelled):
    """Forms of the case file (after the MEE 2016 guide, plus forms used in practice)."""

    CHECK_REPORT = "check_report", "线上排查情况表"
    HANDOVER_LETTER = "handover_letter", "线索移交函"
    TRANSFER_LETTER = "transfer_letter", "案件线索移送函"
    INSPECTION_NOTICE = "inspection_notice", "检查通知书"
    SITE_RECORD = "site_record", "现场检查（勘察）笔录"
    INQUIRY_RECORD = "inquiry_record", "调查询问笔录"
    SAMPLING_LIST = "sampling_list", "采样取证登记单"
    PHOTO_SHEET = "photo_sheet", "现场照片（视频）证据"
    PRESERVATION = "preservation", "先行登记保存证据通知书"
    SEIZURE = "seizure", "查封（扣押）决定书"
    CORRECTION_ORDER = "correction_order", "责令改正违法行为决定书"
    FILING_FORM = "filing_form", "立案审批表"
    INVESTIGATION_REPORT = "investigation_report", "调查报告"
    PRIOR_NOTICE = "prior_notice", "行政处罚事先（听证）告知书"
    HEARING_NOTICE = "hearing_notice", "听证通知书"
    HEARING_RECORD = "hearing_record", "听证笔录"
    HEARING_REPORT = "hearing_report", "听证报告"
    LEGAL_OPINION = "legal_opinion", "法制审核意见书"
    DISCUSSION_RECORD = "discussion_record", "集体讨论笔录"
    PENALTY_DECISION = "penalty_decision", "行政处罚决定书"
    NO_PENALTY_DECISION = "no_penalty_decision", "不予行政处罚决定书"
    SPOT_DECISION = "spot_decision", "当场行政处罚决定书"
    DAILY_FINE_DECISION = "daily_fine_decision", "按日连续处罚决定书"
    SERVICE_RECEIPT = "service_receipt", "送达回证"
    DEFERRAL = "deferral", "延期（分期）缴纳罚款通知书"
    URGE_LETTER = "urge_letter", "履行义务催告书"
    COURT_APPLICATION = "court_application", "强制执行申请书"
    CRIME_TRANSFER = "crime_transfer", "涉嫌犯罪案件移送书"
    RETEST_NOTICE = "retest_notice", "复检通知书"
    EDUCATION_RECORD = "education_record", "教育记录及守法承诺书"
    WITHDRAWAL_FORM = "withdrawal_form", "销案审批表"
    CLOSING_FORM = "closing_form", "结案审批表"
    CATALOGUE = "catalogue", "案卷目录"


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of document is issued.

    ``series`` is the word of its number series, empty for forms without a number.
    ``outward`` documents go to a party or another authority and need a receipt.
    ``redhead`` documents carry the agency's name on top (公文), others are forms.
    """

    kind: DocumentKind
    series: str = ""
    outward: bool = False
    redhead: bool = False


_FORMS = (
    Form(DocumentKind.CHECK_REPORT),
    Form(DocumentKind.HANDOVER_LETTER, "移", outward=True, redhead=True),
    Form(DocumentKind.TRANSFER_LETTER, "移送", outward=True, redhead=True),
    Form(DocumentKind.INSPECTION_NOTICE, "检通", outward=True, redhead=True),
    Form(DocumentKind.SITE_RECORD),
    Form(DocumentKind.INQUIRY_RECORD),
    Form(DocumentKind.SAMPLING_LIST),
    Form(DocumentKind.PHOTO_SHEET),
    Form(DocumentKind.PRESERVATION, "登保", outward=True, redhead=True),
    Form(DocumentKind.SEIZURE, "查扣", outward=True, redhead=True),
    Form(DocumentKind.CORRECTION_ORDER, "责改", outward=True, redhead=True),
    Form(DocumentKind.FILING_FORM),
    Form(DocumentKind.INVESTIGATION_REPORT),
    Form(DocumentKind.PRIOR_NOTICE, "罚告", outward=True, redhead=True),
    Form(DocumentKind.HEARING_NOTICE, "听通", outward=True, redhead=True),
    Form(DocumentKind.HEARING_RECORD),
    Form(DocumentKind.HEARING_REPORT),
    Form(DocumentKind.LEGAL_OPINION),
    Form(DocumentKind.DISCUSSION_RECORD),
    Form(DocumentKind.PENALTY_DECISION, "罚", outward=True, redhead=True),
    Form(DocumentKind.NO_PENALTY_DECISION, "不罚", outward=True, redhead=True),
    Form(DocumentKind.SPOT_DECISION, "当罚", outward=True, redhead=True),
    Form(DocumentKind.DAILY_FINE_DECISION, "按日罚", outward=True, redhead=True),
    Form(DocumentKind.SERVICE_RECEIPT),
    Form(DocumentKind.DEFERRAL, "缓缴", outward=True, redhead=True),
    Form(DocumentKind.URGE_LETTER, "催", outward=True, redhead=True),
    Form(DocumentKind.COURT_APPLICATION, "强申", outward=True, redhead=True),
    Form(DocumentKind.CRIME_TRANSFER, "犯移", outward=True, redhead=True),
    Form(DocumentKind.RETEST_NOTICE, "复检", outward=True, redhead=True),
    Form(DocumentKind.EDUCATION_RECORD),
    Form(DocumentKind.WITHDRAWAL_FORM),
    Form(DocumentKind.CLOSING_FORM),
    Form(DocumentKind.CATALOGUE),
)
FORMS = {form.kind: form for form in _FORMS}
CLUE_SERIES = "线索"
CASE_SERIES = "立"
