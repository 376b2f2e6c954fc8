"""How the C library keeps freed memory, set for a process that analyses clips.

Pictures are large and short-lived. Left to itself the allocator learns to keep blocks of
their size, and each thread keeps its own; a worker then holds a third more than it uses.
"""

import ctypes
from functools import cache

# Parameters of mallopt (malloc.h) and what they are set to.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
KEPT_BYTES, LARGE_BYTES, ARENAS = 64 << 20, 16 << 20, 2


@cache
def give_back_memory() -> bool:
    """Give large blocks back as soon as they are free; False where it cannot be set."""
    try:
        library = ctypes.CDLL(None)
        return all(
            library.mallopt(name, value)
            for name, value in (
                (ARENA_MAX, ARENAS),
                (MMAP_THRESHOLD, LARGE_BYTES),
                (TRIM_THRESHOLD, KEPT_BYTES),
            )
        )
    except (OSError, AttributeError):  # another C library
        return False
