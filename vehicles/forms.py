"""Forms of vehicle files, the watch list and road checks."""

import re
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from bozhou_eco.accounts.models import District, Role, User
from bozhou_eco.common import clock
from vehicles.domain.plates import COLOR_NAMES
from vehicles.models import VehicleImport
from vehicles.services.repairs import Repair

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
DAYS = (
    MinValueValidator(FIRST, f"不能早于 {FIRST}，请核对"),
    MaxValueValidator(LAST, f"不能晚于 {LAST}，请核对"),
)
"""A day at the end of the calendar has no neighbours to be shown or counted with."""
MOMENTS = (
    MinValueValidator(datetime.combine(FIRST, time(), clock.BEIJING), DAYS[0].message),
    MaxValueValidator(datetime.combine(LAST, time(), clock.BEIJING), DAYS[1].message),
)
COLORS = [("", "按号牌判断"), *((c.value, name) for c, name in COLOR_NAMES.items())]


class ImportForm(forms.Form):
    """A list to import."""

    kind = forms.ChoiceField(label="清单", choices=VehicleImport.Kind.choices)
    file = forms.FileField(
        label="文件", help_text="CSV（UTF-8 或 GB18030）或 Excel（.xlsx），不超过 20 MB"
    )
    carry_out = forms.BooleanField(
        label="写入档案（不勾选则只试运行并列出错误行）", required=False
    )


class WatchForm(forms.Form):
    """A vehicle listed by hand."""

    plate = forms.CharField(label="号牌号码", max_length=20)
    color = forms.ChoiceField(label="号牌颜色", choices=COLORS, required=False)
    reason = forms.CharField(label="列入原因", max_length=280, min_length=4)
    owner = forms.ModelChoiceField(
        label="责任人", queryset=User.objects.none(), required=False, empty_label="本人"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = officers()


def officers() -> "Any":
    """Return the people who may look after an entry."""
    return User.objects.filter(is_active=True, roles__contains=[Role.OFFICER])


def _people(text: str) -> list[str]:
    return [name[:40] for name in re.split(r"[、,，;；\s]+", text) if name]


class CampaignForm(forms.Form):
    """A joint road check to plan."""

    name = forms.CharField(label="名称", max_length=80)
    place = forms.CharField(label="地点", max_length=120)
    district = forms.ModelChoiceField(label="行政区", queryset=District.objects.all())
    day = forms.DateField(
        label="日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=DAYS,
    )
    at = forms.TimeField(
        label="开始时间",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        initial=time(10),
    )
    ecology = forms.CharField(label="生态环境部门人员", help_text="用顿号分开")
    police = forms.CharField(label="公安交管部门人员", help_text="用顿号分开")
    transport = forms.CharField(label="交通运输部门人员", help_text="用顿号分开")

    def clean_ecology(self) -> list[str]:
        """Return the names."""
        return _people(self.cleaned_data["ecology"])

    def clean_police(self) -> list[str]:
        """Return the names."""
        return _people(self.cleaned_data["police"])

    def clean_transport(self) -> list[str]:
        """Return the names."""
        return _people(self.cleaned_data["transport"])

    def begins_at(self) -> datetime:
        """Return the planned beginning."""
        given = self.cleaned_data
        return datetime.combine(given["day"], given["at"], clock.BEIJING)


class TransferForm(forms.Form):
    """A violation for the traffic police."""

    unit = forms.CharField(label="接收单位", max_length=120)


class ReceiptForm(forms.Form):
    """The receipt of the traffic police."""

    receipt = forms.CharField(label="回执编号", max_length=60)
    received_on = forms.DateField(
        label="签收日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=DAYS,
    )


class ReplyForm(forms.Form):
    """What the traffic police did."""

    reply_number = forms.CharField(label="回函文号", max_length=60, required=False)
    replied_on = forms.DateField(
        label="反馈日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=DAYS,
    )
    result = forms.CharField(label="处理结果", max_length=200)


class RepairForm(forms.Form):
    """A repair that no M station reported."""

    repaired_on = forms.DateField(
        label="维修日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=DAYS,
    )
    repairer = forms.CharField(label="维修单位（M 站）", max_length=120)
    text = forms.CharField(label="维修内容", max_length=200, required=False)


def _moment_field(label: str) -> forms.DateTimeField:
    form = "%Y-%m-%dT%H:%M"
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=form),
        input_formats=[form, "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        validators=MOMENTS,
    )


class RepairEntryForm(forms.Form):
    """A repair at an M station, from its paper."""

    plate = forms.CharField(label="号牌号码", max_length=20)
    plate_color = forms.ChoiceField(label="号牌颜色", choices=COLORS, required=False)
    shop = forms.CharField(label="维修单位（M 站）", max_length=120)
    shop_code = forms.CharField(label="M 站编号", max_length=20)
    number = forms.CharField(label="维修单号", max_length=40)
    came_at = _moment_field("进厂时间")
    left_at = _moment_field("出厂时间")
    items = forms.CharField(
        label="维修项目",
        max_length=500,
        help_text="用顿号分开，如：更换三元催化器、清洗喷油嘴",
    )

    def clean_items(self) -> list[str]:
        """Return the items."""
        found = [
            item.strip()[:80]
            for item in re.split(r"[、，,;；\n]+", self.cleaned_data["items"])
        ]
        kept = [item for item in found if item]
        if not kept:
            raise forms.ValidationError("请填写维修项目")
        return kept

    def repair(self) -> Repair:
        """Return what was entered."""
        return Repair(**self.cleaned_data)
