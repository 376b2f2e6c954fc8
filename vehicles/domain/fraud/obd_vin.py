"""OBD VIN ≠ vehicle VIN: another vehicle was plugged in (替车检测)."""

from collections.abc import Iterable
from dataclasses import dataclass

from vehicles.domain.fraud.base import Finding, Params, SingleRule, name_of
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.domain.plates import distance

CODE = "obd_vin_mismatch"
LEAST = 11
"""Characters that a VIN must have to be compared; old vehicles have short ones."""


@dataclass(frozen=True, slots=True)
class VinParams(Params):
    """``typing_distance``: up to this many characters it may be a typing error."""

    source: str = "V4 联网要求“原始 VIN”；HJ 1237-2021 附录 C.2.2"
    typing_distance: float = 1.0
    typing_score: float = 0.6


def _plain(vin: str) -> str:
    text = "".join(char for char in vin.upper() if char.isalnum())
    return text.translate(str.maketrans("OQI", "001"))


class ObdVin(SingleRule):
    """Compare the VIN that the diagnosis reader read with the vehicle's."""

    params: VinParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when both VINs are whole and differ."""
        read, entered = _plain(test.obd.vin), _plain(test.vehicle.vin)
        if (
            min(len(read), len(entered)) < LEAST
            or len(set(read)) < 4
            or read == entered
        ):
            return
        apart = distance(read, entered)
        typing = apart <= self.params.typing_distance
        known = _plain(test.registration.vin)
        tail = "，与登记 VIN 一致，疑为录入错误" if known and known == read else ""
        yield Finding(
            name_of(test),
            CODE,
            self.params.typing_score if typing or tail else 0.95,
            f"OBD 读出 VIN {test.obd.vin}，受检车辆 VIN {test.vehicle.vin}，"
            f"{sum(a != b for a, b in zip(read, entered, strict=False))} 位不同{tail}",
            numbers={"read": test.obd.vin, "entered": test.vehicle.vin},
        )
