"""Wiring of the platform: settings, URLs, ASGI, Celery. No business rule lives here."""

from bozhou_eco.celery import app as celery_app

__all__ = ["celery_app"]
