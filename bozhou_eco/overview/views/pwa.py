"""What makes the site an app on the phone: manifest, service worker, offline page."""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

SHELL_FILES = (
    "vendor/tabler.min.css",
    "css/tokens.css",
    "css/app.css",
    "css/visit.css",
    "css/roadcheck.css",
    "vendor/inter-latin-wght-normal.woff2",
    "vendor/htmx.min.js",
    "js/theme.js",
    "js/core.js",
    "js/live.js",
    "js/shell.js",
    "js/drafts.js",
    "js/visit.js",
    "js/roadcheck.js",
    "img/icons.svg",
    "img/mark.svg",
    "img/icon-192.png",
)


@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """Return the web app manifest with the addresses of this deployment's files."""
    icons = [
        {"src": static(f"img/icon-{size}.png"), "sizes": f"{size}x{size}"}
        for size in (192, 512)
    ]
    icons.append(
        {
            "src": static("img/icon-512-maskable.png"),
            "sizes": "512x512",
            "purpose": "maskable",
        }
    )
    return JsonResponse(
        {
            "id": "/",
            "name": "博州机动车与污染源智慧监管平台",
            "short_name": "博州监管",
            "lang": "zh-Hans",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f4f6f7",
            "theme_color": "#0b6578",
            "icons": [{"type": "image/png", **icon} for icon in icons],
            "shortcuts": [
                {"name": "预警中心", "url": "/alerts/"},
                {"name": "黑烟抓拍复核", "url": "/vehicles/review/"},
            ],
        },
        content_type="application/manifest+json",
    )


@cache
def shell_version() -> str:
    """Return a digest of the shell's files, so that a changed file is fetched anew."""
    digest = hashlib.sha256()
    for name in SHELL_FILES:
        path = finders.find(name)
        if isinstance(path, str):
            digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:12]


@require_GET
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker with the list of files it keeps."""
    files = [static(name) for name in SHELL_FILES if finders.find(name)]
    values = {
        "files": json.dumps(files),
        "version": shell_version(),
        "offline": reverse("overview:offline"),
        "icon": static("img/icon-192.png"),
    }
    return render(request, "overview/sw.js", values, content_type="text/javascript")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that stands in for any page while there is no network."""
    return render(request, "overview/offline.html")
