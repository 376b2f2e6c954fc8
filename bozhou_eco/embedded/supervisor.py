"""Runs a set of processes: starts them, starts again what ends, stops all in time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bozhou_eco.embedded.children import Child

FIRST_PAUSE_S, LONGEST_PAUSE_S, HEALTHY_AFTER_S = 1.0, 30.0, 60.0


@dataclass
class Watched:
    """A process under supervision, with when it may start again after an end."""

    child: Child
    again: bool = True
    pause_s: float = FIRST_PAUSE_S
    started_at: float = 0.0
    start_at: float = 0.0
    ends: int = field(default=0)


class Supervisor:
    """Keeps processes running until told to stop; says what happens through ``tell``."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.watched: list[Watched] = []
        self.tell = tell

    def add(self, child: Child, *, again: bool = True) -> None:
        """Take a process into care and start it."""
        entry = Watched(child=child, again=again)
        self.watched.append(entry)
        self._start(entry)

    def _start(self, entry: Watched) -> None:
        entry.child.start()
        entry.started_at, entry.start_at = time.monotonic(), 0.0

    def step(self) -> None:
        """Look at every process once; call it a few times a second."""
        now = time.monotonic()
        for entry in self.watched:
            if entry.child.running:
                if now - entry.started_at > HEALTHY_AFTER_S:
                    entry.pause_s = FIRST_PAUSE_S
            elif entry.start_at:
                if now >= entry.start_at:
                    self._start(entry)
            else:
                self._ended(entry, now)

    def _ended(self, entry: Watched, now: float) -> None:
        process = entry.child.process
        code = process.returncode if process else None
        if not entry.again:
            if entry.ends == 0:
                self.tell(f"{entry.child.name} ended with code {code}.")
            entry.ends = 1
            return
        entry.ends += 1
        entry.start_at = now + entry.pause_s
        self.tell(
            f"{entry.child.name} ended with code {code}; it starts again in "
            f"{entry.pause_s:.0f} s. Its log ends:\n{entry.child.log_tail(5)}"
        )
        entry.pause_s = min(entry.pause_s * 2, LONGEST_PAUSE_S)

    def stop(self, grace_s: float = 1.6) -> None:
        """Ask all to stop at once, give them ``grace_s`` together, kill the rest."""
        children = [entry.child for entry in self.watched]
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline and any(c.running for c in children):
            time.sleep(0.02)
        for child in children:
            child.kill()
        self.watched.clear()
