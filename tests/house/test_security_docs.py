"""What ``docs/security.md`` says is shown by a test is shown by a test that exists."""

import ast
import re
from pathlib import Path

import pytest

from tests.trees import tree_of

TESTS = Path(__file__).resolve().parents[1]
TEXT = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:[a-z_]+/)+test_\w+\.py)(?:::(\w+))?`")
ASVS = TEXT[TEXT.index("## OWASP ASVS") : TEXT.index("Deviation:")]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in ASVS.splitlines()
    if line.startswith("| V")
]


def functions(path: Path) -> set[str]:
    tree = tree_of(path)
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("name", sorted({"::".join(m) for m in NAMED.findall(TEXT)}))
def test_a_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    path = TESTS / file
    assert path.is_file(), f"docs/security.md names {file}, which is not there"
    if function:
        assert function in functions(path), f"{file} has no {function}"


@pytest.mark.parametrize("row", ROWS, ids=[row[0].split()[0] for row in ROWS])
def test_a_section_is_shown_or_explained(row: list[str]) -> None:
    _, holds, shown = row
    assert NAMED.search(shown) or holds.startswith("reason: "), row


def test_no_chapter_is_left_out() -> None:
    assert {row[0].split()[0].split(".")[0] for row in ROWS} == {
        f"V{number}" for number in range(1, 18)
    }
