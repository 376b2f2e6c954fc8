"""Cross-source: a vehicle seen with black smoke soon after it passed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vehicles.domain.fraud.base import Brief, Finding, Params, brief, clock
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.domain.plates import normalise

CODE = "smoke_after_pass"


@dataclass(frozen=True, slots=True)
class SmokeParams(Params):
    """Days between the pass and a confirmed capture."""

    source: str = "厂商流程“抓拍车辆反查检验机构”；天数为平台设置"
    days: int = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """A confirmed capture: plate, time, Ringelmann level if known."""

    plate: str
    at: datetime
    ringelmann: float | None = None
    reference: str = ""


class SmokeAfterPass:
    """Passes by plate, met with captures."""

    def __init__(self, params: SmokeParams) -> None:
        self.params = params
        self.passes: dict[str, list[Brief]] = defaultdict(list)
        self.captures: list[Seen] = []

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember a passed test."""
        if test.verdict.overall == "pass" and test.vehicle.plate:
            self.passes[normalise(test.vehicle.plate)].append(brief(test))
        return ()

    def see_capture(self, capture: Seen) -> None:
        """Remember a confirmed capture."""
        self.captures.append(capture)

    def finish(self) -> Iterable[Finding]:
        """Yield the last pass before each capture, if it is recent."""
        for capture in self.captures:
            window = timedelta(days=self.params.days)
            recent = [
                item
                for item in self.passes[normalise(capture.plate)]
                if timedelta(0) <= capture.at - item.end <= window
            ]
            if not recent:
                continue
            item = max(recent, key=lambda found: found.end)
            days = (capture.at - item.end) / timedelta(days=1)
            level = (
                f"，林格曼 {capture.ringelmann:g} 级"
                if capture.ringelmann is not None
                else ""
            )
            yield Finding(
                item.report,
                CODE,
                round(0.9 - 0.4 * days / max(self.params.days, 1), 2),
                f"{clock(item.end)} 检验合格，{days:.1f} 天后（{clock(capture.at)}）"
                f"被抓拍冒黑烟{level}",
                numbers={"days": round(days, 1), "capture": capture.reference},
            )
