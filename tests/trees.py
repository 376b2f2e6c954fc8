"""Source files as syntax trees."""

import ast
from pathlib import Path

TRIES = 5


def tree_of(path: Path) -> ast.Module:
    """Return the tree of a file.

    CPython 3.11 raises `SystemError` (recursion depth mismatch, gh-106905) when a collection
    of garbage or another thread comes between; then the file is read once more.
    """
    source = path.read_text(encoding="utf-8")
    for _ in range(TRIES):
        try:
            return ast.parse(source)
        except SystemError as error:
            again = error
    raise again
