"""WebSocket addresses of casework."""

from django.urls import path

from enforcement.consumers import CaseConsumer

websocket_urlpatterns = [
    path("ws/cases/<int:pk>/", CaseConsumer.as_asgi()),  # type: ignore[arg-type]
]
