"""Forms of the triage page."""

from typing import Any

from django import forms

from alerts.domain.kinds import KINDS
from alerts.domain.verdicts import DISMISSALS
from alerts.models import DutyNote, DutyShift, Subscription
from bozhou_eco.accounts.models import User


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


class SubscriptionForm(forms.ModelForm[Subscription]):
    """What one person wants to hear."""

    kinds = forms.MultipleChoiceField(
        label="类型",
        required=False,
        help_text="不选为全部",
        widget=forms.CheckboxSelectMultiple,
    )
    channels = forms.MultipleChoiceField(
        label="渠道",
        required=False,
        help_text="按后台次序尝试；不选用默认次序",
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Subscription
        fields = (
            "active", "min_severity", "kinds", "districts", "channels", "quiet_from",
            "quiet_to", "office_only", "digest_at", "cap",
        )  # fmt: skip
        widgets = {  # noqa: RUF012
            "districts": forms.CheckboxSelectMultiple,
            "quiet_from": forms.TimeInput(attrs={"type": "time"}),
            "quiet_to": forms.TimeInput(attrs={"type": "time"}),
            "digest_at": forms.TimeInput(attrs={"type": "time"}),
        }

    def __init__(self, *args: Any, channels: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["channels"].choices = channels  # type: ignore[attr-defined]
        self.fields["kinds"].choices = [  # type: ignore[attr-defined]
            (name, policy.label) for name, policy in KINDS.items()
        ]


class SelfCheckForm(forms.Form):
    """The party's answer to a warning."""

    cause = forms.CharField(
        label="原因", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    measures = forms.CharField(
        label="采取的措施",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DutyNoteForm(forms.Form):
    """An entry of the duty log."""

    kind = forms.ChoiceField(label="类别", choices=DutyNote.Kind.choices)
    text = forms.CharField(
        label="内容", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


class SwapForm(forms.Form):
    """Who takes a shift instead."""

    shift = forms.ModelChoiceField(label="班次", queryset=DutyShift.objects.none())
    to = forms.ModelChoiceField(label="接班人", queryset=User.objects.none())
    reason = forms.CharField(label="原因", max_length=200)


EXAMPLE = """code: nox-hour-over
name: 氮氧化物小时均值超过限值
kind: exceedance
severity: major
scope: {pollutants: [a21002]}
params: {multiple: 1.0, hours: 1}
schedule: {days: all, begin: "00:00", end: "24:00"}"""


class RulesForm(forms.Form):
    """Rules as YAML."""

    text = forms.CharField(
        label="规则（YAML）",
        max_length=200_000,
        widget=forms.Textarea(
            attrs={"rows": 16, "spellcheck": "false", "placeholder": EXAMPLE}
        ),
    )


class BacktestForm(forms.Form):
    """Over how many days a version is tried."""

    days = forms.IntegerField(label="回溯天数", min_value=1, max_value=366, initial=30)
