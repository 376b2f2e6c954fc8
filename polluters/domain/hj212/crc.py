"""The CRC of HJ 212 (HJ/T 212-2005, HJ 212-2017 and HJ 212-2025, appendix A).

The standard's register starts at 0xFFFF; for each byte its *high* half is XORed
with the byte (the low half is thrown away) and eight reflected 0xA001 shifts follow.
So between bytes only 8 bits live, the step is linear over XOR, and on those 8 bits
it returns to the identity after eight applications. Bytes eight places apart
therefore meet the same linear map: a segment may first be XOR-folded to eight
bytes, and only those run through the table. The same fact limits the check: only
256 values exist, and swapped bytes at a distance of eight go unseen. It finds line
noise; it authenticates nothing.
"""

POLYNOMIAL = 0xA001


def _shift_eight(register: int) -> int:
    for _ in range(8):
        carry = register & 1
        register >>= 1
        if carry:
            register ^= POLYNOMIAL
    return register


TABLE = tuple(_shift_eight(value) for value in range(256))
_HIGH = bytes(value >> 8 for value in TABLE)
_MASKS = tuple((1 << (64 * words)) - 1 for words in range(160))


def _start_terms() -> tuple[int, ...]:
    """What the initial 0xFF adds after 0..7 (mod 8) bytes."""
    terms = [0xFF]
    for _ in range(7):
        terms.append(_HIGH[terms[-1]])
    return tuple(terms)


_START = _start_terms()
_FULL = {value >> 8: value for value in TABLE}
_TEXT = {value >> 8: b"%04X" % value for value in TABLE}


def _live_byte(segment: bytes) -> int:
    """Return the register's high byte after ``segment``."""
    words = (len(segment) + 7) >> 3
    folded = int.from_bytes(segment, "big")
    if words > 160:
        folded = _fold_long(segment)
        words = 1
    while words > 1:
        words = (words + 1) >> 1
        folded = (folded >> (words << 6)) ^ (folded & _MASKS[words])
    high = _HIGH
    live = 0
    for byte in folded.to_bytes(8, "big"):
        live = high[live ^ byte]
    return live ^ _START[len(segment) & 7]


def _fold_long(segment: bytes) -> int:
    """XOR-fold a segment of any length to eight bytes, aligned at its end."""
    folded = 0
    for end in range(len(segment), 0, -1024):
        folded ^= int.from_bytes(segment[max(0, end - 1024) : end], "big")
    for words in (64, 32, 16, 8, 4, 2, 1):
        folded = (folded >> (words << 6)) ^ (folded & _MASKS[words])
    return folded


def crc16(segment: bytes) -> int:
    """Return the CRC of a data segment (from ``QN`` to the closing ``&&``)."""
    if not segment:
        return 0xFFFF
    return _FULL[_live_byte(segment)]


def crc_text(segment: bytes) -> bytes:
    """Return the CRC as the four upper-case hex digits a frame carries."""
    if not segment:
        return b"FFFF"
    return _TEXT[_live_byte(segment)]


def crc16_modbus(segment: bytes) -> int:
    """Return CRC-16/MODBUS, which some devices send in place of the right one."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ TABLE[(register ^ byte) & 0xFF]
    return register


def crc_variant(segment: bytes, sent: bytes) -> str | None:
    """Name the known wrong CRC that ``sent`` (four hex digits) is, if it is one.

    Returns ``modbus_high_first``, ``modbus_low_first`` or None.
    """
    value = crc16_modbus(segment)
    text = b"%04X" % value
    if sent.upper() == text:
        return "modbus_high_first"
    if sent.upper() == text[2:] + text[:2]:
        return "modbus_low_first"
    return None


def crc_text_as(segment: bytes, variant: str) -> bytes:
    """Return the CRC as a device with this variant writes it.

    Anything but ``modbus_high_first`` and ``modbus_low_first`` gives the right one.
    """
    if variant not in ("modbus_high_first", "modbus_low_first"):
        return crc_text(segment)
    text = b"%04X" % crc16_modbus(segment)
    return text[2:] + text[:2] if variant == "modbus_low_first" else text
