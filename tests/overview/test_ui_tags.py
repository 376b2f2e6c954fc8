from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from bozhou_eco.common import clock
from bozhou_eco.overview.templatetags import ui

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW - timedelta(hours=1, minutes=18), "今日 10:42"),
        (NOW - timedelta(hours=17, minutes=30), "昨日 18:30"),
        (datetime(2026, 11, 21, 8, 8, tzinfo=UTC), "11-21 16:08"),
        (datetime(2025, 11, 21, 8, 8, tzinfo=UTC), "2025-11-21 16:08"),
        (None, "—"),
    ],
)
def test_when(moment: datetime | None, text: str) -> None:
    assert ui.when(moment) == text


def test_beijing_day_not_utc_day() -> None:
    assert ui.when(datetime(2026, 11, 22, 16, 1, tzinfo=UTC)) == "今日 00:01"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (78.604, "78.6"),
        (0.1234, "0.123"),
        (341_520.0, "34.2 万"),
        (9999.4, "9999"),
        (-0.12, "−0.12"),
        (-0.0001, "0"),
        (0.0, "0"),
        (None, "—"),
    ],
)
def test_value(number: float | None, text: str) -> None:
    assert ui.value(number) == text


def test_units_of_measure() -> None:
    assert [ui.unit(u) for u in ("mg/m3", "degC", "-", "m3/h")] == [
        "mg/m³",
        "℃",
        "",
        "m³/h",
    ]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=40), "不到 1 分钟"),
        (timedelta(minutes=46), "46 分钟"),
        (timedelta(hours=5, minutes=28), "5 小时 28 分"),
        (timedelta(days=2, hours=7), "2 天 7 小时"),
    ],
)
def test_span(length: timedelta, text: str) -> None:
    assert ui.span(length) == text


def test_severity_has_shape_class_and_word() -> None:
    assert ui.sev("critical") == '<span class="sev crit">严重</span>'


def test_text_of_a_severity_is_escaped() -> None:
    assert "<b>" not in ui.sev("major", "<b>x</b>")


def test_bar_fills_at_160_per_cent() -> None:
    assert (ui.bar(1.0), ui.bar(1.6), ui.bar(9.9), ui.bar(None)) == (
        "62.5%",
        "100.0%",
        "100.0%",
        "0.0%",
    )


def test_spark_without_a_limit_renders() -> None:
    text = "{% load ui %}{% spark series missing.high missing.low %}"
    out = Template(text).render(Context({"series": [1.0, 2.0]}))
    assert 'class="lim"' not in out
    assert out.startswith('<svg class="spark"')
