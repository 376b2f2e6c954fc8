"""Limits of GB 18285-2018 and GB 3847-2018 as rows with variant, date and source.

The rows here only seed the table that an administrator edits. Variant ``a`` or ``b`` is
chosen per region. Rows whose source says *memory* must be checked against the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from vehicles.domain.codes import Method


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on one result field. ``least``/``most`` None means no bound.

    With ``of_rated`` the bound is a share of the rated power (wheel power).
    """

    method: str
    field: str
    variant: str
    least: float | None
    most: float | None
    unit: str
    standard: str
    valid_from: date
    source: str
    of_rated: bool = False


_FROM = date(2019, 5, 1)
_PETROL, _DIESEL = "GB 18285-2018", "GB 3847-2018"
_FOUND = "sinq123/OBD 配置文件所载限值；认定为限值 a 属 memory"
_MEMORY = "memory，须核对标准文本"


def _pair(
    method: Method, field: str, a: float, b: float, unit: str, a_source: str
) -> tuple[Limit, Limit]:
    standard = _DIESEL if method.name in ("LUGDOWN", "FREE_ACCELERATION") else _PETROL
    return (
        Limit(method, field, "a", None, a, unit, standard, _FROM, a_source),
        Limit(method, field, "b", None, b, unit, standard, _FROM, _MEMORY),
    )


_M = Method
SEED: tuple[Limit, ...] = (
    *_pair(_M.DOUBLE_IDLE, "low_idle_co_pct", 0.6, 0.4, "%", _FOUND),
    *_pair(_M.DOUBLE_IDLE, "low_idle_hc_ppm", 80, 40, "10⁻⁶", _FOUND),
    *_pair(_M.DOUBLE_IDLE, "high_idle_co_pct", 0.3, 0.3, "%", _FOUND),
    *_pair(_M.DOUBLE_IDLE, "high_idle_hc_ppm", 50, 30, "10⁻⁶", _FOUND),
    *_pair(_M.ASM, "asm5025_co_pct", 0.50, 0.35, "%", _FOUND),
    *_pair(_M.ASM, "asm5025_hc_ppm", 90, 47, "10⁻⁶", _FOUND),
    *_pair(_M.ASM, "asm5025_no_ppm", 700, 420, "10⁻⁶", _FOUND),
    *_pair(_M.ASM, "asm2540_co_pct", 0.40, 0.30, "%", _FOUND),
    *_pair(_M.ASM, "asm2540_hc_ppm", 80, 44, "10⁻⁶", _FOUND),
    *_pair(_M.ASM, "asm2540_no_ppm", 650, 390, "10⁻⁶", _FOUND),
    *_pair(_M.VMAS, "co_g_km", 8.0, 5.0, "g/km", _FOUND),
    *_pair(_M.VMAS, "hc_g_km", 1.6, 1.0, "g/km", _FOUND),
    *_pair(_M.VMAS, "nox_g_km", 1.3, 0.7, "g/km", _FOUND),
    *_pair(_M.TRANSIENT, "co_g_km", 3.5, 2.8, "g/km", _MEMORY),
    *_pair(_M.TRANSIENT, "hc_nox_g_km", 1.5, 1.2, "g/km", _MEMORY),
    *_pair(_M.FREE_ACCELERATION, "k_mean_m1", 1.2, 0.7, "m⁻¹", _MEMORY),
    *_pair(_M.LUGDOWN, "k100_m1", 1.2, 0.7, "m⁻¹", "检测站结果记录 KLimit=1.20"),
    *_pair(_M.LUGDOWN, "k80_m1", 1.2, 0.7, "m⁻¹", "检测站结果记录 KLimit=1.20"),
    *_pair(_M.LUGDOWN, "nox80_ppm", 1500, 900, "10⁻⁶", "检测站结果记录 NOxLimit=1500"),
    *(
        Limit(
            _M.DOUBLE_IDLE,
            "lambda_value",
            variant,
            0.95,
            1.05,
            "",
            _PETROL,
            _FROM,
            _FOUND,
        )
        for variant in "ab"
    ),
    *(
        Limit(
            _M.LUGDOWN,
            "max_wheel_power_kw",
            variant,
            0.4,
            None,
            "额定功率",
            _DIESEL,
            _FROM,
            "闽明环罚〔2024〕156号",
            of_rated=True,
        )
        for variant in "ab"
    ),
    *(
        Limit(
            _M.RINGELMANN,
            "ringelmann_level",
            variant,
            None,
            1,
            "级",
            _DIESEL,
            _FROM,
            _MEMORY,
        )
        for variant in "ab"
    ),
)


def applicable(
    limits: Iterable[Limit], *, method: str, variant: str, on: date
) -> Sequence[Limit]:
    """Return a method's limits in force on a day: per field the latest valid-from."""
    chosen: dict[str, Limit] = {}
    for limit in limits:
        if (limit.method, limit.variant) != (method, variant) or limit.valid_from > on:
            continue
        held = chosen.get(limit.field)
        if held is None or held.valid_from <= limit.valid_from:
            chosen[limit.field] = limit
    return list(chosen.values())
