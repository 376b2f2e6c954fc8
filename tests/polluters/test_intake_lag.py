"""How long the oldest batch has waited for its commit, as Prometheus is told."""

from concurrent.futures import Future

from polluters.ingest.mqtt import Intake, Pending


def test_the_lag_grows_until_the_batch_is_committed() -> None:
    intake = Intake.__new__(Intake)
    intake.pending, intake._reading_since = None, 0.0
    assert intake._lag(100.0) == 0.0
    intake._reading_since = 90.0  # waiting for a database that is away
    assert intake._lag(100.0) == 10.0
    intake.pending = Pending([], 1, Future(), 70.0)  # an older one is being committed
    assert intake._lag(100.0) == 30.0
