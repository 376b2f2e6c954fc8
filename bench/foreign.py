"""Vehicle tests in other hands' style, as JSON: none of it is made by our simulation.

The rules must not depend on how our own simulator draws noise, which optional fields it
fills or how finely it rounds. Each style draws its curves by a formula of its own.
"""

from bench.foreign_author import STYLES, Author, Style
from bench.foreign_plants import PLANTS

__all__ = ["PLANTS", "STYLES", "Author", "Style", "written"]


def written(style: Style, *, seed: int, count: int, each: int) -> Author:
    """Return an author who has written ``count`` tests and planted frauds."""
    author = Author(style, seed)
    author.write(count, each, PLANTS.values())
    author.tests.sort(key=lambda test: test["ended_at"])
    return author
