"""Cameras: how they are doing, what they see, the legal register of their sites."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from vehicles.domain.smoke.verdict import Thresholds
from vehicles.models import Camera, Segment
from vehicles.selectors import captures as reads
from vehicles.services.vision_models import KNOBS, threshold_advice
from vehicles.views.media import send_bytes
from vehicles.views.reading import note_reading

RECENT_SEGMENTS = 20


@require_GET
@bureau_required
def camera_list(request: HttpRequest) -> HttpResponse:
    """Every camera in reach with its state."""
    cameras = list(reads.cameras_for(current_user(request)))
    today = clock.beijing(clock.now()).date()
    for one in cameras:
        one.gaps = one.site.register_gaps(today)  # type: ignore[attr-defined]
    return render(request, "vehicles/cameras.html", {"cameras": cameras})


def _camera(request: HttpRequest, pk: int) -> Camera:
    return get_object_or_404(reads.cameras_for(current_user(request)), pk=pk)


@require_GET
@bureau_required
def camera(request: HttpRequest, pk: int) -> HttpResponse:
    """Health, latest picture, recent segments and the legal register of a camera."""
    found = _camera(request, pk)
    today = clock.beijing(clock.now()).date()
    context = {
        "camera": found,
        "gaps": found.site.register_gaps(today),
        "segments": found.segments.order_by("-begins")[:RECENT_SEGMENTS],
        "captures": reads.captures_for(current_user(request)).filter(camera=found)[:10],
        "has_picture": _latest(found).is_file(),
        "advice": [
            {
                "name": KNOBS[knob],
                "knob": knob,
                "now": _threshold(found, knob),
                **vars(one),
            }
            for knob, one in threshold_advice(found, now=clock.now()).items()
        ],
        "may_set": current_user(request).has_role(Role.LEADER, Role.OFFICER),
    }
    return render(request, "vehicles/camera.html", context)


def _threshold(camera: Camera, knob: str) -> float:
    return float(camera.thresholds.get(knob, getattr(Thresholds(), knob)))


def _latest(camera: Camera) -> Path:
    return Path(settings.MEDIA_ROOT) / "cameras" / str(camera.pk) / "latest.jpg"


@require_GET
@bureau_required
def snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """The camera's latest picture."""
    path = _latest(_camera(request, pk))
    if not path.is_file():
        raise Http404("还没有画面")
    response = send_bytes(request, path.read_bytes(), "image/jpeg")
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@bureau_required
def segment_video(request: HttpRequest, pk: int) -> HttpResponse:
    """The video of a segment, while it is kept."""
    segment = get_object_or_404(
        Segment.objects.visible_to(current_user(request)), pk=pk
    )
    path = Path(settings.MEDIA_ROOT) / segment.path
    if not path.is_file():
        raise Http404("视频已到期删除")
    note_reading(request, "segment.read", f"segment:{segment.pk}")
    return send_bytes(request, path.read_bytes(), "video/mp4")
