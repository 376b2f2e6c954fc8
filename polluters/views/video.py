"""视频与门禁: channels, the player beside the curve, snapshots of exceedances."""

import re
from datetime import datetime

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.video import VideoError, probe
from bozhou_eco.evidence.services import read_file
from polluters.models import DeviceInfo, Outlet, Point, VideoChannel, VideoSnapshot
from polluters.selectors.pages.live import names_of
from polluters.services import video

RANGE = re.compile(r"bytes=(\d+)-(\d*)$")
PIECE = 1 << 20
STILL_S = 5
SHOWN = 12


@require_GET
@bureau_required
def channel_list(request: HttpRequest) -> HttpResponse:
    """List the channels in scope, the newest snapshots, and outlets without video."""
    user = current_user(request)
    channels = list(
        VideoChannel.objects.visible_to(user)
        .filter(active=True)
        .select_related("outlet__enterprise__district")
        .order_by("outlet__enterprise__short_name", "outlet__code", "place")
    )
    outlets = Outlet.objects.visible_to(user).filter(active=True)
    snapshots = (
        VideoSnapshot.objects.visible_to(user)
        .exclude(sealed=None)
        .select_related("channel__outlet__enterprise", "exceedance__point__pollutant")
    )
    context = {
        "channels": channels,
        "snapshots": snapshots[:SHOWN],
        "without": outlets.exclude(channels__active=True).count(),
        "all": outlets.count(),
    }
    return render(request, "polluters/video.html", context)


def _channel(request: HttpRequest, pk: int) -> VideoChannel:
    rows = VideoChannel.objects.visible_to(current_user(request))
    found: VideoChannel = get_object_or_404(
        rows.select_related("outlet__enterprise__district"), pk=pk, active=True
    )
    return found


@require_GET
@bureau_required
def channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the player with its time tied to the outlet's curve."""
    found = _channel(request, pk)
    points = Point.objects.filter(outlet=found.outlet, active=True).select_related(
        "pollutant"
    )
    limited = list(points.filter(limits__isnull=False).distinct())
    seconds, problem = 0.0, ""
    if found.protocol == VideoChannel.Protocol.FILE:
        try:
            seconds = probe(video.file_of(found)).seconds
        except VideoError as error:
            problem = str(error)
    doors = [
        (row.time, row.code, "，".join(f"{k} {v}" for k, v in row.values.items()))
        for row in DeviceInfo.objects.filter(
            logger__outlet=found.outlet, code__startswith="i"
        ).order_by("-time")[:SHOWN]
    ]
    context = {
        "channel": found,
        "outlet": found.outlet,
        "points": [
            (point, names_of(point)[1] or names_of(point)[0]) for point in limited
        ],
        "seconds": seconds,
        "problem": problem,
        "at": _at(request.GET.get("at", "")),
        "snapshots": found.snapshots.select_related("exceedance__point__pollutant")[
            :SHOWN
        ],
        "siblings": VideoChannel.objects.filter(outlet=found.outlet, active=True),
        "doors": doors,
    }
    return render(request, "polluters/video_channel.html", context)


def _at(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), clock.BEIJING)
    except (ValueError, OverflowError, OSError):
        return None


@require_GET
@bureau_required
def still(request: HttpRequest, pk: int) -> HttpResponse:
    """Send what the channel shows now, at most one look at the camera in five seconds."""
    found = _channel(request, pk)
    key = f"video-still:{found.pk}"
    content = cache.get(key)
    if content is None:
        try:
            content = video.jpeg(video.picture(found, now=clock.now()))
        except VideoError as error:
            return HttpResponse(
                str(error), status=503, content_type="text/plain; charset=utf-8"
            )
        cache.set(key, content, STILL_S)
    response = HttpResponse(content, content_type="image/jpeg")
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@bureau_required
def stream(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the file that stands in for a camera, in ranges, so that it can be sought."""
    found = _channel(request, pk)
    if found.protocol != VideoChannel.Protocol.FILE:
        raise Http404("stream")
    try:
        path = video.file_of(found)
    except VideoError as error:
        raise Http404(str(error)) from error
    size = path.stat().st_size
    match = RANGE.match(request.headers.get("Range", ""))
    start = int(match[1]) if match else 0
    if start >= size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    end = int(match[2]) if match and match[2] else start + PIECE - 1
    end = min(end, size - 1) if match else size - 1
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(end - start + 1)
    response = HttpResponse(
        content, content_type="video/mp4", status=206 if match else 200
    )
    if match:
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_GET
@bureau_required
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a sealed snapshot; looking at it is audited."""
    user = current_user(request)
    row = get_object_or_404(
        VideoSnapshot.objects.visible_to(user)
        .exclude(sealed=None)
        .select_related("sealed"),
        pk=pk,
    )
    audit.record(
        actor=user, act="video.snapshot", subject=f"snapshot:{pk}", kind="read"
    )
    response = HttpResponse(read_file(row.sealed), content_type="image/jpeg")  # type: ignore[arg-type]
    response["Cache-Control"] = "private, max-age=3600"
    return response
