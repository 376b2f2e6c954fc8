"""Send a task by name once the transaction has committed.

Services sit below tasks, so they name a task instead of importing it. A broker that is
down must not fail a commit that already happened: every such task has a sweep that finds
the row again, so the error is logged and counted.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def send(task: str, *args: object) -> bool:
    """Send ``task`` now; return whether the broker took it."""
    try:
        current_app.send_task(task, args=list(args), retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("task %s not sent, its sweep will find it: %s", task, error)
        return False
    return True


def after_commit(task: str, *args: object) -> None:
    """Send ``task`` with plain, JSON-able ``args`` after the current commit."""
    transaction.on_commit(partial(send, task, *args))
