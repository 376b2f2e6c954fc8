"""``bin/bench NAME… [--quick]``: run benchmarks, print their figures, judge them."""

import argparse
import json
import subprocess
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

NAMES = (
    "decode", "ingest", "push", "history", "means", "anomaly", "vision", "stations",
    "fraud", "alerts", "cases", "pages", "faults", "soak", "overload",
    "gateway", "passing", "fuzz_hj212", "fuzz_parsers",
)  # fmt: skip


def emit(name: str, figure: Mapping[str, object]) -> bool:
    """Print one figure; return whether it holds."""
    print(json.dumps({"bench": name, **figure}, ensure_ascii=False), flush=True)
    return bool(figure.get("ok", True))


def missing(name: str, why: str) -> bool:
    """Print that a benchmark gave no figures."""
    print(json.dumps({"bench": name, "ok": False, "error": why}), flush=True)
    return False


def run_one(name: str, *, quick: bool) -> bool:
    """Run one benchmark; return whether all its figures hold."""
    if name not in NAMES:
        return missing(name, f"no such benchmark; known: {' '.join(NAMES)}")
    if find_spec(f"bench.{name}") is None:
        return missing(name, "this benchmark does not exist yet")
    try:
        figures = import_module(f"bench.{name}").run(quick=quick)
    except Exception as error:  # noqa: BLE001  (the next benchmark still has its turn)
        traceback.print_exc()
        return missing(name, f"{type(error).__name__}: {error}")
    if not figures:
        return missing(name, "it printed no figure")
    held = [emit(name, figure) for figure in figures]
    return all(held)


def run_apart(name: str, *, quick: bool) -> bool:
    """Run one benchmark in a process of its own: each loads settings of its own."""
    call = [sys.executable, "-P", "-m", "bench.runner", name]
    return subprocess.run([*call, *(["--quick"] if quick else [])]).returncode == 0


def main(arguments: list[str]) -> int:
    """Run the named benchmarks; 0 only if every figure holds."""
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="smaller runs, < 60 s")
    options = parser.parse_args(arguments)
    run = run_one if len(options.names) == 1 else run_apart
    good = [run(name, quick=options.quick) for name in options.names]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
