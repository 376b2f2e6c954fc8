"""Celery tasks of casework: an id in, a service call out."""

from celery import shared_task

from bozhou_eco.common import clock
from enforcement.models import Document
from enforcement.services.documents import ensure_pdf


@shared_task(name="enforcement.tasks.render_pdf", acks_late=True)
def render_pdf(document_id: int) -> None:
    """Make the PDF of an issued document."""
    document = Document.objects.get(pk=document_id)
    ensure_pdf(document=document, now=clock.now())
