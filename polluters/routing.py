"""WebSocket addresses of polluters."""

from django.urls import URLPattern, path

from polluters.consumers import AllOutletsConsumer, OutletConsumer, VideoConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/outlets/<int:outlet_id>/", OutletConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/video/<int:channel_id>/", VideoConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/live/", AllOutletsConsumer.as_asgi()),  # type: ignore[arg-type]
]
