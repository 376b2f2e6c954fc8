"""Celery tasks of casework: an id in, a service call out."""

from celery import shared_task

from bozhou_eco.common import clock
from bozhou_eco.common.queue import send
from enforcement.models import Document
from enforcement.services.documents import ensure_pdf
from enforcement.services.exchange.inbox import receive_folders
from enforcement.services.exchange.outbox import send_due
from enforcement.services.sweeps import sweep_deadlines, waiting_pdfs


@shared_task(name="enforcement.tasks.render_pdf", acks_late=True)
def render_pdf(document_id: int) -> None:
    """Make the PDF of an issued document."""
    document = Document.objects.get(pk=document_id)
    ensure_pdf(document=document, now=clock.now())


@shared_task(name="enforcement.tasks.sweep", expires=300)
def sweep() -> dict[str, int]:
    """Warn of deadlines and send again what never became a PDF."""
    for pk in waiting_pdfs():
        send("enforcement.tasks.render_pdf", pk)
    return sweep_deadlines(now=clock.now())


@shared_task(name="enforcement.tasks.exchange", expires=240)
def exchange() -> dict[str, int]:
    """Send waiting parcels, fetch receipts, and take what other systems left."""
    now = clock.now()
    received = receive_folders(now=now)
    return {**send_due(now=now), **{f"in_{k}": n for k, n in received.items()}}
