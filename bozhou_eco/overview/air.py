"""环境空气质量日报: one row a county and day, its index worked out from the means."""

from datetime import date, datetime

from django.db import models, transaction

from bozhou_eco.accounts.models import District, ScopedQuerySet, User
from bozhou_eco.audit import services as audit
from polluters.domain.aqi import GOOD, daily_aqi


class AirDayQuerySet(ScopedQuerySet):
    """Days by district; enterprises and stations see none."""

    organisation_path = ""


class AirDay(models.Model):
    """The air of a county on a day: six means, the index, and where they come from."""

    district = models.ForeignKey(District, models.PROTECT, verbose_name="行政区")
    day = models.DateField("日期", db_index=True)
    means = models.JSONField("日均浓度", help_text="SO2 NO2 PM10 PM2.5 CO O3")
    aqi = models.PositiveSmallIntegerField("AQI", null=True, blank=True)
    level = models.CharField("类别", max_length=8, blank=True)
    source = models.CharField("来源", max_length=120)

    objects = AirDayQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "空气质量日报"
        ordering = ("-day", "district")
        constraints = [
            models.UniqueConstraint(
                fields=["district", "day"], name="overview_air_day_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.district} {self.day} {self.aqi or '—'}"

    @property
    def good(self) -> bool:
        """Whether the day counts as 优良."""
        return self.aqi is not None and self.aqi <= GOOD


@transaction.atomic
def record_air(
    *,
    district: District,
    day: date,
    means: dict[str, float],
    source: str,
    actor: User | None,
    now: datetime,
) -> AirDay:
    """Keep the means of a day with their index; a corrected day replaces the old one.

    Raises ``KeyError`` for a pollutant that the index does not know, ``ValueError`` for
    a day to come.
    """
    if day > now.date():
        raise ValueError(f"{day} 在将来")
    index = daily_aqi(means, day=day)
    made, _ = AirDay.objects.update_or_create(
        district=district,
        day=day,
        defaults={
            "means": means,
            "aqi": index.value if index else None,
            "level": index.level if index else "",
            "source": source[:120],
        },
    )
    audit.record(
        actor=actor,
        act="air.record",
        subject=f"air:{district.code}:{day}",
        detail={"aqi": made.aqi, "source": source[:120]},
        now=now,
    )
    return made
