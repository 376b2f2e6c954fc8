"""Exchange with other platforms: parcels of files, receipts, retry, daily 对账.

A *parcel* is a manifest and its files: who sends what to whom, of which kind and day,
each file with its SHA-256, size and rows. It travels as a folder on a shared disk or as
one ZIP by REST; either way the receiver checks every byte against the manifest before
it takes anything, and answers with a *receipt*. The number of a parcel is its identity:
sending it again, or receiving it again, is harmless. Nothing here touches a database;
an app keeps rows of its own for what it sent and received.

Sending::

    parcel = exchange.make_parcel(
        number="BZ-HOUR-20260301", kind="hour", sender="bozhou", receiver="national",
        day=date(2026, 3, 1), files={"hour.csv": body}, rows={"hour.csv": 24}, now=now,
    )
    folder.put(outbox, parcel)                              # by disk …
    receipt = rest.send(url, parcel, secret="…")            # … or by REST
    # NotSentError: .again says whether to retry; exchange.next_attempt(n, now) when

Receiving::

    for number in folder.waiting(inbox):
        try:
            parcel = folder.take(inbox, number)             # bytes checked
            taken, refused = app_service(parcel)            # one transaction of the app
            answer = exchange.receipt_of(parcel, now=now, taken=taken, refused=refused)
        except exchange.RefusedError as error:
            answer = exchange.refusal(number, now=now, problems=error.problems)
        folder.answer(inbox, answer)

    parcel = exchange.unpack(request.body)                  # the same for a REST view,
    rest.verify(body, header, secret="…")                   # its signature first

Daily 对账: ``exchange.reconcile(ours, theirs, tolerance=0.02)`` compares two mappings
by key and says what is missing on which side and what differs.
"""

from bozhou_eco.common.exchange.parcel import (
    FileEntry,
    Manifest,
    Parcel,
    Receipt,
    RefusedError,
    make_parcel,
    next_attempt,
    open_parcel,
    pack,
    read_manifest,
    receipt_of,
    refusal,
    unpack,
)
from bozhou_eco.common.exchange.reconcile import (
    Difference,
    Reconciliation,
    reconcile,
)

__all__ = [
    "Difference",
    "FileEntry",
    "Manifest",
    "Parcel",
    "Receipt",
    "Reconciliation",
    "RefusedError",
    "make_parcel",
    "next_attempt",
    "open_parcel",
    "pack",
    "read_manifest",
    "receipt_of",
    "reconcile",
    "refusal",
    "unpack",
]
