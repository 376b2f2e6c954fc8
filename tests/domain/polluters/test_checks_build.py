"""From frames to a station: which value of a key counts, and which clock is believed."""

from array import array
from datetime import datetime, timedelta

import numpy as np
import pytest

from polluters.domain.checks.build import ahead, build_station, usual_interval
from polluters.domain.checks.collect import (
    Block,
    Columns,
    Command,
    LoggerSpec,
    Piece,
    PointSpec,
    add_frame,
    read_block,
)
from polluters.domain.checks.series import Event, PointLimit, Repeat, Station
from polluters.domain.hj212 import BEIJING, crc16, decode_frame

START = datetime(2026, 3, 2, tzinfo=BEIJING)
T0 = int(START.timestamp())
DAY = 86_400
MN = "010000A8900016F000169DC0"


def command(rows: list[tuple[int, int, float]], flag: str = "N") -> Command:
    """Return a command of frames (time, sending, value of a21026), in s from ``T0``."""
    found = Command()
    columns = found.columns.setdefault("a21026", Columns())
    for time, sent, value in rows:
        columns.frame.append(len(found.time))
        columns.value.append(value)
        columns.flag.append(ord(flag))
        found.time.append(T0 + time)
        found.sent.append(T0 + sent if sent >= 0 else -1)
    return found


def built(
    rows: list[tuple[int, int, float]], cn: str = "2051", **spec: object
) -> Station:
    logger = LoggerSpec(MN, **spec)  # type: ignore[arg-type]
    return build_station(logger, Piece({cn: command(rows)}))


def live(*values: float, lag: int = 5) -> list[tuple[int, int, float]]:
    return [(i * 600, i * 600 + lag, value) for i, value in enumerate(values)]


def test_a_station_has_what_its_head_line_says() -> None:
    point = PointSpec("a21026", "mg/m3", 0.0, 500.0, (PointLimit(100.0),))
    found = built(
        live(1, 2, 3), outlet="DA001", medium="gas", reference=9.0,
        points={"a21026": point}, plans=((1, 2),),
    )  # fmt: skip
    assert (found.mn, found.medium, found.outlet, found.reference, found.plans) == (
        MN, "gas", "DA001", 9.0, ((1, 2),),
    )  # fmt: skip
    one = found.series["a21026"]["2051"]
    assert (one.unit, one.low, one.high, one.limits) == (
        "mg/m3", 0.0, 500.0, (PointLimit(100.0),),
    )  # fmt: skip
    assert (one.times - T0).tolist() == [0, 600, 1200]
    assert (one.values.tolist(), one.interval, one.period) == ([1, 2, 3], 600, "2051")
    assert (one.converted, one.sampled) == (None, None)


def test_of_two_values_the_one_sent_first_counts_and_the_other_is_noted() -> None:
    rows = [*live(1, 2, 3), (600, 700, 8.0), (600, 650, 9.0)]
    found = built(rows)
    assert found.series["a21026"]["2051"].values.tolist() == [1, 2, 3]
    assert found.repeats == (
        Repeat("a21026", "2051", T0 + 600, 2.0, 8.0, T0 + 700),
        Repeat("a21026", "2051", T0 + 600, 2.0, 9.0, T0 + 650),
    )
    early = built([*live(1, 2, 3), (600, 601, 8.0)])
    assert early.series["a21026"]["2051"].values.tolist() == [1, 8, 3]
    assert [(r.first, r.other) for r in early.repeats] == [(8.0, 2.0)]


@pytest.mark.parametrize(
    ("value", "noted"),
    [(2.0, False), (2.0 + 1.9e-9, False), (2.0 + 2.1e-9, True), (float("nan"), False)],
)
def test_the_same_value_again_is_no_change(value: float, noted: bool) -> None:
    found = built([*live(1, 2, 3), (600, 700, value)])
    assert bool(found.repeats) is noted
    small = built([*live(1, 0, 3), (600, 700, 0.9e-9)])
    assert small.repeats == ()
    assert len(built([*live(1, 0, 3), (600, 700, 1.1e-9)]).repeats) == 1


def test_of_values_sent_together_the_lesser_counts_and_a_known_sending_before_none() -> (
    None
):
    found = built([*live(1, 9, 3), (600, 605, 4.0)])
    assert found.series["a21026"]["2051"].values.tolist() == [1, 4, 3]
    unknown = built([(600, -1, 4.0), *live(1, 9, 3)])
    assert unknown.series["a21026"]["2051"].values.tolist() == [1, 9, 3]
    nothing = built([*live(1, float("nan"), 3), (600, 605, 4.0)])
    assert nothing.series["a21026"]["2051"].values.tolist() == [1, 4, 3]


def test_twice_in_one_frame_is_no_change_of_what_was_sent() -> None:
    found = command(live(1, 2, 3))
    columns = found.columns["a21026"]
    columns.frame.append(1)
    columns.value.append(7.0)
    columns.flag.append(ord("N"))
    station = build_station(LoggerSpec(MN), Piece({"2051": found}))
    assert station.repeats == ()
    assert station.series["a21026"]["2051"].values.tolist() == [1, 2, 3]


def test_converted_values_and_sample_times_stand_beside_their_value() -> None:
    found = command([(1200, 1205, 3.0), (0, 5, 1.0), (600, 605, 2.0)])
    columns = found.columns["a21026"]
    columns.converted_at, columns.converted = (
        array("I", [0, 2]),
        array("d", [30.0, 20.0]),
    )
    columns.sampled_at, columns.sampled = array("I", [1]), array("q", [T0 - 60])
    one = build_station(LoggerSpec(MN), Piece({"2051": found})).series["a21026"]["2051"]
    assert one.converted is not None
    assert one.sampled is not None
    assert np.isnan(one.converted[0])
    assert one.converted[1:].tolist() == [20.0, 30.0]
    assert one.sampled.tolist() == [T0 - 60, 0, 0]


@pytest.mark.parametrize(("cn", "shift"), [("2051", 600), ("2061", 600), ("2011", 0)])
def test_times_that_label_the_end_are_moved_to_the_begin(cn: str, shift: int) -> None:
    found = built(live(1, 2, 3), cn, label_end=True)
    assert (found.series["a21026"][cn].times - T0).tolist() == [
        -shift, 600 - shift, 1200 - shift,
    ]  # fmt: skip
    assert built(live(1, 2, 3), cn).series["a21026"][cn].times[0] == T0


def test_the_interval_is_usual_or_that_of_the_head_line() -> None:
    assert usual_interval(np.array([0, 600, 600, 1200, 5000]), 60) == 600
    assert usual_interval(np.array([7, 7]), 60) == 60
    assert usual_interval(np.array([7, 8]), 60) == 1
    assert usual_interval(np.array([], dtype=np.int64), 60) == 60
    assert built([(0, 5, 1.0)], interval=300).series["a21026"]["2051"].interval == 300


@pytest.mark.parametrize(("early", "gone"), [(1795, False), (1796, True)])
def test_a_frame_half_an_hour_ahead_of_the_usual_is_left_out(
    early: int, gone: bool
) -> None:
    rows = live(*range(20))
    rows[10] = (rows[10][0] + early, rows[10][0], 77.0)
    times = np.array([T0 + r[0] for r in rows])
    sent = np.array([T0 + r[1] for r in rows])
    assert ahead(times, sent).tolist() == [gone and i == 10 for i in range(20)]
    station = built(rows)
    assert (77.0 in station.series["a21026"]["2051"].values) is not gone
    assert (T0 + 6000 + early in station.frames["2051"].arrived) is not gone
    assert T0 + 6000 + early in station.frames["2051"].data


def test_without_times_of_sending_nothing_is_ahead() -> None:
    assert ahead(np.array([1, 2]), np.array([-1, -1])).tolist() == [False, False]
    found = built([(i * 600, -1, 1.0) for i in range(5)])
    assert found.frames["2051"].sent.tolist() == [-1] * 5


def test_a_frame_of_another_year_is_left_out() -> None:
    for days, count in ((399, 21), (401, 20)):
        rows = [*live(*range(20)), (-days * DAY, -days * DAY + 5, 5.0)]
        one = command(rows)
        one.sent[20] = T0 - days * DAY + 5
        station = build_station(LoggerSpec(MN), Piece({"2051": one}))
        assert len(station.series["a21026"]["2051"].times) == count


@pytest.mark.parametrize(
    ("odd", "lag", "believed"),
    [(0, 5, True), (2, 5, True), (3, 5, False), (0, DAY, True), (0, DAY + 1, False)],
)
def test_sending_over_a_day_off_by_a_fifth_of_frames_or_by_all_is_not_believed(
    odd: int, lag: int, believed: bool
) -> None:
    rows = live(*range(10), lag=lag)
    rows[:odd] = [(t, s + DAY + 1, v) for t, s, v in rows[:odd]]
    station = built(rows)
    assert bool((station.frames["2051"].sent >= 0).all()) is believed
    assert bool((station.frames["2051"].sent == -1).all()) is not believed


def test_frames_that_came_twice_are_one_pair_of_times() -> None:
    station = built([*live(1, 2), (0, 5, 1.0)])
    frames = station.frames["2051"]
    assert (frames.data - T0).tolist() == [0, 600]
    assert (frames.sent - T0).tolist() == [5, 605]
    assert (frames.arrived - T0).tolist() == [0, 600]


def test_events_come_once_and_in_order() -> None:
    later, first = Event(T0 + 5, "i11001", "b"), Event(T0, "i11001", "a")
    station = build_station(LoggerSpec(MN), Piece({}, [later, first, later]))
    assert station.events == (first, later)


# Reading frames.


def raw(body: str, *, cn: str = "2051", sent: datetime = START, mn: str = MN) -> bytes:
    segment = (
        f"QN={sent:%Y%m%d%H%M%S}123;ST=31;CN={cn};PW=123456;MN={mn};Flag=5;CP=&&{body}&&"
    ).encode()
    return b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))


DATA = "DataTime=20260302001000;a21026-Avg=5.5,a21026-ZsAvg=6.5,a21026-Flag=C"


def test_a_frame_adds_its_values_flags_and_times() -> None:
    block = read_block(raw(DATA), {})
    piece = block.pieces[MN]
    one = piece.commands["2051"]
    assert (one.time.tolist(), one.sent.tolist()) == ([T0 + 600], [T0])
    columns = one.columns["a21026"]
    assert (columns.frame.tolist(), columns.value.tolist()) == ([0], [5.5])
    assert (columns.flag, columns.converted.tolist()) == (b"C", [6.5])
    assert columns.converted_at.tolist() == [0]
    assert (block.frames, block.refused) == (1, {})


def test_real_time_frames_have_their_own_names() -> None:
    body = DATA.replace("Avg", "Rtd")
    columns = read_block(raw(body, cn="2011"), {}).pieces[MN].commands["2011"].columns
    assert columns["a21026"].value.tolist() == [5.5]
    assert columns["a21026"].converted.tolist() == [6.5]
    wrong = read_block(raw(body), {}).pieces[MN].commands["2051"].columns
    assert np.isnan(wrong["a21026"].value[0])
    assert len(wrong["a21026"].converted) == 0


def test_no_flag_is_normal_and_a_sample_time_is_kept() -> None:
    body = "DataTime=20260302001000;w01018-SampleTime=20260302000500,w01018-Avg=30"
    columns = read_block(raw(body), {}).pieces[MN].commands["2051"].columns["w01018"]
    assert columns.flag == b"N"
    assert (columns.sampled_at.tolist(), columns.sampled.tolist()) == ([0], [T0 + 300])


@pytest.mark.parametrize(
    ("cn", "body", "kept"),
    [
        ("2051", DATA, True), ("2061", DATA, True), ("2011", DATA, True),
        ("2031", DATA, False), ("2051", "DataTime=20260302001000", False),
        ("2051", "a21026-Avg=5", False), ("9014", "", False),
    ],
)  # fmt: skip
def test_only_data_with_a_time_are_kept(cn: str, body: str, kept: bool) -> None:
    assert bool(read_block(raw(body, cn=cn), {}).pieces) is kept


def test_words_of_the_station_are_events_at_their_own_or_the_sending_time() -> None:
    told = "i11001-Info=//开门//"
    timed = read_block(raw(f"DataTime=20260302001000;{told}", cn="3020"), {})
    assert timed.pieces[MN].events == [Event(T0 + 600, "i11001", "//开门//")]
    plain = read_block(raw(told, cn="2021", sent=START + timedelta(minutes=1)), {})
    assert plain.pieces[MN].events == [Event(T0 + 60, "i11001", "//开门//")]
    assert read_block(raw("i11001-Info=", cn="3020"), {}).pieces[MN].events == []


def test_what_can_not_be_read_is_counted_by_reason() -> None:
    good = raw(DATA)
    wrong = good.replace(b"5.5", b"5.6")
    block = read_block(good + wrong + wrong + b"##zzzz\r\n", {})
    assert (block.frames, block.refused) == (1, {"crc_mismatch": 2, "bad_header": 1})


def test_pieces_read_apart_are_joined_as_if_read_together() -> None:
    second = DATA.replace("001000", "002000").replace("5.5", "7.5")
    bare = "DataTime=20260302003000;a21026-SampleTime=20260302002500,a21026-Avg=1"
    frames = [raw(DATA), raw(second), raw(bare), raw("i11001-Info=//门//", cn="3020")]
    whole = read_block(b"".join(frames), {})
    parts = Block()
    for one in (frames[0], frames[1] + frames[2], frames[3] + b"##zzzz\r\n"):
        parts.extend(read_block(one, {}))
    assert parts.frames == whole.frames == 4
    assert parts.refused == {"bad_header": 1}
    parts.extend(read_block(b"##zzzz\r\n", {}))
    assert parts.refused == {"bad_header": 2}
    one, two = (x.pieces[MN].commands["2051"].columns["a21026"] for x in (parts, whole))
    assert one.frame.tolist() == two.frame.tolist() == [0, 1, 2]
    assert one.converted_at.tolist() == two.converted_at.tolist() == [0, 1]
    assert one.sampled_at.tolist() == two.sampled_at.tolist() == [2]
    assert parts.pieces == whole.pieces


def test_a_frame_without_any_time_is_passed_over() -> None:
    segment = f"ST=31;CN=3020;PW=123456;MN={MN};CP=&&i11001-Info=//门//&&".encode()
    frame = decode_frame(b"##%04d%b%04X" % (len(segment), segment, crc16(segment)))
    pieces: dict[str, Piece] = {}
    add_frame(pieces, frame)  # type: ignore[arg-type]
    assert pieces == {}


def test_a_logger_of_which_nothing_is_known_sends_gas_each_minute() -> None:
    spec = LoggerSpec(MN)
    assert (spec.medium, spec.interval, spec.label_end, spec.plans) == (
        "gas", 60, False, (),
    )  # fmt: skip
