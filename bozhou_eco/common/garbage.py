"""How often a long-running process looks for cycles of garbage."""

import gc

NEW_OBJECTS = 50_000
YOUNG_ROUNDS = 20
OLD_ROUNDS = 50


def look_seldom(new_objects: int = NEW_OBJECTS) -> None:
    """Leave what is loaded now out of every later search, and search less often.

    Django and its models are several hundred thousand objects that never go away;
    looking through them again and again costs tens of milliseconds in the middle of a
    request or a batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(new_objects, YOUNG_ROUNDS, OLD_ROUNDS)
