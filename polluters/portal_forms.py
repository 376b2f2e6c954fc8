"""Forms of explanations: text, deadline, and files that are read as they come."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from polluters.services.explanations import MB, RefusedError, Upload
from polluters.validity_forms import InCalendar, files_field, moment_input


class ExplainForm(forms.Form):
    """What the enterprise says, with proof."""

    text = forms.CharField(
        label="说明", max_length=4000, widget=forms.Textarea(attrs={"rows": 5})
    )
    proof = files_field()


class AskForm(InCalendar, forms.Form):
    """What an officer asks, and by when."""

    text = forms.CharField(
        label="要求说明的内容",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    deadline = forms.DateTimeField(
        label="说明时限", required=False, widget=moment_input(),
        help_text="留空按设置的工作日数计算",
    )  # fmt: skip


class DecideForm(forms.Form):
    """An officer's reply."""

    verdict = forms.ChoiceField(
        label="结论",
        choices=(("accept", "采信"), ("return", "退回补充"), ("reject", "不予采信")),
    )
    text = forms.CharField(
        label="回复", max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


def uploads(
    files: "MultiValueDict[str, UploadedFile[Any]]", limit_mb: float
) -> list[Upload]:
    """Return the uploaded files; one over the limit is refused before it is read."""
    found: Sequence[UploadedFile[Any]] = files.getlist("proof")
    for one in found:
        size = one.size or 0
        if size > limit_mb * MB:
            raise RefusedError(
                f"“{(one.name or '')[:60]}”有 {size / MB:.1f} MB，超过单个上限"
                f" {limit_mb:g} MB，请压缩或分段后提交", "proof",
            )  # fmt: skip
    return [Upload((one.name or "附件")[:150], one.read()) for one in found]
