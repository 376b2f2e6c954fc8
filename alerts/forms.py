"""Forms of the triage page."""

from django import forms

from alerts.domain.verdicts import DISMISSALS


class DismissForm(forms.Form):
    """Why an alert is no violation."""

    reason = forms.ChoiceField(
        label="排除原因",
        choices=[(verdict.value, verdict.label) for verdict in DISMISSALS],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label="说明",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


SHELVES = (("60", "1 小时"), ("240", "4 小时"), ("1440", "1 天"), ("4320", "3 天"))


class ShelveForm(forms.Form):
    """How long an alert is put aside, and why."""

    minutes = forms.ChoiceField(
        label="搁置时长", choices=SHELVES, initial="240", widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="原因", max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class CommentForm(forms.Form):
    """A remark."""

    text = forms.CharField(
        label="备注", max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
