"""The invented plants: complete, consistent, with valid codes."""

import re

from polluters.domain.hj212 import OLD_CODES, POLLUTANTS
from polluters.simulation.plants import DISTRICTS, ENTERPRISES, outlets_in_order
from polluters.simulation.specs import make_uscc

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_thirty_enterprises_in_four_districts() -> None:
    assert len(ENTERPRISES) == 30
    assert {plant.district for plant in ENTERPRISES} == set(DISTRICTS)
    assert len({plant.name for plant in ENTERPRISES}) == 30
    assert len({plant.uscc for plant in ENTERPRISES}) == 30
    assert len({plant.source_code for plant in ENTERPRISES}) == 30
    loggers = [outlet.logger for _, outlet in outlets_in_order()]
    assert len(loggers) == 37
    assert len({logger.mn for logger in loggers}) == 37
    assert {logger.version for logger in loggers} == {2005, 2017, 2025}


def test_first_thirty_loggers_belong_to_thirty_enterprises() -> None:
    assert [plant for plant, _ in outlets_in_order()[:30]] == list(ENTERPRISES)


def test_check_digits_of_the_social_credit_code() -> None:
    # A published example of GB 32100-2015.
    assert make_uscc("350100", "M000100Y") == "91350100M000100Y43"
    for plant in ENTERPRISES:
        assert re.fullmatch(f"[{SIGNS}]{{18}}", plant.uscc)
        total = sum(
            SIGNS.index(sign) * pow(3, place, 31)
            for place, sign in enumerate(plant.uscc[:17])
        )
        assert (total + SIGNS.index(plant.uscc[17])) % 31 == 0
        assert plant.permit_number.startswith(plant.uscc)


def test_places_lie_in_the_prefecture() -> None:
    for plant in ENTERPRISES:
        for place in (plant, *plant.outlets):
            assert 80 < place.longitude < 83.5
            assert 44 < place.latitude < 45.5


def test_points_use_codes_of_the_table_and_have_room_for_their_values() -> None:
    for _, outlet in outlets_in_order():
        assert re.fullmatch(r"D[AW]\d{3}", outlet.code)
        assert outlet.medium == ("gas" if outlet.code[1] == "A" else "water")
        codes = [point.code for point in outlet.points]
        assert len(set(codes)) == len(codes)
        for point in outlet.points:
            assert POLLUTANTS[point.code].medium == (
                "air" if outlet.medium == "gas" else "water"
            )
            assert OLD_CODES.get(point.wire_code, point.wire_code) == point.code
            assert point.range_low <= point.typical < point.range_high
            assert point.converted <= (outlet.reference_o2 is not None)
            for limit in point.limits:
                assert limit.source
                assert limit.low is not None or limit.high is not None


def test_typical_values_keep_the_enforceable_limits() -> None:
    for _, outlet in outlets_in_order():
        for point in outlet.points:
            for limit in point.limits:
                if limit.kind in ("standard", "permit"):
                    assert limit.high is None or point.typical < limit.high
                    assert limit.low is None or point.typical > limit.low
