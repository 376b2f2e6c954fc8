"""The short way of an ordinary frame writes the same lines as the rule."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from polluters.domain.hj212 import Frame, Item, decode_frame, encode_frame
from polluters.ingest.registry import LoggerInfo, PointInfo
from polluters.ingest.rows import DataFrame, Rows, add_frame, add_slowly
from polluters.services import live

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
CODES = ("a21026", "a21002", "a34013", "a00000", "w01001")
NUMBERS = st.one_of(
    st.floats(-50, 1500).map(lambda x: f"{x:.3f}"),
    st.sampled_from(
        ("0", "-0", "1e3", "1e11", "1e12", "2e12", "100", "1000.001", "7.")
    ),
)


def logger(
    factor: float, low: float | None, high: float | None, limit: float | None
) -> LoggerInfo:
    info = LoggerInfo(
        1, "A" * 24, 9, "652701", "123456", (), "standard", False, 10, False, True
    )
    for number, code in enumerate(CODES[:4]):
        info.points[code] = PointInfo(
            id=number + 10,
            outlet_id=9,
            code=code,
            factor=factor if number % 2 else 1.0,
            range_low=low,
            range_high=high,
            limit_low=None,
            limit_high=limit,
            converted=number == 0,
            judged=limit is not None and number != 3,
        )
    return info


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    command = draw(st.sampled_from(("2011", "2051", "2061")))
    real_time = command == "2011"
    names = ("Rtd", "ZsRtd") if real_time else ("Avg", "ZsAvg", "Min", "Max", "Cou")
    chosen = draw(
        st.lists(st.sampled_from(CODES), min_size=1, max_size=5, unique=True).filter(
            lambda codes: draw(st.integers(0, 3)) == 0 or "w01001" not in codes
        )
    )
    items = []
    for code in chosen:
        some = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        ordered = [name for name in names if name in some]
        flag = draw(st.sampled_from("NNNNNNMD"))
        items.append(Item(code, {name: draw(NUMBERS) for name in ordered}, flag))
    moment = NOW - draw(
        st.sampled_from((timedelta(), timedelta(minutes=4), timedelta(hours=3)))
    )
    raw = encode_frame(
        st="31",
        cn=command,
        mn="A" * 24,
        pw="123456",
        qn=moment,
        params={"DataTime": moment},
        items=items,
    )
    frame = decode_frame(raw)
    assert isinstance(frame, Frame)
    return frame


@given(
    frames(),
    st.sampled_from((1.0, 0.001)),
    st.sampled_from((None, 0.0)),
    st.sampled_from((None, 1000.0)),
    st.sampled_from((None, 100.0)),
)
@settings(max_examples=600, deadline=None)
def test_both_ways_give_the_same(
    frame: Frame,
    factor: float,
    low: float | None,
    high: float | None,
    limit: float | None,
) -> None:
    info = logger(factor, low, high, limit)
    rows, slow = Rows(), Rows()
    add_frame(rows, frame, info, NOW)
    (quick,) = rows.frames
    made = DataFrame(info, quick.period, quick.time, quick.quality, NOW)
    head = f"{quick.time.isoformat()}\t{NOW.isoformat()}\t"
    add_slowly(slow, made, frame, head)
    assert quick.lines == made.lines
    assert quick.count == made.count == quick.lines.count("\n")
    assert list(quick.rows()) == list(made.rows())
    assert quick.point_ids() == made.point_ids()
    assert rows.bad_values == slow.bad_values
    assert rows.unmapped == slow.unmapped
    if quick.live:
        over = any(
            point.judged and live.beyond(row.value, row.converted, point)
            for point, row in made.rows()
        )
        assert quick.over or not over
        if quick.layout is not None:
            assert quick.over == over


def test_an_ordinary_frame_does_take_the_short_way() -> None:
    raw = encode_frame(
        st="31",
        cn="2011",
        mn="A" * 24,
        pw="123456",
        qn=NOW,
        params={"DataTime": NOW},
        items=[Item("a21026", {"Rtd": "12.50", "ZsRtd": "13.7"}, "N")],
    )
    frame = decode_frame(raw)
    assert isinstance(frame, Frame)
    rows = Rows()
    add_frame(rows, frame, logger(1.0, 0.0, 1000.0, 13.0), NOW)
    (made,) = rows.frames
    assert made.layout is not None
    assert made.over  # the converted value is what is judged
    assert made.lines.endswith("\t12.5\t13.7\tNone\tNone\tNone\t10\t0\t0\tN\n")
