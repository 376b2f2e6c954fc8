"""The nightly look at the steps of all cases names what is not as sealed."""

import pytest

from bozhou_eco.common import clock
from bozhou_eco.overview.services.integrity import verify_and_warn
from enforcement.models import CaseStep
from enforcement.services.cases import move_case
from enforcement.services.steps import verify_all_steps
from tests.audit.test_chain import tamper


def found() -> list[tuple[str, str]]:
    return [(fault.place, fault.reason) for fault in verify_all_steps()]


@pytest.fixture
def last(clue, people, now) -> CaseStep:
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    step = CaseStep.objects.order_by("seq").last()
    assert step is not None
    return step


def test_it_works(last) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE enforcement_casestep SET note = 'x'", "was changed"),
        ("UPDATE enforcement_casestep SET digest = sha256('x')", "was changed"),
        ("DELETE FROM enforcement_casestep", "the step was deleted"),
        ("UPDATE audit_link SET chain = 'case:0'", "no link in its case's chain"),
    ],
)
def test_tampering_is_named(last, sql: str, reason: str) -> None:
    place = f"step:{last.pk}"
    where = "subject = %s" if "audit_link" in sql else "id = %s"
    tamper(f"{sql} WHERE {where}", place if "audit_link" in sql else last.pk)
    [(named, why)] = found()
    assert named == place
    assert reason in why


def test_the_nightly_run_looks_at_steps_and_warns(last, settings, tmp_path) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path / 'store'}"
    settings.ANCHOR_DIR = str(tmp_path / "anchors")
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")
    assert verify_and_warn(now=clock.now()).fault_count == 0
    tamper("UPDATE enforcement_casestep SET note = 'x' WHERE id = %s", last.pk)
    run = verify_and_warn(now=clock.now())
    assert [fault["place"] for fault in run.faults] == [f"step:{last.pk}"]
