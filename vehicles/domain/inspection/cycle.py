"""The 195 s driving cycle of VMAS and the transient method (urban cycle ECE 15).

Break points are those of the European urban cycle that GB 18285 uses; read from memory,
hence ``SOURCE``. A bench that sends ``target_speed_kmh`` overrides this table.
"""

SOURCE = "memory：ECE 15 市区循环，195 s"

BREAKPOINTS: tuple[tuple[int, float], ...] = (
    *((0, 0), (11, 0), (15, 15), (23, 15), (25, 10), (28, 0), (49, 0), (54, 15)),
    *((56, 15), (61, 32), (85, 32), (93, 10), (96, 0), (117, 0), (122, 15)),
    *((124, 15), (133, 35), (135, 35), (143, 50), (155, 50), (163, 35), (176, 35)),
    *((178, 32), (185, 10), (188, 0), (195, 0)),
)
"""(second, km/h); linear in between."""


def target_speed(second: float) -> float:
    """Return the set speed in km/h at a second of the cycle; 0 outside it."""
    for (t0, v0), (t1, v1) in zip(BREAKPOINTS, BREAKPOINTS[1:], strict=False):
        if t0 <= second <= t1:
            return v0 + (v1 - v0) * (second - t0) / (t1 - t0)
    return 0.0


TARGETS: tuple[float, ...] = tuple(round(target_speed(t), 1) for t in range(195))
"""Set speeds of the 195 rows."""
