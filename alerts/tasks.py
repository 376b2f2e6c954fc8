"""Celery tasks of alerting: a service call each."""

from celery import shared_task

from alerts.services import canary, rounds, rules
from bozhou_eco.common import clock


@shared_task(name="alerts.tasks.deliver_due")
def deliver_due() -> None:
    """Route untold moves and send what is due."""
    rounds.deliver()


@shared_task(name="alerts.tasks.deliver_webhooks")
def deliver_webhooks() -> None:
    """Call webhooks."""
    rounds.call_webhooks(now=clock.now())


@shared_task(name="alerts.tasks.sweep")
def sweep() -> None:
    """Escalate, wake, release, follow up."""
    rounds.sweep(now=clock.now())


@shared_task(name="alerts.tasks.run_canary")
def run_canary() -> None:
    """Send the hourly canary through alerting itself."""
    canary.run_self_canary(now=clock.now())


@shared_task(name="alerts.tasks.run_rules")
def run_rules() -> None:
    """Run the active rules."""
    rules.run_active_rules(now=clock.now())
