"""Bytes changed at random, as a bad line, a bad program or a bad person changes them."""

import random
from collections.abc import Sequence


def mutate(
    generator: random.Random,
    raw: bytes,
    others: Sequence[bytes],
    splices: Sequence[bytes],
) -> bytes:
    """Return ``raw`` changed in one to five places."""
    data = bytearray(raw)
    for _ in range(generator.randint(1, 5)):
        at = generator.randrange(len(data) + 1)
        action = generator.randrange(6)
        if action == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << generator.randrange(8)
        elif action == 1:
            data[at:at] = generator.choice(splices)
        elif action == 2:
            del data[at : at + generator.randint(1, 12)]
        elif action == 3:
            data[at:at] = generator.randbytes(generator.randint(1, 8))
        elif action == 4:
            other = generator.choice(others)
            data[at:] = other[generator.randrange(len(other)) :]
        else:
            data[at:at] = data[at : at + generator.randint(1, 40)]
    return bytes(data)
