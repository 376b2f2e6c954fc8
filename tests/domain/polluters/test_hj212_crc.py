"""The CRC of appendix A against the register of the standard, byte by byte."""

import random

import pytest

from polluters.domain.hj212.crc import (
    TABLE,
    crc16,
    crc16_modbus,
    crc_text,
    crc_text_as,
    crc_variant,
)

LENGTHS = [*range(42), 63, 64, 65, 127, 128, 129, 511, 1024, 1271, 1272, 1273, 1279,
           1280, 1281, 1288, 1289, 2047, 2048, 2049, 3000, 9999]  # fmt: skip


def shifted(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


def standard(segment: bytes) -> int:
    """HJ 212-2017 A.1: the high half of the register is XORed with each byte."""
    register = 0xFFFF
    for byte in segment:
        register = shifted((register >> 8) ^ byte)
    return register


def modbus(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = shifted(register ^ byte)
    return register


@pytest.mark.parametrize("length", LENGTHS)
def test_the_register_of_the_standard_at_every_length(length: int) -> None:
    segment = random.Random(length).randbytes(length)
    assert crc16(segment) == standard(segment)
    assert crc_text(segment) == b"%04X" % standard(segment)
    assert crc16_modbus(segment) == modbus(segment)


def test_one_bit_anywhere_changes_it() -> None:
    segment = bytes(range(64, 104))
    right = crc16(segment)
    for place in range(len(segment)):
        broken = bytearray(segment)
        broken[place] ^= 1
        assert crc16(bytes(broken)) != right


def test_the_example_of_the_standard() -> None:
    segment = (
        b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;"
        b"Flag=5;CP=&&RtdInterval=30&&"
    )
    assert crc16(segment) == 0x1C80
    assert (TABLE[0], TABLE[1], TABLE[255], len(TABLE)) == (0, 0xC0C1, 0x4040, 256)


def test_wrong_kinds_are_named_and_written() -> None:
    segment = b"123456789"
    assert crc_text_as(segment, "modbus_high_first") == b"4B37"
    assert crc_text_as(segment, "modbus_low_first") == b"374B"
    assert crc_text_as(segment, "standard") == crc_text(segment)
    assert crc_variant(segment, b"4b37") == "modbus_high_first"
    assert crc_variant(segment, b"374b") == "modbus_low_first"
    assert crc_variant(segment, b"4B38") is None
