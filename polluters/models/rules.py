"""Numbers of judging and supervision as rows, each with its source and state."""

from django.db import models


class RuleValue(models.Model):
    """A number that an installation may set; its default stands in ``domain.rulebook``."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    value = models.FloatField("取值")
    unit = models.CharField("单位", max_length=12, blank=True)
    source = models.CharField("来源与确认状态", max_length=200)
    confirmed_on = models.DateField("核对日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "判定与监管参数"
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.name} {self.value:g} {self.unit}".strip()


class CheckSetting(models.Model):
    """What an installation changes of a check of the catalogue."""

    class Severity(models.TextChoices):
        CRITICAL = "critical", "严重"
        MAJOR = "major", "较重"
        MINOR = "minor", "一般"
        INFO = "info", "提示"

    code = models.CharField("检查项", max_length=32, unique=True)
    severity = models.CharField(
        "级别", max_length=8, choices=Severity.choices, blank=True, help_text="留空沿用"
    )
    text = models.TextField(
        "说明文字", blank=True, help_text="留空沿用；花括号中的占位符须与原文一致"
    )
    ask = models.CharField("建议核查", max_length=200, blank=True)
    active = models.BooleanField("启用", default=True)
    announce = models.BooleanField("发现时预警", default=True)
    source = models.CharField("更改理由与来源", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "检查项设置"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class MarkScope(models.Model):
    """An industry whose units must mark their data, from a day on."""

    industry = models.CharField("行业类别", max_length=60, unique=True)
    valid_from = models.DateField("实施日")
    source = models.CharField("来源与确认状态", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "标记规则适用行业"
        ordering = ("industry",)

    def __str__(self) -> str:
        return self.industry
