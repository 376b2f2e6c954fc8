"""WebSocket routes of all apps; an app offers ``routing.websocket_urlpatterns``."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern

websocket_urlpatterns: list[URLPattern] = []
for app in ("alerts", "polluters", "vehicles", "enforcement"):
    if find_spec(f"{app}.routing"):
        websocket_urlpatterns += import_module(f"{app}.routing").websocket_urlpatterns
