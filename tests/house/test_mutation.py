"""``bin/mutate`` changes what a rule decides and nothing else, and counts honestly."""

import ast
from pathlib import Path

import pytest

from bench import mutation
from bench.mutation import Reach, chosen, interval, mutants


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(source: str) -> Path:
        path = tmp_path / "rule.py"
        path.write_text(source, encoding="utf-8")
        return path

    monkeypatch.setattr(mutation, "ROOT", tmp_path)
    return write


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def f(a, b):\n    return a < b\n", ["Lt -> LtE"]),
        ("def f(a, b):\n    return a in b\n", ["In -> NotIn"]),
        ("def f(a, b):\n    return a + b\n", ["Add -> Sub"]),
        ("def f(a, b):\n    return a and b\n", ["-> Or"]),
        ("LIMIT = 3\n", ["3 -> 4"]),
        ("ON = True\n", ["-> False"]),
        ("def f(a):\n    return 1 if a else 2\n", ["condition turned round", "1 -> 2", "2 -> 3"]),
        ("NAME = '名'\n", []),
        ("def f(a: int = 3) -> 'tuple[1]':\n    return a\n", ["3 -> 4"]),
        ("@d(frozen=True, slots=True)\nclass A:\n    x: int\n", []),
        ("def f():\n    raise ValueError(5 + 5)\n", []),
    ],
)  # fmt: skip
def test_what_can_be_changed(module, source: str, told: list[str]) -> None:
    assert [mutant.what for mutant in mutants(module(source))] == told


def test_one_change_is_made_and_no_other(module) -> None:
    path = module(
        "def f(a, b):\n    if a <= b and a != 2:\n        return a * 3\n    return 0\n"
    )
    good = {(a, b): run(path.read_text(), a, b) for a in range(4) for b in range(4)}
    found = mutants(path)
    assert len(found) == 8
    for mutant in found:
        space: dict = {}
        exec(mutation.mutated(mutant), space)  # noqa: S102  (the source above)
        other = {}
        for a, b in good:
            other[a, b] = space["f"](a, b)
        assert other != good, mutant.what


def run(source: str, a: int, b: int) -> int:
    space: dict = {}
    exec(compile(ast.parse(source), "rule", "exec"), space)  # noqa: S102
    return space["f"](a, b)


def test_tests_that_reach_the_line_are_chosen_the_most_particular_first() -> None:
    mutant = mutation.Mutant("a.py", 0, 0, 7, "x")
    known = {
        "wide": Reach(1.0, {"a.py": frozenset(range(50))}),
        "narrow": Reach(9.0, {"a.py": frozenset({7})}),
        "elsewhere": Reach(0.1, {"a.py": frozenset({8}), "b.py": frozenset({7})}),
    }
    assert chosen(mutant, known) == ["narrow", "wide"]


def test_the_interval_is_wilsons() -> None:
    low, high = interval(85, 100)
    assert (round(low, 3), round(high, 3)) == (0.767, 0.907)
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(10, 10)[1] == pytest.approx(1.0)


def test_a_child_tells_its_answer_or_runs_out_of_time() -> None:
    assert mutation.in_child(lambda: 41 + 1, 30) == 42

    def forever() -> None:
        while True:
            pass

    assert mutation.in_child(forever, 0.2) is None
