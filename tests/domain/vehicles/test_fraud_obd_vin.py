"""The VIN that the diagnosis reader read against the vehicle's."""

import pytest

from tests.domain.vehicles.tests_lab import car, inspected, told
from vehicles.domain.fraud.obd_vin import ObdVin, VinParams
from vehicles.domain.inspection.shapes import Obd, Registration

VIN = "LSVAA49J132047371"


def compared(read: str, entered: str = VIN, registered: str = ""):
    return told(
        ObdVin(VinParams()),
        inspected(
            obd=Obd(vin=read),
            vehicle=car(vin=entered),
            registration=Registration(vin=registered),
        ),
    )


@pytest.mark.parametrize(
    ("read", "entered", "named"),
    [
        (VIN, VIN, False),
        ("lsvaa49j-1320 47371", VIN, False),
        ("LSVAA49JI32O4737I", VIN, False),
        ("LSVAA49J132047372", VIN, True),
        ("ABCD1234567", "ABCD1234568", True),
        ("ABCD123456", "ABCD1234568", False),
        ("ABCD1234567", "ABCD123456", False),
        ("", VIN, False),
        (VIN, "", False),
        ("11111111111111123", VIN, False),
        ("11111111111111234", VIN, True),
    ],
    ids=[
        "the same",
        "the same in another spelling",
        "letters that are no letters of a VIN",
        "another",
        "eleven characters",
        "ten are read",
        "ten are entered",
        "none is read",
        "none is entered",
        "three different characters",
        "four different characters",
    ],
)
def test_whole_vins_must_be_equal(read, entered, named) -> None:
    assert bool(compared(read, entered)) is named


@pytest.mark.parametrize(
    ("read", "registered", "score", "places", "tail"),
    [
        ("LSVAA49J132047372", "", 0.6, 1, ""),
        ("LSVAA49J132047382", "", 0.95, 2, ""),
        ("LSVAA49J132047382", VIN, 0.95, 2, ""),
        (
            "LSVAA49J132047382",
            "lsvaa49j132047382",
            0.6,
            2,
            "，与登记 VIN 一致，疑为录入错误",
        ),
    ],
    ids=["one character", "two", "two, not the registered one", "the registered one"],
)
def test_a_typing_error_is_less_certain(read, registered, score, places, tail) -> None:
    (found,) = compared(read, registered=registered)
    assert (found.rule, found.score) == ("obd_vin_mismatch", score)
    assert found.numbers == {"read": read, "entered": VIN}
    assert found.why == (
        f"OBD 读出 VIN {read}，受检车辆 VIN {VIN}，{places} 位不同{tail}"
    )
