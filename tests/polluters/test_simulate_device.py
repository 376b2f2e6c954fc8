"""The simulated logger: schedule, resending, backlog, requests, honest arithmetic."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from polluters.domain.hj212 import (
    BEIJING,
    Frame,
    FrameError,
    acknowledge_data,
    decode_frame,
    encode_frame,
    iter_frames,
)
from polluters.simulation.device import Device
from polluters.simulation.noise import smooth
from polluters.simulation.plants import outlets_in_order
from polluters.simulation.player import SimulatedClock, make_devices
from polluters.simulation.process import OutletProcess
from polluters.simulation.scenario import Scenario, plan

START = datetime(2026, 3, 1, 8, 0, 0, tzinfo=BEIJING)


def device(
    number: int = 0, scenario: Scenario = Scenario.NORMAL, seed: int = 2
) -> Device:
    _, outlet = outlets_in_order()[number]
    return Device.of(OutletProcess(outlet, seed, START, plan(scenario, number)))


def read(raw: bytes, logger: Device) -> Frame:
    spec = logger.process.spec.logger
    keys = [bytes.fromhex(spec.key_current)] if spec.key_current else []
    crc = spec.crc if spec.crc != "standard" else None
    result = decode_frame(raw, keys=keys, accept_crc=crc)
    assert isinstance(result, Frame), result
    return result


def play(
    logger: Device, seconds: int, *, ack: bool = True, begin: int = 0
) -> list[Frame]:
    found = []
    for second in range(begin, begin + seconds):
        now, wall = START + timedelta(seconds=second), float(second)
        for raw in logger.tick(now, wall):
            frame = read(raw, logger)
            found.append(frame)
            if ack and frame.needs_ack:
                assert logger.receive(acknowledge_data(frame), now, wall) == []
    return found


def ask(logger: Device, cn: str, second: int = 5, **params: Any) -> list[Frame]:
    password = params.pop("pw", logger.settings.password)
    now = START + timedelta(seconds=second)
    raw = encode_frame(
        st=logger.st,
        cn=cn,
        mn=logger.mn,
        pw=password,
        qn=now - timedelta(milliseconds=300),
        needs_ack=True,
        params=params,
    )
    return [read(out, logger) for out in logger.receive(raw, now, float(second))]


@pytest.mark.parametrize("number", range(37))
def test_every_logger_sends_frames_its_platform_can_read(number: int) -> None:
    logger = device(number)
    frames = play(logger, 1300)
    spec = logger.process.spec
    kinds = {frame.cn for frame in frames}
    assert {"2011", "2051", "2021"} <= kinds
    assert all(frame.mn == spec.logger.mn for frame in frames)
    assert {frame.version for frame in frames} == {spec.logger.version}
    real = [frame for frame in frames if frame.cn == "2011"]
    assert abs(len(real) - 1300 / spec.logger.rtd_interval_s) <= 1
    codes = {point.code for point in spec.points}
    assert {item.code for item in real[0].items} == codes
    minutes = [frame for frame in frames if frame.cn == "2051"]
    label = timedelta(minutes=spec.logger.minute_interval)
    first = START + label * (spec.logger.time_label == "end")
    assert minutes[0].data_time == first
    bad = {"crc", "segment_long", "unknown_codes", "st_medium", "bad_time"}
    assert not bad & {note.code for frame in frames for note in frame.notes}
    assert len({frame.qn for frame in frames}) == len(frames)
    assert logger.pending == {}


def test_converted_values_follow_the_formula() -> None:
    logger = device(3)
    reference = logger.process.spec.reference_o2
    assert reference == 6
    for frame in play(logger, 900):
        if frame.cn != "2011":
            continue
        values = {item.code: item for item in frame.items}
        oxygen = values["a19001"].numbers["Rtd"]
        for code in ("a34013", "a21026", "a21002"):
            item = values[code]
            expected = item.numbers["Rtd"] * (21 - reference) / (21 - oxygen)
            assert item.numbers["ZsRtd"] == pytest.approx(expected, rel=0.003, abs=0.01)


def test_minute_means_lie_between_their_extremes_and_mass_follows_flow() -> None:
    (frame,) = [f for f in play(device(5), 70) if f.cn == "2051"][:1]
    values = {item.code: item.numbers for item in frame.items}
    for numbers in values.values():
        assert numbers["Min"] <= numbers["Avg"] <= numbers["Max"]
    flow = values["a00000"]
    assert flow["Cou"] == pytest.approx(flow["Avg"] / 60, rel=0.001)
    dust = values["a34013"]
    assert dust["Cou"] == pytest.approx(dust["Avg"] * flow["Cou"] * 1e-6, abs=0.001)


def test_the_same_moment_always_has_the_same_values() -> None:
    moment = START + timedelta(hours=5, seconds=17)
    first, second = device(8).process, device(8).process
    assert first.measure(moment) == second.measure(moment)
    other = OutletProcess(first.spec, 3, START)
    assert other.measure(moment) != first.measure(moment)
    assert smooth(5, 100.0, 60) == smooth(5, 100.0, 60)


def test_what_is_not_acknowledged_is_sent_again_and_then_kept() -> None:
    logger = device(13)
    logger.real_time_ack = True
    silent = play(logger, 31, ack=False)
    first = next(frame for frame in silent if frame.cn == "2081")
    again = [frame.qn for frame in silent if frame.cn == "2081"]
    assert again == [first.qn] * 4
    play(logger, 30, ack=False, begin=31)
    assert logger.counts.backlogged >= 1
    assert len(logger.backlog) >= 1
    later = play(logger, 200, begin=61)
    assert not logger.backlog
    resent = [f for f in later if f.cn == "2081"]
    assert [f.data_time for f in resent] == [first.data_time]
    assert resent[0].qn != first.qn


def test_an_outage_loses_nothing_and_the_2025_backlog_is_marked() -> None:
    number = 12
    logger = device(number, Scenario.OFFLINE)
    assert logger.version == 2025
    offline = plan(Scenario.OFFLINE, number)[0]
    frames = play(logger, int(offline.start + offline.length) + 600)
    minutes = [frame for frame in frames if frame.cn == "2051"]
    times = sorted(frame.data_time for frame in minutes if frame.data_time)
    step = timedelta(minutes=logger.settings.minute_interval)
    assert times == [START + step * n for n in range(len(times))]
    assert len(times) >= 2
    late = [f for f in frames if f.rf]
    assert late
    assert all(f.data_time is not None and f.sent_at is not None for f in late)
    assert min(f.sent_at - f.data_time for f in late if f.sent_at and f.data_time) > (
        timedelta(0)
    )


def test_an_exceeding_outlet_passes_its_limit_and_others_do_not() -> None:
    def top(number: int) -> float:
        logger = device(number, Scenario.EXCEED)
        point = next(
            p for p in logger.process.spec.points if p.code == logger.process.victim
        )
        limit = min(r.high for r in point.limits if r.high and r.kind != "ultra_low")
        values = [
            logger.process.measure(START + timedelta(seconds=300 + 30 * n))[point.code]
            for n in range(60)
        ]
        return min(v.converted or v.value for v in values) / limit

    assert top(3) > 1.05
    assert top(4) < 1.0


def test_maintenance_is_flagged() -> None:
    logger = device(3, Scenario.MAINTENANCE)
    start = plan(Scenario.MAINTENANCE, 3)[0].start
    moment = START + timedelta(seconds=start + 60)
    assert {s.flag for s in logger.process.measure(moment).values()} == {"M"}
    moment = START + timedelta(seconds=start + 2300)
    flags = {c: s.flag for c, s in logger.process.measure(moment).items()}
    assert flags["a21002"] == "C"


@pytest.mark.parametrize(
    ("cn", "params", "data"),
    [
        ("1011", {"PolId": "a21002"}, {"PolId", "SystemTime"}),
        ("1061", {}, {"RtdInterval"}),
        ("1063", {}, {"MinInterval"}),
        ("3015", {}, {"DataTime", "VaseNo"}),
        ("3017", {"PolId": "a21002"}, {"PolId", "CstartTime", "Ctime"}),
        ("3018", {"PolId": "a21002"}, {"PolId", "Stime"}),
        ("3019", {"PolId": "a21002"}, {"PolId"}),
        ("3020", {"PolId": "a21002", "InfoId": "i13004"}, {"DataTime", "PolId"}),
    ],
)
def test_requests_with_data(cn: str, params: dict[str, str], data: set[str]) -> None:
    answers = ask(device(3), cn, **params)
    assert [frame.cn for frame in answers] == ["9011", cn, "9012"]
    assert answers[0].params == {"QnRtn": "1"}
    assert set(answers[1].params) == data
    assert answers[2].params == {"ExeRtn": "1"}
    assert len({frame.qn for frame in answers}) == 1
    assert {frame.st for frame in (answers[0], answers[2])} == {"91"}


def test_requests_that_set_something() -> None:
    logger = device(3)
    set_clock = START + timedelta(minutes=3)
    for cn, params in [
        ("1000", {"OverTime": "5", "ReCount": "2"}),
        ("1012", {"PolId": "a21002", "SystemTime": set_clock}),
        ("1062", {"RtdInterval": "60"}),
        ("1064", {"MinInterval": "10"}),
        ("3012", {"PolId": "a21002"}),
        ("3016", {"PolId": "a21002", "CstartTime": "000000", "Ctime": "2"}),
        ("1072", {"NewPW": "654321"}),
    ]:
        answers = ask(logger, cn, **params)
        assert [frame.cn for frame in answers] == ["9011", "9012"]
        assert answers[1].params == {"ExeRtn": "1"}, cn
    settings = logger.settings
    assert (settings.timeout_s, settings.resends) == (5, 2)
    assert (settings.real_time_s, settings.minute_interval) == (60, 10)
    assert settings.password == "654321"
    assert logger.clock_offset == set_clock - START - timedelta(seconds=5)
    assert logger.actions[0][0] == "3012"


@pytest.mark.parametrize(
    ("cn", "params", "code"),
    [
        ("1062", {"RtdInterval": "5"}, {"ExeRtn": "3"}),
        ("1064", {"MinInterval": "7"}, {"ExeRtn": "3"}),
        ("1012", {"SystemTime": "yesterday"}, {"ExeRtn": "3"}),
        ("3012", {"PolId": "w99999"}, {"ExeRtn": "3"}),
        ("3020", {"InfoId": "i99999"}, {"ExeRtn": "100"}),
        ("2061", {"BeginTime": "20990101000000", "EndTime": "20990102000000"},
         {"ExeRtn": "100"}),
    ],
)  # fmt: skip
def test_requests_that_cannot_be_done(
    cn: str, params: dict[str, str], code: dict[str, str]
) -> None:
    answers = ask(device(3), cn, **params)
    assert [frame.cn for frame in answers] == ["9011", "9012"]
    assert answers[1].params == code


def test_wrong_password_and_unknown_command_are_refused() -> None:
    logger = device(3)
    (answer,) = ask(logger, "1061", pw="000000")
    assert (answer.cn, answer.params) == ("9011", {"QnRtn": "3"})
    (answer,) = ask(logger, "1999")
    assert (answer.cn, answer.params) == ("9011", {"QnRtn": "8"})


def test_history_comes_as_uploads_of_their_own() -> None:
    logger = device(3)
    answers = ask(
        logger,
        "2051",
        second=3600,
        BeginTime=START + timedelta(minutes=10),
        EndTime=START + timedelta(minutes=14),
    )
    assert [f.cn for f in answers] == ["9011", *["2051"] * 5, "9012"]
    data = answers[1:-1]
    assert [f.data_time for f in data] == [
        START + timedelta(minutes=10 + n) for n in range(5)
    ]
    assert len({f.qn for f in data} | {answers[0].qn}) == 6
    sent = [f for f in play(device(3), 700) if f.cn == "2051"]
    first = next(f for f in sent if f.data_time == data[0].data_time)
    assert [i.values for i in first.items] == [i.values for i in data[0].items]


def test_a_notice_stops_real_time_data() -> None:
    logger = device(3)
    assert [f.cn for f in ask(logger, "2012")] == ["9013"]
    assert not [f for f in play(logger, 300) if f.cn == "2011"]
    assert [f.cn for f in ask(logger, "2011")] == ["9011", "2011", "9012"]
    assert [f for f in play(logger, 300, begin=300) if f.cn == "2011"]


def test_wrong_crcs_are_of_the_kind_the_specification_names() -> None:
    for number, (_, outlet) in enumerate(outlets_in_order()):
        if outlet.logger.crc == "standard":
            continue
        logger = device(number)
        raw = logger.tick(START + timedelta(seconds=1), 0.0)[0]
        (piece,) = iter_frames(raw)
        assert isinstance(piece, bytes)
        refused = decode_frame(piece)
        assert isinstance(refused, FrameError)
        assert refused.crc_variant == outlet.logger.crc


def test_simulated_clock_catches_up_and_stays() -> None:
    real = [START]
    clock = SimulatedClock(START - timedelta(hours=1), 61, lambda: real[0])
    assert clock() == START - timedelta(hours=1)
    real[0] = START + timedelta(seconds=30)
    assert clock() == START - timedelta(minutes=29, seconds=30)
    real[0] = START + timedelta(seconds=61)
    assert clock() == real[0]


def test_more_loggers_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="37"):
        make_devices(38, scenario=Scenario.MIXED, seed=1, start=START)
