"""The forms of commands: fields, bounds, how long each may take, and periods."""

from datetime import datetime, timedelta

import pytest

from polluters.domain.commands import (
    FORMS,
    HISTORY_MAX,
    HISTORY_MAX_DAYS,
    MINUTE_INTERVALS,
    CommandForm,
    Field,
    clean,
    forms_for,
    setup_steps,
)
from polluters.domain.hj212 import BEIJING

NOW = datetime(2026, 3, 10, 12, tzinfo=BEIJING)


def test_a_form_without_more_acts_for_a_minute_at_most() -> None:
    plain = CommandForm("1", "")
    assert (plain.patience_s, plain.since, plain.acts) == (60, 2005, True)
    field = Field("X", "", "number")
    assert (field.low, field.high, field.choices, field.required) == (0, 0, (), True)


def test_minutes_are_those_that_part_an_hour() -> None:
    assert tuple(n for n in range(1, 31) if 60 % n == 0) == MINUTE_INTERVALS


def test_histories_are_bounded_by_their_kind() -> None:
    days = {cn: longest.days for cn, longest in HISTORY_MAX.items()}
    assert days == {"2051": 3, "2061": 31}
    assert timedelta(days=366) == HISTORY_MAX_DAYS


def test_each_command_has_its_patience_its_version_and_its_effect() -> None:
    assert {cn: form.patience_s for cn, form in FORMS.items() if form.patience_s != 60} == {
        "2051": 1800, "2061": 1800, "2031": 1800, "2041": 1800, "3012": 600, "3015": 600,
    }  # fmt: skip
    assert {cn for cn, form in FORMS.items() if form.since == 2017} == {
        "1063", "1064", "3015", "3019", "3020",
    }  # fmt: skip
    assert {form.since for form in FORMS.values()} == {2005, 2017}
    assert {cn for cn, form in FORMS.items() if not form.acts} == {
        "1011", "1061", "1063", "3019", "3020",
    }  # fmt: skip
    assert len(forms_for(2005)) == len(FORMS) - 5
    assert len(forms_for(2017)) == len(forms_for(2025)) == len(FORMS)
    assert forms_for(2004) == []


def ask(cn: str, version: int = 2017, **given: str) -> tuple[dict[str, str], list[str]]:
    return clean(cn, given, version=version, factors=("a21026",), now=NOW)


@pytest.mark.parametrize(
    ("cn", "name", "good", "bad", "words"),
    [
        ("1000", "OverTime", ("1", "99"), ("0", "100", "-1", ""), "超时（s）应为 1 至 99"),
        ("1000", "ReCount", ("0", "99"), ("100", "x"), "重发次数应为 0 至 99"),
        ("1062", "RtdInterval", ("30", "3600"), ("29", "3601", "３０"), "间隔（s）应为 30 至 3600"),
        ("1064", "MinInterval", tuple(map(str, MINUTE_INTERVALS)), ("0", "7", "13", "31", "60", "x"),
         "间隔（min）只能为 1、2、3、4、5、6、10、12、15、20、30"),
        ("3012", "PolId", ("a21026",), ("a34013",), "因子 a34013 不属于该数采仪"),
        ("3020", "InfoId", ("i12001",), ("i1200", "i120011", "x12001", "i1200a", "ii2001"),
         "信息编码应形如 i12001"),
    ],
)  # fmt: skip
def test_what_a_field_takes(
    cn: str, name: str, good: tuple[str, ...], bad: tuple[str, ...], words: str
) -> None:
    for value in good:
        params, errors = ask(cn, **{name: value})
        assert params[name] == value
        assert words not in errors
    for value in bad:
        params, errors = ask(cn, **{name: value})
        assert name not in params
        if value:
            assert words in errors


def test_what_is_not_known_or_too_new_is_refused() -> None:
    assert ask("9999") == ({}, ["不能下发命令 9999"])
    assert ask("1063", 2016) == ({}, ["不能下发命令 1063"])
    assert ask("1063", 2017) == ({}, [])
    assert ask("1064") == ({}, ["请填写间隔（min）"])


@pytest.mark.parametrize(
    ("cn", "begin", "end", "errors"),
    [
        ("2051", "2026-03-07T12:00", "2026-03-10T12:00", []),
        ("2051", "2026-03-07T11:59", "2026-03-10T12:00", ["一次最多补传 3 天"]),
        ("2061", "2026-02-07T12:00", "2026-03-10T12:00", []),
        ("2061", "2026-02-07T11:59", "2026-03-10T12:00", ["一次最多补传 31 天"]),
        ("2031", "2025-03-09T12:00", "2026-03-10T12:00", []),
        ("2041", "2025-03-09T11:59", "2026-03-10T12:00", ["一次最多补传 366 天"]),
        ("2051", "2026-03-10T12:00", "2026-03-10T12:00", []),
        ("2051", "2026-03-10T12:01", "2026-03-10T12:01", ["开始时间在未来"]),
        ("2051", "2026-03-10T11:00", "2026-03-10T13:00", []),
        ("2051", "2026-03-10T11:00", "2026-03-10T10:59", ["结束时间早于开始时间"]),
        ("2051", "x", "2026-03-10T10:59", ["开始时间的格式应为 年-月-日 时:分"]),
    ],
)  # fmt: skip
def test_a_period_to_send_again(
    cn: str, begin: str, end: str, errors: list[str]
) -> None:
    assert ask(cn, BeginTime=begin, EndTime=end)[1] == errors


def steps(
    version: int = 2017, minute: int = 10, seconds: int = 30
) -> dict[str, dict[str, str]]:
    return dict(
        setup_steps(
            version=version,
            timeout_s=10,
            resends=3,
            real_time_s=seconds,
            minute_interval=minute,
        )
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [(29, "30"), (30, "30"), (31, "31"), (3600, "3600"), (3601, "3600")],
)
def test_the_interval_of_a_first_connection_is_within_its_bounds(
    given: int, sent: str
) -> None:
    assert steps(seconds=given)["1062"] == {"RtdInterval": sent}


@pytest.mark.parametrize(
    ("version", "minute", "asked"),
    [
        (2017, 10, True),
        (2016, 10, False),
        (2025, 1, True),
        (2017, 7, False),
        (2005, 10, False),
    ],
)
def test_minutes_are_set_from_2017_on(version: int, minute: int, asked: bool) -> None:
    assert ("1064" in steps(version, minute)) is asked
    assert list(steps(version, minute))[-2:] == ["2011", "2021"]
