"""Which documents go out, under the agency's name, and with which number series."""

from enforcement.domain.documents import FORMS, DocumentKind, Form

SERIES = {
    "handover_letter": "移", "transfer_letter": "移送", "inspection_notice": "检通",
    "preservation": "登保", "seizure": "查扣", "correction_order": "责改",
    "prior_notice": "罚告", "hearing_notice": "听通", "penalty_decision": "罚",
    "no_penalty_decision": "不罚", "spot_decision": "当罚",
    "daily_fine_decision": "按日罚", "deferral": "缓缴", "urge_letter": "催",
    "court_application": "强申", "crime_transfer": "犯移", "retest_notice": "复检",
}  # fmt: skip


def test_what_goes_out_has_a_number_a_head_and_a_receipt() -> None:
    """The rest are forms of the file: no number, no head, nobody to serve."""
    assert {kind.value: form.series for kind, form in FORMS.items() if form.series} == (
        SERIES
    )
    for kind, form in FORMS.items():
        assert (form.outward, form.redhead) == (kind.value in SERIES,) * 2


def test_a_form_of_the_file_stays_inside() -> None:
    form = Form(DocumentKind.SITE_RECORD)
    assert (form.series, form.outward, form.redhead) == ("", False, False)
