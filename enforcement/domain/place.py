"""Where something was noted: degrees of WGS 84 and the accuracy the device states."""

from math import isfinite

from enforcement.domain.workflow import Refused


def read_number(raw: str) -> float | None:
    """Return what was typed for one part of a place; None for nothing.

    Raises `Refused` for what is no finite number.
    """
    if not raw.strip():
        return None
    try:
        value = float(raw)
    except ValueError as error:
        raise Refused("定位应为数字") from error
    if not isfinite(value):
        raise Refused("定位应为数字")
    return value


def check_place(
    latitude: float | None, longitude: float | None, accuracy_m: float | None = None
) -> None:
    """Raise `Refused` for half a place, one that is not on Earth, or a bad accuracy (m)."""
    if (latitude is None) != (longitude is None):
        raise Refused("经纬度须同时填写")
    if accuracy_m is not None and not 0 <= accuracy_m < float("inf"):
        raise Refused("定位精度应为不小于 0 的米数")
    if latitude is None or longitude is None:
        return
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Refused("经纬度超出范围")
