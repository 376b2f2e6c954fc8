"""Vendors' capture devices: one module a vendor, found by its name.

An adapter turns a request into a VendorEvent and saves nothing. To add a vendor, write a
module with ``read(parts) -> VendorEvent`` and name it in ADAPTERS.
"""

from collections.abc import Callable

from vehicles.ingest.vendors import isapi, plain
from vehicles.ingest.vendors.event import Parts, VendorEvent

ADAPTERS: dict[str, Callable[[Parts], VendorEvent]] = {
    "plain": plain.read,
    "isapi": isapi.read,
}
