"""Rates below target, quotas that run out, means unlike the national platform's."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bozhou_eco.common import clock
from polluters.domain.checks.finding import Hit, percent, short_time
from polluters.domain.matters import FIGURES
from polluters.models import Period
from polluters.selectors import masses, national, rates, rulebook
from polluters.selectors.rulebook import Book
from polluters.services.watching.kit import (
    keep,
    lasting,
    make_hit,
    midnight,
    places,
)

LEAST_HOURS = 72
PERIOD_WORDS = {Period.HOUR.value: "小时", Period.DAY.value: "日"}


def look(*, now: datetime) -> int:
    """Look at rates, quotas and national data; return how many findings were new."""
    book = rulebook.load()
    hits: dict[int, list[Hit]] = {}
    for source in (_rates, _quotas, _national):
        for outlet, found in source(book, now).items():
            hits.setdefault(outlet, []).extend(found)
    start = now - timedelta(days=370)
    seen = lasting(frozenset(FIGURES), start=start, gone="已恢复正常")
    return sum(
        keep(place, hits.get(place.outlet.pk, []), look=seen, book=book, now=now)
        for place in places()
    )


def _rates(book: Book, now: datetime) -> Mapping[int, list[Hit]]:
    """Return outlets whose rate of the month so far is below the target."""
    today = clock.beijing(now).date()
    first = midnight(today.replace(day=1))
    found = {}
    listed = rates.point_rates(None, span="month", day=today, now=now)
    for group in rates.grouped(listed, "outlet"):
        rate = group.rate
        low = rate.effective is not None and rate.effective < book["rate_target"]
        if rate.due < LEAST_HOURS or not low:
            continue
        hit = make_hit(
            "rate_low", first, now, score=1 - (rate.effective or 0),
            month=f"{today.year} 年 {today.month} 月", value=percent(rate.effective or 0),
            validity=percent(rate.validity or 0),
            transmission=percent(rate.transmission or 0),
            target=percent(book["rate_target"]), lacking=group.lacking,
        )  # fmt: skip
        found[group.key] = [hit]
    return found


def _quotas(book: Book, now: datetime) -> Mapping[int, list[Hit]]:
    """Return quotas used above the notice share or bound to run out this year."""
    today = clock.beijing(now).date()
    first = midnight(today.replace(month=1, day=1))
    outlets = {p.pk: place.outlet.pk for place in places() for p in place.points}
    found: dict[int, list[Hit]] = {}
    for row in masses.year_rows(None, year=today.year, today=today):
        forecast = row.forecast
        outlet = next((outlets[p] for p in row.points if p in outlets), None)
        if forecast is None or outlet is None:
            continue
        if forecast.share < book["quota_notice_share"] and forecast.runs_out is None:
            continue
        when = (
            f"，按近 30 日速度将于 {forecast.runs_out} 用完"
            if forecast.runs_out
            else ""
        )
        hit = make_hit(
            "quota_high", first, now, code=row.unit_code, score=forecast.share,
            year=str(today.year), used=forecast.used, quota=forecast.quota,
            share=percent(forecast.share), forecast=when,
        )  # fmt: skip
        found.setdefault(outlet, []).append(hit)
    return found


def _national(book: Book, now: datetime) -> Mapping[int, list[Hit]]:
    """Return the points whose means of the last days differ from the national ones."""
    today = clock.beijing(now).date()
    found: dict[int, list[Hit]] = {}
    tolerance = book["national_tolerance"]
    for back in (1, 2, 3):
        day = today - timedelta(days=back)
        apart = national.day_book(None, day=day, tolerance=tolerance, now=now).apart
        groups: dict[tuple[int, int], list[national.Apart]] = {}
        for one in apart:
            groups.setdefault((one.point.pk, one.period), []).append(one)
        for (_, period), own in groups.items():
            worst = own[0]
            hit = make_hit(
                "national_mismatch", midnight(day), midnight(day + timedelta(days=1)),
                code=worst.point.pollutant.code, score=worst.share,
                day=f" {day} ", count=len(own), period=PERIOD_WORDS[period],
                tolerance=percent(tolerance), at=short_time(int(worst.time.timestamp())),
                value=worst.ours, other=worst.theirs,
            )  # fmt: skip
            found.setdefault(worst.point.outlet_id, []).append(hit)
    return found
