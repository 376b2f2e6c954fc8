"""A child process in its own session, that ends with the process that started it."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class StartError(RuntimeError):
    """A server did not come up; the message carries the end of its log."""


def _leash(number: int) -> None:
    """Have the kernel send ``number`` to this process when its parent dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number)


class Child:
    """One process: started, watched, stopped by its own id, never by its name.

    Start it from the main thread: the kernel's leash is tied to the starting thread.
    """

    def __init__(
        self,
        *,
        name: str,
        argv: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: pwd.struct_passwd | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        keep_stdin: bool = False,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.env = dict(env) if env is not None else None
        self.cwd = cwd
        self.user = user
        self.stop_signal = stop_signal
        self.keep_stdin = keep_stdin
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 before the start."""
        return self.process.pid if self.process else 0

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603
                self.argv,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.PIPE if self.keep_stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(_leash, int(self.stop_signal)),  # noqa: PLW1509
                user=self.user.pw_uid if self.user else None,
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )

    def ask_to_stop(self) -> None:
        """Send the stop signal to the process."""
        if self.running:
            self._signal(self.stop_signal)

    def kill(self) -> None:
        """Kill the process and what it started, at once, and reap it."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, grace_s: float = 5.0, *, ask: bool = True) -> int | None:
        """Ask (unless asked before), wait, then kill; return the exit code."""
        if self.process is None:
            return None
        if ask:
            self.ask_to_stop()
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
        return self.process.returncode

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def log_tail(self, lines: int = 15) -> str:
        """Return the end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], *, timeout_s: float = 30.0) -> None:
        """Wait until ``ready()``; raise StartError if the process ends or time is up."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running:
                raise StartError(f"{self.name} ended at once:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StartError(
                    f"{self.name} not ready after {timeout_s:.0f} s:\n{self.log_tail()}"
                )
            time.sleep(0.03)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Return whether something accepts connections on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.3):
            return True
    except OSError:
        return False
