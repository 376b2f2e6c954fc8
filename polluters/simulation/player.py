"""Plays many loggers on one event loop, as fast as is asked for.

The simulated clock runs ``speed`` times as fast as the wall clock from ``start`` until
it has caught up with real time; from then on they are the same, so that no logger ever
sends data of the future.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from polluters.simulation.device import Counts, Device
from polluters.simulation.links import Link
from polluters.simulation.plants import outlets_in_order
from polluters.simulation.process import OutletProcess
from polluters.simulation.scenario import Scenario, plan

TICK_S = 0.2


class SimulatedClock:
    """A clock that runs fast until it meets the real one."""

    def __init__(
        self, start: datetime, speed: float, now: Callable[[], datetime]
    ) -> None:
        self._start = start
        self._speed = speed
        self._now = now
        self._began = now()

    def __call__(self) -> datetime:
        """Return the simulated moment."""
        real = self._now()
        return min(real, self._start + (real - self._began) * self._speed)


def make_devices(
    count: int, *, scenario: Scenario, seed: int, start: datetime
) -> list[Device]:
    """Return the first ``count`` loggers of the invented plants.

    Raises ValueError if there are not so many.
    """
    pairs = outlets_in_order()
    if not 1 <= count <= len(pairs):
        raise ValueError(f"between 1 and {len(pairs)} loggers")
    return [
        Device.of(
            OutletProcess(
                spec=outlet,
                seed=seed * 1009 + number * 37,
                start=start,
                episodes=plan(scenario, number),
            )
        )
        for number, (_, outlet) in enumerate(pairs[:count])
    ]


class Player:
    """Moves devices along and carries their bytes over a link."""

    def __init__(self, devices: list[Device], clock: Callable[[], datetime]) -> None:
        self.devices = {device.mn: device for device in devices}
        self.clock = clock
        self.link: Link | None = None
        self._online: dict[str, bool] = dict.fromkeys(self.devices, True)

    def received(self, mn: str, data: bytes) -> None:
        """Give a device what came for it, and send its answers."""
        device = self.devices.get(mn)
        if device is None:
            return
        wall = asyncio.get_running_loop().time()
        for raw in device.receive(data, self.clock(), wall):
            self._send(mn, raw)

    def _send(self, mn: str, raw: bytes) -> None:
        if self.link is not None:
            self.link.send(mn, raw)

    async def run(self, link: Link, stopping: asyncio.Event) -> None:
        """Play until ``stopping`` is set."""
        self.link = link
        await link.start(list(self.devices))
        while not stopping.is_set():
            await self._tick(stopping)
            try:
                await asyncio.wait_for(stopping.wait(), TICK_S)
            except TimeoutError:
                continue
        await link.stop()

    async def _tick(self, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        for mn, device in self.devices.items():
            now = self.clock()
            online = device.process.online(now)
            if self.link is not None and online != self._online[mn]:
                self._online[mn] = online
                self.link.set_online(mn, online)
            for raw in device.tick(now, loop.time()):
                self._send(mn, raw)
            # Let answers in between: a long history must not hold up 9014s.
            await asyncio.sleep(0)
            if stopping.is_set():
                return

    def counts(self) -> Counts:
        """Return the sums over all devices."""
        total = Counts()
        for device in self.devices.values():
            for name in Counts.__slots__:
                value = getattr(total, name) + getattr(device.counts, name)
                setattr(total, name, value)
        return total

    def backlog(self) -> int:
        """Return how many records wait in all devices."""
        return sum(len(device.backlog) for device in self.devices.values())


def default_start(now: datetime, speed: float, hours_back: float | None) -> datetime:
    """Return where the simulated clock begins: real time at speed 1, else a day back."""
    if hours_back is None:
        hours_back = 0.0 if speed <= 1 else 24.0
    return now - timedelta(hours=hours_back)
