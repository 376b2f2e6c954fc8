"""The schema is taken back a step and forward again while loggers report."""

import time

import pytest

from tests.faults.test_intake import fleet_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("app", "before"), [("polluters", "0011"), ("enforcement", "0010")]
)
def test_nothing_is_lost_while_the_schema_changes(lab, app: str, before: str) -> None:
    lab.start_intake()
    fleet = fleet_of(lab, frames=6_000, rate=300)

    def change() -> None:
        lab.wait_progress(fleet, 300)
        lab.python("manage.py", "migrate", app, before, "--noinput", "-v0")
        time.sleep(0.5)
        lab.python("manage.py", "migrate", "--noinput", "-v0")

    lab.during(fleet, [change], live_s=8, give_up_s=180)
    verdict = lab.judge(fleet, 6_000)
    assert verdict.clean, verdict
    assert lab.intakes["ingest-1"].poll() is None
