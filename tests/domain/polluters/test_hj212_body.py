"""Bodies: which are regular and read by their arrangement, which need a closer look."""

from datetime import datetime

import pytest

from polluters.domain.hj212 import BEIJING
from polluters.domain.hj212 import body as body_module
from polluters.domain.hj212.body import Plan, read_body, read_lazily
from polluters.domain.hj212.frame import Arranged
from polluters.domain.hj212.tolerant import Body, read_tolerantly

TIME = "DataTime=20260301080000"
ITEM = "a21026-Rtd=1.5,a21026-Flag=N"


def lazily(text: str) -> Body:
    return read_lazily(text.encode(), text)


def plan_of(text: str) -> Plan:
    arranged = lazily(text).arranged
    assert arranged is not None
    assert isinstance(arranged.plan, Plan)
    return arranged.plan


REGULAR = [
    TIME,
    f"{TIME};{ITEM}",
    f"{TIME};a21026-Min=1,a21026-Avg=2,a21026-Max=3,a21026-Flag=N;a34013-Avg=4",
    f"{TIME};a21026-Flag=N,a21026-Avg=2",
    f"{TIME};a21026-SampleTime=20260301075500,a21026-Avg=2,a21026-EFlag=A01",
    f"BeginTime=20260301080000;EndTime=20260301090000;{ITEM}",
    ITEM,
    f"{TIME};011-Rtd=5,011-Flag=N",
    f"{TIME};a99999-Avg=1",
    f"{TIME};a21026-Avg=-1.5e3",
    "RtdInterval=30",
]


@pytest.mark.parametrize("text", REGULAR, ids=range(len(REGULAR)))
def test_a_regular_body_is_read_by_its_arrangement_as_the_tolerant_way_reads_it(
    text: str,
) -> None:
    assert lazily(text).arranged is not None
    one, other = read_body(text.encode(), text), read_tolerantly(text)
    assert (one.params, one.items, one.media) == (
        other.params,
        other.items,
        other.media,
    )
    assert [n.code for n in one.notes] == [n.code for n in other.notes]
    assert (one.data_time, one.begin_time, one.end_time, one.problem) == (
        other.data_time, other.begin_time, other.end_time, "",
    )  # fmt: skip


IRREGULAR = {
    "trailing separator": f"{TIME};{ITEM};",
    "empty field": f"{TIME};;{ITEM}",
    "comma before an item": f"{TIME},{ITEM}",
    "comma among parameters": f"PolId=1,{TIME}",
    "items joined by a comma": f"{TIME};a21026-Avg=1,a34013-Avg=2",
    "an item in two places": f"{TIME};a21026-Avg=1;a34013-Avg=2;a21026-Max=3",
    "a semicolon inside an item": f"{TIME};a21026-Avg=1;a21026-Flag=N",
    "a parameter after an item": f"{ITEM};{TIME}",
    "a parameter twice": "PolId=1;PolId=2",
    "a bare attribute": f"{TIME};a21026-Avg=1;Flag=N",
    "a bare number": f"{TIME};Avg=1",
    "a parameter with odd signs": "Pol.Id=1",
    "unknown suffix": f"{TIME};a21026-td=1",
    "text suffix": f"{TIME};i11001-Info=1",
    "suffix twice": f"{TIME};a21026-Avg=1,a21026-Avg=2",
    "only a flag": f"{TIME};a21026-Flag=N",
    "a mark between the numbers": f"{TIME};a21026-Min=1,a21026-Flag=N,a21026-Max=2",
    "wrong case of the code": f"{TIME};A21026-Avg=1",
    "one code old and new": f"{TIME};011-Avg=1;w01018-Avg=2",
    "no number": f"{TIME};a21026-Avg=x",
    "empty number": f"{TIME};a21026-Avg=",
    "underscore": f"{TIME};a21026-Avg=1_0",
    "blank": f"{TIME};a21026-Avg= 1",
    "infinite": f"{TIME};a21026-Avg=inf",
    "not a number": f"{TIME};a21026-Avg=nan",
    "unknown flag": f"{TIME};a21026-Avg=1,a21026-Flag=Q",
    "no time": f"DataTime=2026;{ITEM}",
    "no begin": "BeginTime=2026;EndTime=20260301080000",
    "no end": "BeginTime=20260301080000;EndTime=2026",
    "no sample time": f"{TIME};a21026-SampleTime=2026,a21026-Avg=1",
    "a value without a name": f"{TIME};{ITEM};x",
    "two equal signs": f"{TIME};a21026-Avg=1=2",
}


@pytest.mark.parametrize("text", IRREGULAR.values(), ids=IRREGULAR)
def test_an_irregular_body_needs_a_closer_look(text: str) -> None:
    assert lazily(text).arranged is None


def test_an_empty_body_holds_nothing() -> None:
    assert lazily("") == Body()


def test_items_are_made_of_the_arrangement_when_they_are_asked_for() -> None:
    text = f"{TIME};a21026-Min=1,a21026-Avg=2.5,a21026-Flag=C;011-Rtd=7"
    lazy, whole = lazily(text), read_body(text.encode(), text)
    assert lazy.items == []
    first, second = whole.items
    assert (first.code, first.raw_code, first.flag) == ("a21026", "a21026", "C")
    assert (first.values, first.numbers) == (
        {"Min": "1", "Avg": "2.5"}, {"Min": 1.0, "Avg": 2.5},
    )  # fmt: skip
    assert (second.code, second.raw_code, second.flag) == ("w01018", "011", None)
    assert (second.values, second.numbers) == ({"Rtd": "7"}, {"Rtd": 7.0})
    assert (first.eflag, first.sample_time) == (None, None)


def test_a_rare_mark_may_be_the_very_first() -> None:
    text = "a21026-EFlag=A01,a21026-Avg=2"
    assert lazily(text).arranged is not None
    [item] = read_body(text.encode(), text).items
    assert (item.eflag, item.values) == ("A01", {"Avg": "2"})


def test_marks_that_are_rare_are_read_too() -> None:
    text = f"{TIME};a21026-SampleTime=20260301075500,a21026-Avg=2,a21026-EFlag=A01;{ITEM.replace('a21026', 'a34013')}"
    first, second = read_body(text.encode(), text).items
    assert first.eflag == "A01"
    assert first.sample_time == datetime(2026, 3, 1, 7, 55, tzinfo=BEIJING)
    assert (second.eflag, second.sample_time) == (None, None)
    for mark, eflag in (("EFlag=", None), ("EFlag=B", "B")):
        one = f"{TIME};a21026-Avg=2,a21026-{mark}"
        [item] = read_body(one.encode(), one).items
        assert (item.eflag, item.sample_time, item.flag) == (eflag, None, None)


@pytest.mark.parametrize(
    ("flags", "normal"), [("NN", True), ("NC", False), ("TN", False)]
)
def test_an_arrangement_knows_whether_all_is_normal(flags: str, normal: bool) -> None:
    text = f"{TIME};a21026-Avg=1,a21026-Flag={flags[0]};a34013-Avg=2,a34013-Flag={flags[1]}"
    arranged = lazily(text).arranged
    assert isinstance(arranged, Arranged)
    assert arranged.normal is normal
    first = lazily("a21026-Flag=C,a21026-Avg=2").arranged
    assert first is not None
    assert first.normal is False
    bare = lazily(f"{TIME};a21026-Avg=1").arranged
    assert bare is not None
    assert bare.normal is True


def test_places_say_where_each_number_stands() -> None:
    plan = plan_of(
        f"{TIME};a21026-Min=1,a21026-Avg=2,a21026-Flag=N;a34013-Rtd=3;a19001-Min=4,a19001-Max=5"
    )
    assert plan.places() == [
        ("a21026", {"Min": 0, "Avg": 1}), ("a34013", {"Rtd": 2}),
        ("a19001", {"Min": 3, "Max": 4}),
    ]  # fmt: skip
    assert (plan.parameters, plan.rare) == ((("DataTime", 0),), False)
    assert plan.normal == ("N",)
    assert plan_of(f"{TIME};a21026-Avg=1,a21026-EFlag=x").rare is True
    assert plan_of(f"{TIME};a21026-Avg=1").normal == ()


def test_bodies_of_one_shape_share_their_plan_and_others_do_not() -> None:
    one = plan_of(f"{TIME};a21026-Avg=1,a21026-Flag=N")
    assert plan_of(f"{TIME};a21026-Avg=77,a21026-Flag=C") is one
    assert plan_of(f"{TIME};a34013-Avg=1,a34013-Flag=N") is not one
    assert plan_of(f"{TIME};a21026-Avg=1") is not one


def test_plans_are_kept_but_no_long_ones_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: dict[object, object] = {}
    monkeypatch.setattr(body_module, "_plans", kept)
    lazily(f"{TIME};{ITEM}")
    lazily(f"{TIME};{ITEM}")
    assert len(kept) == 1
    longest = f"{TIME};PolId=".ljust(1024, "1")
    lazily(longest)
    lazily(longest.replace("PolId", "Polid") + "1")
    assert len(kept) == 2
    monkeypatch.setattr(body_module, "_CACHE_ENTRIES", 3)
    lazily("A=1")
    assert len(kept) == 3
    lazily("B=1")
    assert len(kept) == 1


def test_old_and_unknown_codes_are_noted_with_their_media() -> None:
    body = lazily(f"{TIME};011-Avg=1;a99999-Avg=2;a21026-Avg=3")
    assert [(n.code, n.text) for n in body.notes] == [
        ("old_codes", "2005 版编码已转换：011→w01018"),
        ("unknown_codes", "编码表以外的因子：a99999"),
    ]
    assert body.media == {"water", "air"}


def test_the_times_of_a_period_are_read() -> None:
    body = lazily("BeginTime=20260301080000;EndTime=20260301090000")
    assert body.data_time is None
    assert body.begin_time == datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    assert body.end_time == datetime(2026, 3, 1, 9, tzinfo=BEIJING)
    assert body.params == {"BeginTime": "20260301080000", "EndTime": "20260301090000"}
