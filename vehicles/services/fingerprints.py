"""Make the stored fingerprints of curves anew, after the way they are made has changed."""

import io
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from django.db import connection, transaction

from vehicles.domain.fraud.fingerprint import fingerprint, needed, shape
from vehicles.domain.inspection.process import unpack
from vehicles.models import Curve

BATCH = 1000
Given = tuple[int, str, bytes]


def lines_of(given: Iterable[Given]) -> str:
    """Return the COPY text of some curves' fingerprints: (key, method, packed)."""
    found: list[str] = []
    for pk, method, data in given:
        own = shape(unpack(data, needed(method)), method)
        if own is not None:
            found += [
                f"{method}\t{code}\t{pk}\t{row}\n"
                for code, row in fingerprint(own).stored
            ]
    return "".join(found)


def _batches() -> Iterable[list[Given]]:
    last = 0
    while True:
        rows = list(
            Curve.objects.filter(pk__gt=last, inspection__state="done")
            .order_by("pk")
            .values_list("pk", "inspection__method", "data")[:BATCH]
        )
        if not rows:
            return
        last = rows[-1][0]
        yield [(pk, method, bytes(data)) for pk, method, data in rows]


@transaction.atomic
def rebuild(*, workers: int = 1, say: Callable[[str], None] = lambda text: None) -> int:
    """Replace all fingerprints in one transaction; returns how many rows there are.

    Look-ups go on with the old ones until it commits.
    """
    done = 0
    with ExitStack() as stack:
        cursor = stack.enter_context(connection.cursor())
        cursor.execute("DELETE FROM vehicles_curvehash")
        made: Iterable[str] = map(lines_of, _batches())
        if workers > 1:
            pool = stack.enter_context(ProcessPoolExecutor(workers))
            made = pool.map(lines_of, _batches())
        for number, text in enumerate(made, 1):
            cursor.copy_expert(
                "COPY vehicles_curvehash (method, hash, curve_id, place) FROM STDIN",
                io.StringIO(text),
            )
            done += text.count("\n")
            if number % 10 == 0:
                say(f"{number * BATCH}")
    return done
