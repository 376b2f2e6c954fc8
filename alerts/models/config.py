"""What the bureau sets about alerting."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from alerts.domain.kinds import may_go_first


class KindSetting(models.Model):
    """Settings of one kind; an empty field leaves the built-in policy as it is."""

    kind = models.CharField("类型", max_length=60, unique=True)
    label = models.CharField("名称", max_length=40, blank=True)
    verdict = models.BooleanField("恢复后须处置", null=True, blank=True)
    confidential = models.BooleanField("对当事方保密", null=True, blank=True)
    enterprise_first = models.BooleanField("先告知企业自查", null=True, blank=True)
    self_check_hours = models.PositiveSmallIntegerField(
        "自查期限（h）",
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )
    reopen_minutes = models.PositiveIntegerField(
        "再次打开窗口（min）", null=True, blank=True
    )
    mute_hours = models.PositiveIntegerField("处置后静默（h）", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警类型设置"
        ordering = ("kind",)

    def __str__(self) -> str:
        return self.label or self.kind

    def clean(self) -> None:
        """Refuse to warn the suspect first."""
        if self.enterprise_first and not may_go_first(self.kind):
            raise ValidationError(
                {"enterprise_first": "涉嫌造假、标停未停、门禁等类型不得先告知企业"}
            )
