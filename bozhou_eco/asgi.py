"""ASGI entry: HTTP by Django in kept threads, WebSockets by Channels.

Each thread keeps its database connection (see `bozhou_eco.common.threaded`).
"""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bozhou_eco.settings")
os.environ.setdefault("CONN_MAX_AGE", "60")
wsgi = get_wsgi_application()

from django.conf import settings  # noqa: E402  (after the variables above)

from bozhou_eco.accounts.sockets import SocketRules  # noqa: E402
from bozhou_eco.common.garbage import look_seldom  # noqa: E402
from bozhou_eco.common.threaded import ThreadedHttp  # noqa: E402
from bozhou_eco.routing import websocket_urlpatterns  # noqa: E402  (needs loaded apps)

application = ProtocolTypeRouter(
    {
        "http": ThreadedHttp(wsgi, threads=settings.WEB_THREADS),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(SocketRules(URLRouter(websocket_urlpatterns)))
        ),
    }
)
look_seldom()
