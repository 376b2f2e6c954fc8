"""Final results of a test, one flat record for all methods.

A method fills its own fields (``RESULT_FIELDS``); the others stay None.
"""

from dataclasses import dataclass

from vehicles.domain.codes import Method
from vehicles.domain.inspection.fields import flag, number


@dataclass(frozen=True, slots=True)
class Results:
    """Results as the bench computed them."""

    lambda_value: float | None = number("过量空气系数 λ", "", 0, 10)
    high_idle_co_pct: float | None = number("高怠速 CO", "%", 0, 20)
    high_idle_hc_ppm: float | None = number("高怠速 HC", "10⁻⁶", 0, 30000)
    low_idle_co_pct: float | None = number("怠速 CO", "%", 0, 20)
    low_idle_hc_ppm: float | None = number("怠速 HC", "10⁻⁶", 0, 30000)
    asm5025_co_pct: float | None = number("ASM5025 CO", "%", 0, 20)
    asm5025_hc_ppm: float | None = number("ASM5025 HC", "10⁻⁶", 0, 30000)
    asm5025_no_ppm: float | None = number("ASM5025 NO", "10⁻⁶", 0, 10000)
    asm2540_co_pct: float | None = number("ASM2540 CO", "%", 0, 20)
    asm2540_hc_ppm: float | None = number("ASM2540 HC", "10⁻⁶", 0, 30000)
    asm2540_no_ppm: float | None = number("ASM2540 NO", "10⁻⁶", 0, 10000)
    co_g_km: float | None = number("CO", "g/km", 0, 500)
    hc_g_km: float | None = number("HC", "g/km", 0, 100)
    nox_g_km: float | None = number("NOx", "g/km", 0, 100)
    hc_nox_g_km: float | None = number("HC+NOx", "g/km", 0, 100)
    distance_km: float | None = number("行驶距离", "km", 0, 5)
    k100_m1: float | None = number("100% 点 k", "m⁻¹", 0, 30)
    k80_m1: float | None = number("80% 点 k", "m⁻¹", 0, 30)
    nox80_ppm: float | None = number("80% 点 NOx", "10⁻⁶", 0, 10000)
    max_wheel_power_kw: float | None = number("最大轮边功率", "kW", 0, 1000)
    max_power_speed_kmh: float | None = number("最大功率车速", "km/h", 0, 200)
    max_power_rpm: float | None = number("最大功率转速", "r/min", 0, 12000)
    k1_m1: float | None = number("第 1 次 k", "m⁻¹", 0, 30)
    k2_m1: float | None = number("第 2 次 k", "m⁻¹", 0, 30)
    k3_m1: float | None = number("第 3 次 k", "m⁻¹", 0, 30)
    k_mean_m1: float | None = number("k 平均值", "m⁻¹", 0, 30)
    ringelmann_level: float | None = number("林格曼级数", "级", 0, 5)
    visible_smoke: bool | None = flag("明显可见烟度")


RESULT_FIELDS: dict[Method, tuple[str, ...]] = {
    Method.DOUBLE_IDLE: (
        "lambda_value",
        "high_idle_co_pct",
        "high_idle_hc_ppm",
        "low_idle_co_pct",
        "low_idle_hc_ppm",
    ),
    Method.ASM: (
        "asm5025_co_pct",
        "asm5025_hc_ppm",
        "asm5025_no_ppm",
        "asm2540_co_pct",
        "asm2540_hc_ppm",
        "asm2540_no_ppm",
    ),
    Method.VMAS: ("co_g_km", "hc_g_km", "nox_g_km", "distance_km"),
    Method.TRANSIENT: ("co_g_km", "hc_nox_g_km", "distance_km"),
    Method.LUGDOWN: ("k100_m1", "k80_m1", "nox80_ppm", "max_wheel_power_kw"),
    Method.FREE_ACCELERATION: ("k1_m1", "k2_m1", "k3_m1", "k_mean_m1"),
    Method.RINGELMANN: ("ringelmann_level", "visible_smoke"),
}
"""Fields that a method's results consist of; the first of them must be present."""
