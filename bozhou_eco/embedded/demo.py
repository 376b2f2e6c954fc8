"""The whole platform on one machine with invented data (``bin/demo``)."""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from bozhou_eco.embedded.children import Child, StartError, free_port, listens
from bozhou_eco.embedded.prepare import (
    APPS,
    ROOT,
    Stamp,
    demo_environment,
    demo_state,
    digest,
    manage,
    migrate,
    publish,
)
from bozhou_eco.embedded.processes import command, has_command, platform
from bozhou_eco.embedded.stores import Stores
from bozhou_eco.embedded.supervisor import Supervisor

WEB_READY_S = 60.0
GATEWAY_PORT = 2120
STOP_S = 2.6


def say(text: str) -> None:
    """Show progress."""
    sys.stdout.write(f"==> {text}\n")
    sys.stdout.flush()


class Demo:
    """One run of the demo: stores, tables, data, processes."""

    def __init__(self, *, port: int, broker: str) -> None:
        self.port = port
        self.state = demo_state()
        self.stores = Stores(self.state, broker=broker)
        self.supervisor = Supervisor(say)
        self.stopping = threading.Event()
        self.variables: dict[str, str] = {}

    def install_signals(self) -> None:
        """Stop on Ctrl-C and on SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def start(self) -> None:
        """Bring everything up; returns when the web answers."""
        say("PostgreSQL, Valkey and the MQTT broker")
        self.stores.start()
        self.variables = demo_environment(self.stores)
        self.variables["CSRF_TRUSTED_ORIGINS"] = f"http://localhost:{self.port}"
        publish(self.stores, self.variables)
        if migrate(self.stores, self.variables, self.stopping.is_set):
            say("tables made")
        self._collect_static()
        self._seed()
        say("processes")
        gateway = GATEWAY_PORT if not listens(GATEWAY_PORT) else free_port()
        for name, call in platform(self.state, port=self.port, gateway_port=gateway):
            self.supervisor.add(self._child(name, call))
            if name == "web":  # first and alone: it is what somebody waits for
                self._wait_for_web()

    def _manage(self, *arguments: str) -> str:
        return manage(self.variables, *arguments, stopping=self.stopping.is_set)

    def _child(self, name: str, call: tuple[str, ...]) -> Child:
        log = self.state / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        return Child(
            name=name,
            argv=call,
            log=log,
            env=dict(os.environ) | self.variables,
            cwd=ROOT,
        )

    def _collect_static(self) -> None:
        files = [path for path in (ROOT / "static").rglob("*") if path.is_file()]
        files += [ROOT / "requirements.txt", ROOT / "bozhou_eco" / "settings.py"]
        stamp = Stamp(self.state, "static", digest(files))
        if stamp.current and Path(self.variables["STATIC_ROOT"]).is_dir():
            return
        say("static files")
        self._manage("collectstatic", "--noinput", "-v", "0")
        stamp.set()

    def _seed(self) -> None:
        if not has_command("seed_demo"):
            say("there is no seed_demo yet: the demo starts empty")
            return
        files = [path for app in APPS for path in ROOT.glob(f"{app}/**/demo.py")]
        files += (ROOT / "bozhou_eco" / "seed").rglob("*.py")
        stamp = Stamp(
            self.state, "seed", f"{digest(files)} {self.stores.postgres.born}"
        )
        if not stamp.current:
            say("invented firms, vehicles, people and a history of readings")
            told = self._manage("seed_demo")
            accounts = told[max(told.find("演示账户"), 0) :]
            (self.state / "accounts.txt").write_text(accounts)
            stamp.set()

    def _wait_for_web(self) -> None:
        web = self.supervisor.watched[0].child
        web.wait_until(
            lambda: listens(self.port) or self.stopping.is_set(), timeout_s=WEB_READY_S
        )

    def describe(self) -> None:
        """Print where to look and how to sign in."""
        accounts = self.state / "accounts.txt"
        text = accounts.read_text().strip() if accounts.exists() else ""
        sys.stdout.write(
            f"\n博州机动车与污染源智慧监管平台\n\n    http://localhost:{self.port}\n\n"
            f"{text}\n\n动态验证码: bin/manage totp USER\n"
            f"日志: {self.state / 'log'}\nCtrl-C 停止\n\n"
        )
        sys.stdout.flush()

    def watch(self) -> None:
        """Look after the processes until asked to stop."""
        while not self.stopping.wait(0.2):
            self.supervisor.step()

    def check(self) -> int:
        """Run ``manage.py check_demo`` beside the processes; return its exit code."""
        checker = Child(
            name="check_demo",
            argv=command("check_demo", "--url", f"http://localhost:{self.port}"),
            log=self.state / "log" / "check.log",
            env=dict(os.environ) | self.variables,
            cwd=ROOT,
        )
        checker.log.write_bytes(b"")
        checker.start()
        while checker.running and not self.stopping.wait(0.2):
            self.supervisor.step()
        code = checker.stop()
        sys.stdout.write(checker.log.read_text(errors="replace"))
        if code:
            for entry in self.supervisor.watched:
                say(f"end of {entry.child.log.name}:\n{entry.child.log_tail(8)}")
        return 1 if code is None or self.stopping.is_set() else code

    def stop(self) -> None:
        """Stop processes, then stores, within ``STOP_S`` altogether."""
        deadline = time.monotonic() + STOP_S
        self.supervisor.stop(STOP_S / 2)
        self.stores.stop(max(0.3, deadline - time.monotonic()))
        (self.state / "running.json").unlink(missing_ok=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bin/demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--broker",
        choices=("auto", "mosquitto", "iotcore"),
        default="auto",
        help="auto: Mosquitto where it is installed, else the broker from pip",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="send one over-limit frame and one smoke clip, wait for both, stop",
    )
    return parser.parse_args()


def run(options: argparse.Namespace) -> int:
    """Run the demo; return the exit code."""
    port = options.port
    if listens(port):
        if not options.check:
            raise StartError(f"Port {port} is taken; choose another with --port.")
        port = free_port()
    began = time.monotonic()
    demo = Demo(port=port, broker=options.broker)
    demo.install_signals()
    code = 0
    try:
        demo.start()
        say(f"up after {time.monotonic() - began:.1f} s")
        if options.check:
            code = demo.check()
        else:
            demo.describe()
            demo.watch()
    finally:
        say("stopping")
        began = time.monotonic()
        demo.stop()
        say(f"stopped after {time.monotonic() - began:.1f} s")
    if options.check and code == 0:
        sys.stdout.write("demo ok\n")
    return code


def main() -> None:
    """Entry of ``python -m bozhou_eco.embedded.demo``."""
    try:
        sys.exit(run(arguments()))
    except StartError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
