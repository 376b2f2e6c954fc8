"""Properties of the suite itself that other tests rely on."""

import pytest
from django.core.cache import cache
from django.db import connection

from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.audit.services import record
from enforcement.models import DeadlineRule


@pytest.mark.django_db
def test_it_has_a_database_and_a_cache_of_its_own():
    assert connection.settings_dict["NAME"].startswith("test_bozhou")
    assert cache.make_key("x").startswith("test")


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_committing_tests_leave_what_migrations_inserted(turn):
    """Runs twice: the second turn would miss what the first one's flush removed."""
    assert DeadlineRule.objects.exists()
    assert not AuditEntry.objects.exists()
    record(actor=None, act=f"house.turn{turn}", subject="x")
    assert AuditEntry.objects.count() == 1
