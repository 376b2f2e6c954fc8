"""``bin/mutate``: change one thing in a rule at a time and see whether a test notices.

From every place in ``*/domain/`` where a comparison, an operator, a condition or a number
can be changed, a sample is drawn with a fixed seed. For each, the test files that reach
the line are run without a database or Django in a forked process that sees the changed
module instead of the real one; nothing on the disk is touched. Printed are the mutants
nobody noticed, and the share noticed with its 95 % interval (Wilson). A mutant that no
such test reaches counts as unnoticed, and so does one that changes nothing.
"""

import argparse
import ast
import copy
import hashlib
import importlib.abc
import importlib.machinery
import io
import json
import math
import os
import pickle
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import hypothesis
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("alerts", "enforcement", "polluters", "vehicles")
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip
# Arguments that say how Python keeps or prints a thing, not what a rule decides.
FORM = frozenset({"frozen", "slots", "kw_only", "strict", "order", "maxsize", "repr"})
MOST_FILES = 6
KEPT = ROOT / "var" / "mutate.json"
PYTEST = (
    "-x", "-q", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest",
    "--import-mode=importlib", "-p", "no:django", "-p", "no:randomly",
    "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:schemathesis",
    "-p", "no:cov", "-p", "no:socket",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: in which file, at which node, which of its alternatives."""

    path: str
    node: int
    choice: int
    line: int
    what: str


@dataclass
class Reach:
    """What a test file reaches, and how long it takes."""

    seconds: float
    lines: dict[str, frozenset[int]]
    ok: bool = True


@dataclass
class Tally:
    """How the mutants fared."""

    killed: int = 0
    survived: list[tuple[Mutant, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many were tried."""
        return self.killed + len(self.survived)


def changes(node: ast.AST) -> list[tuple[str, Callable[[Any], None]]]:
    """Return the ways to change a node: what it says, and how to do it."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        other = COMPARISONS[type(node.ops[0])]
        told = f"{type(node.ops[0]).__name__} -> {other.__name__}"
        return [(told, lambda n: n.ops.__setitem__(0, other()))]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        new = OPERATORS[type(node.op)]
        told = f"{type(node.op).__name__} -> {new.__name__}"
        return [(told, lambda n: setattr(n, "op", new()))]
    if isinstance(node, ast.BoolOp):
        swap = ast.Or if isinstance(node.op, ast.And) else ast.And
        return [(f"-> {swap.__name__}", lambda n: setattr(n, "op", swap()))]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return [
            (
                "condition turned round",
                lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test)),
            )
        ]
    if isinstance(node, ast.Constant):
        return _constant(node)
    return []


def _constant(node: ast.Constant) -> list[tuple[str, Callable[[Any], None]]]:
    value = node.value
    if isinstance(value, bool):
        return [(f"-> {not value}", lambda n: setattr(n, "value", not value))]
    if isinstance(value, int | float):
        more = value + 1
        return [(f"{value} -> {more}", lambda n: setattr(n, "value", more))]
    return []


def places(tree: ast.Module) -> Iterator[tuple[int, ast.AST]]:
    """Yield every node that may be changed with its number in the walk."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts = [node.returns]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.keyword) and node.arg in FORM:
            parts = [node.value]
        elif isinstance(node, ast.Raise | ast.Assert):
            parts = [node]
        for part in parts:
            if part is not None:
                left_out.update(id(one) for one in ast.walk(part))
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in left_out:
            yield number, node


def mutants(path: Path) -> list[Mutant]:
    """Return every mutant of a file."""
    name = str(path.relative_to(ROOT))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        Mutant(name, number, choice, getattr(node, "lineno", 0), told)
        for number, node in places(tree)
        for choice, (told, _) in enumerate(changes(node))
    ]


def mutated(mutant: Mutant) -> Any:
    """Return the compiled module with the change made."""
    path = ROOT / mutant.path
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for number, node in enumerate(ast.walk(tree)):
        if number == mutant.node:
            changes(node)[mutant.choice][1](node)
            break
    return compile(ast.fix_missing_locations(copy.copy(tree)), str(path), "exec")


class _Loader(importlib.abc.Loader):
    def __init__(self, code: Any) -> None:
        self.code = code

    def exec_module(self, module: Any) -> None:
        exec(self.code, module.__dict__)  # noqa: S102  (our own source, changed)


class Changed(importlib.abc.MetaPathFinder):
    """Gives the changed module where the real one is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        parts = Path(mutant.path).with_suffix("").parts
        self.package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.package else parts)
        self.path = str(ROOT / mutant.path)
        self.code = mutated(mutant)

    def find_spec(self, name: str, _path: Any, _target: Any = None) -> Any:
        """Return the spec of the changed module."""
        if name != self.name:
            return None
        spec = importlib.machinery.ModuleSpec(
            name, _Loader(self.code), origin=self.path, is_package=self.package
        )
        spec.has_location = True
        if self.package:
            spec.submodule_search_locations = [str(Path(self.path).parent)]
        return spec


def in_child(work: Callable[[], Any], seconds: float) -> Any:
    """Return what ``work`` returns in a forked process; None if it ran out of time."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            answer = pickle.dumps(work())
        with os.fdopen(write, "wb") as out:
            out.write(answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as source:
        answer = source.read()
    os.waitpid(pid, 0)
    return pickle.loads(answer) if answer else None  # noqa: S301  (our own child)


def run_tests(files: list[str]) -> int:
    """Run test files in this process; return pytest's code."""
    return int(pytest.main([*PYTEST, *files]))


def reach(test: str) -> Reach:
    """Run a test file once and see which lines of the rules it executes."""

    def work() -> Reach:
        watch = coverage.Coverage(
            data_file=None, source=[str(ROOT / app / "domain") for app in APPS]
        )
        began = time.process_time()
        watch.start()
        code = run_tests([test])
        watch.stop()
        data = watch.get_data()
        lines = {
            str(Path(name).relative_to(ROOT)): frozenset(data.lines(name) or ())
            for name in data.measured_files()
        }
        return Reach(time.process_time() - began, lines, code == 0)

    found = in_child(work, 240)
    return found if isinstance(found, Reach) else Reach(0, {}, ok=False)


def chosen(mutant: Mutant, known: dict[str, Reach]) -> list[str]:
    """Return the test files that reach a mutant's line, the most particular first."""
    hits = [
        (sum(map(len, one.lines.values())), one.seconds, name)
        for name, one in known.items()
        if mutant.line in one.lines.get(mutant.path, ())
    ]
    return [name for *_, name in sorted(hits)][:MOST_FILES]


def noticed(mutant: Mutant, files: list[str], seconds: float) -> bool:
    """Return whether a test fails, breaks or hangs with the change."""

    def work() -> int:
        sys.meta_path.insert(0, Changed(mutant))
        return run_tests(files)

    return bool(in_child(work, seconds) != 0)


def interval(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval of a share."""
    if not total:
        return 0.0, 1.0
    share = hits / total
    middle = share + z * z / (2 * total)
    wide = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return (middle - wide) / scale, (middle + wide) / scale


def cpu() -> float:
    """Return the processor time of this process and its children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


def survey() -> dict[str, Reach]:
    """Return what each test file that needs no Django reaches; kept for the next run."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    known, fresh = {}, {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if ".domain" not in text or "django" in text:
            continue
        name = str(path.relative_to(ROOT))
        old = kept.get(name)
        if old and old["seen"] == _seen([name, *old["lines"]]):
            lines = {one: frozenset(there) for one, there in old["lines"].items()}
            found = Reach(old["seconds"], lines)
        else:
            found = reach(str(path))
        if found.ok and found.lines:
            known[str(path)] = found
            fresh[name] = {
                "seen": _seen([name, *found.lines]),
                "seconds": found.seconds,
                "lines": {one: sorted(there) for one, there in found.lines.items()},
            }
        elif "tests/domain" in str(path):
            print(f"left out, it does not pass here: {name}")
    KEPT.parent.mkdir(exist_ok=True)
    half = KEPT.with_suffix(f".{os.getpid()}.part")
    half.write_text(json.dumps(fresh))
    half.replace(KEPT)
    return known


def _seen(names: list[str]) -> str:
    """Return the digest of some files as they are now."""
    digest = hashlib.sha256()
    for name in sorted(names):
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b"gone")
    return digest.hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Draw, try, print; 0 if the share noticed is what it must be."""
    parser = argparse.ArgumentParser(prog="bin/mutate", description=__doc__)
    parser.add_argument("--count", type=int, default=250, help="mutants to try")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", default="", help="path prefix, as polluters/domain/")
    parser.add_argument("--cpu", type=float, default=900, help="seconds to stop after")
    parser.add_argument("--must", type=float, default=0.85)
    options = parser.parse_args(arguments)
    np.random.default_rng(0)  # numpy is loaded once, before the first fork
    hypothesis.settings.register_profile("mutate", derandomize=True, database=None)
    hypothesis.settings.load_profile("mutate")
    everything = [
        mutant
        for app in APPS
        for path in sorted((ROOT / app / "domain").rglob("*.py"))
        if str(path.relative_to(ROOT)).startswith(options.only)
        for mutant in mutants(path)
    ]
    drawn = random.Random(options.seed).sample(
        everything, min(options.count, len(everything))
    )
    known = survey()
    tally = Tally()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for mutant in drawn:
            if cpu() > options.cpu:
                break
            _try(mutant, known, tally)
    except KeyboardInterrupt:
        print("stopped; the sample is drawn at random, so a part of it stands for all")
    _tell(tally, len(everything), len(known))
    return 0 if tally.total and tally.killed / tally.total >= options.must else 1


def _try(mutant: Mutant, known: dict[str, Reach], tally: Tally) -> None:
    files = chosen(mutant, known)
    seconds = 10 + 5 * sum(known[name].seconds for name in files)
    if files and noticed(mutant, files, seconds):
        tally.killed += 1
        return
    why = "unnoticed" if files else "no test reaches it"
    tally.survived.append((mutant, why))
    print(f"{mutant.path}:{mutant.line}: {mutant.what} ({why})", flush=True)


def _tell(tally: Tally, places_there: int, files: int) -> None:
    low, high = interval(tally.killed, tally.total)
    unreached = sum(why != "unnoticed" for _, why in tally.survived)
    print(
        json.dumps(
            {
                "places": places_there,
                "tried": tally.total,
                "noticed": tally.killed,
                "unreached": unreached,
                "share": round(tally.killed / max(tally.total, 1), 3),
                "interval_95": [round(low, 3), round(high, 3)],
                "test_files": files,
                "cpu_s": round(cpu()),
            }
        )
    )


if __name__ == "__main__":
    sys.exit(main())
