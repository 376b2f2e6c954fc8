"""A platform of its own for tests that kill and restart its parts."""

import pytest

from bench.faultlab import Lab
from bench.services import bed

LOGGERS = 20


@pytest.fixture(scope="session")
def bed_of_faults():
    with bed() as running:
        lab = Lab(running, LOGGERS)
        lab.prepare()
        yield running


@pytest.fixture
def lab(bed_of_faults):
    """A lab with emptied tables; what a test started is stopped after it."""
    lab = Lab(bed_of_faults, LOGGERS)
    lab.empty()
    yield lab
    for server in ("mqtt", "valkey", "postgres"):
        store = getattr(bed_of_faults.stores, server)
        if not store.child.running:
            store.start()
    lab.stop_intakes()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests on one worker: they share a bed and both cores."""
    for item in items:
        if "tests/faults" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("faults"))
            item.add_marker(pytest.mark.services)
