"""What may be asked of a logger, and what is wrong with what was typed."""

from datetime import datetime, timedelta

import pytest

from polluters.domain.commands import (
    FORMS,
    NOW,
    clean,
    forms_for,
    params_to_send,
    read_typed_time,
    setup_steps,
)
from polluters.domain.hj212 import BEIJING

MOMENT = datetime(2026, 3, 10, 12, 0, tzinfo=BEIJING)
FACTORS = ("a21026", "a34013")


def ask(cn: str, version: int = 2017, **given: str) -> tuple[dict[str, str], list[str]]:
    return clean(cn, given, version=version, factors=FACTORS, now=MOMENT)


def test_older_protocols_know_fewer_commands() -> None:
    old, new = ({form.cn for form in forms_for(v)} for v in (2005, 2017))
    assert new - old == {"1063", "1064", "3015", "3019", "3020"}
    assert {form.cn for form in forms_for(2016)} == old
    assert not FORMS["1011"].acts
    assert FORMS["1012"].acts
    assert ask("1064", 2005, MinInterval="10")[1] == ["不能下发命令 1064"]
    assert ask("9999")[1] == ["不能下发命令 9999"]


@pytest.mark.parametrize(
    ("cn", "name", "good", "bad"),
    [
        ("1062", "RtdInterval", ("30", "3600"), ("29", "3601", "x", "３０", "-30")),
        ("1064", "MinInterval", ("1", "10", "30"), ("0", "7", "60", "x")),
        ("3012", "PolId", FACTORS, ("a99999", "A21026")),
    ],
)
def test_bounds_of_a_parameter(
    cn: str, name: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    for value in good:
        assert ask(cn, **{name: f" {value} "}) == ({name: value}, [])
    for value in bad:
        params, errors = ask(cn, **{name: value})
        assert len(errors) == 1, value
        assert name not in params
    assert ask(cn)[1] == [f"请填写{FORMS[cn].fields[0].label}"]


def test_every_missing_and_bad_parameter_is_told() -> None:
    assert len(ask("1000")[1]) == 2
    params, errors = ask("1000", OverTime="99", ReCount="100")
    assert params == {"OverTime": "99"}
    assert errors == ["重发次数应为 0 至 99"]
    assert ask("1000", OverTime="1", ReCount="0") == (
        {"OverTime": "1", "ReCount": "0"},
        [],
    )
    assert ask("1000", OverTime="0", ReCount="0")[1] == ["超时（s）应为 1 至 99"]


@pytest.mark.parametrize("value", ["i1200", "i120011", "x12001", "i1200a", "12001i"])
def test_a_code_of_information_has_its_form(value: str) -> None:
    assert ask("3020", PolId="a21026", InfoId=value)[1] == ["信息编码应形如 i12001"]
    params, errors = ask("3020", PolId="a21026", InfoId="i12001")
    assert (params["InfoId"], errors) == ("i12001", [])


def period(cn: str, begin: str, end: str) -> list[str]:
    return ask(cn, BeginTime=begin, EndTime=end)[1]


def test_a_period_of_history_is_bounded() -> None:
    params, errors = ask(
        "2051", BeginTime="2026-03-07T12:00", EndTime="2026/03/10 12:00"
    )
    assert errors == []
    assert params == {"BeginTime": "20260307120000", "EndTime": "20260310120000"}
    assert period("2051", "2026-03-07T11:59", "2026-03-10T12:00") == [
        "一次最多补传 3 天"
    ]
    assert period("2061", "2026-02-07T12:00", "2026-03-10T12:00") == []
    assert period("2061", "2026-02-07T11:59", "2026-03-10T12:00") == [
        "一次最多补传 31 天"
    ]
    assert period("2031", "2025-03-09T12:00", "2026-03-10T12:00") == []
    assert period("2031", "2025-03-09T11:59", "2026-03-10T12:00") == [
        "一次最多补传 366 天"
    ]
    assert period("2051", "2026-03-10T12:00", "2026-03-10T12:00") == []
    assert period("2051", "2026-03-10T12:01", "2026-03-10T12:02") == ["开始时间在未来"]
    assert period("2051", "2026-03-09T12:00", "2026-03-09T11:59") == [
        "结束时间早于开始时间"
    ]
    assert period("2051", "yesterday", "2026-03-09T11:59") == [
        "开始时间的格式应为 年-月-日 时:分"
    ]


def test_a_typed_time_is_beijing_time() -> None:
    assert read_typed_time(" 2026/03/10 12:00 ") == MOMENT
    assert read_typed_time("2026-03-10T04:00+00:00") == MOMENT
    assert read_typed_time("2026-13-10") is None
    for slip in ("0001-01-01T00:00+14:00", "1989-12-31", "2200-01-01", "9999-12-31"):
        assert read_typed_time(slip) is None
    assert read_typed_time("1990-01-01") == datetime(1990, 1, 1, tzinfo=BEIJING)


def test_now_is_filled_in_when_it_is_sent() -> None:
    params, errors = ask("1012")
    assert (params, errors) == ({"SystemTime": NOW}, [])
    sent = params_to_send({**params, "X": "1"}, MOMENT)
    assert sent == {"SystemTime": "20260310120000", "X": "1"}


@pytest.mark.parametrize(
    ("given", "sent"), [(5, "30"), (30, "30"), (60, "60"), (9000, "3600")]
)
def test_the_first_connection_in_its_order(given: int, sent: str) -> None:
    steps = setup_steps(
        version=2017, timeout_s=10, resends=3, real_time_s=given, minute_interval=10
    )
    assert [cn for cn, _ in steps] == ["1012", "1000", "1062", "1064", "2011", "2021"]
    assert steps[1][1] == {"OverTime": "10", "ReCount": "3"}
    assert steps[2][1] == {"RtdInterval": sent}
    assert steps[3][1] == {"MinInterval": "10"}


@pytest.mark.parametrize(("version", "interval"), [(2005, 10), (2017, 7)])
def test_a_minute_interval_is_set_only_where_it_can_be(
    version: int, interval: int
) -> None:
    steps = setup_steps(
        version=version,
        timeout_s=10,
        resends=3,
        real_time_s=30,
        minute_interval=interval,
    )
    assert "1064" not in [cn for cn, _ in steps]


def test_patience_grows_with_the_work() -> None:
    assert (
        FORMS["1011"].patience_s < FORMS["3012"].patience_s < FORMS["2051"].patience_s
    )
    assert timedelta(seconds=FORMS["2061"].patience_s) == timedelta(minutes=30)
