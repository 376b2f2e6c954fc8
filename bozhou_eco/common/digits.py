"""Numbers that an address or a form spells."""

LONGEST = 15


def whole(text: str) -> int | None:
    """Return the number that a few ASCII digits spell, None for anything else.

    ``isdecimal`` alone lets through thousands of digits, which Python refuses to read.
    """
    right = len(text) <= LONGEST and text.isascii() and text.isdecimal()
    return int(text) if right else None
