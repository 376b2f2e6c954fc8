"""Captures over REST: list them, and take what vendors' devices send."""

import base64
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bozhou_eco.accounts.access import HasFactRole
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.common.problems import problem
from vehicles.ingest.vendor_captures import MOST_BYTES, TOO_LARGE, take_event
from vehicles.ingest.vendors import ADAPTERS
from vehicles.ingest.vendors.event import Attachment, Parts, VendorError
from vehicles.models import Camera, Capture
from vehicles.selectors import captures as reads
from vehicles.services.cameras import hash_key

MOST_ROWS = 200


class CaptureOutput(serializers.ModelSerializer[Capture]):
    """A capture in lists."""

    site = serializers.CharField(source="site.name")
    site_code = serializers.CharField(source="site.code")
    device = serializers.CharField(source="camera.code")
    state = serializers.ChoiceField(Capture.State.choices, source="shown_state")

    class Meta:
        model = Capture
        fields = (
            "id",
            "state",
            "origin",
            "site",
            "site_code",
            "device",
            "captured_at",
            "proposal",
            "level_value",
            "level_sigma",
            "level",
            "level_reason",
            "plate",
            "plate_color",
            "plate_score",
            "plate_problem",
            "plate_final",
            "level_final",
            "physics",
            "detector",
            "conditions",
            "notes",
            "clock_offset",
            "register_gaps",
            "notice_number",
        )


class CaptureListView(APIView):
    """Captures within the viewer's scope, newest first."""

    permission_classes = (HasFactRole,)

    @extend_schema(
        operation_id="captures_list",
        parameters=[
            OpenApiParameter("state", enum=list(Capture.State.values)),
            OpenApiParameter("since", description="抓拍日期起，YYYY-MM-DD"),
            OpenApiParameter("level", int, description="最低级"),
            OpenApiParameter("q", description="号牌或告知书编号"),
            OpenApiParameter("queue", bool, description="1：只列待本人复核的"),
            OpenApiParameter("limit", int, description="1–200，默认 50"),
        ],
        responses={200: CaptureOutput(many=True)},
    )
    def get(self, request: Request) -> Response:
        """Return up to ``limit`` captures."""
        assert isinstance(request.user, User)
        given = {key: str(value) for key, value in request.query_params.items()}
        limit = whole(given.get("limit", ""))
        count = 50 if limit is None else min(limit, MOST_ROWS)
        rows = reads.captures_for(request.user)
        if given.get("queue") in ("1", "true"):
            rows = reads.review_queue(request.user)
        found = list(reads.filtered(rows, given)[:count])
        audit.record(
            actor=request.user,
            act="capture.list",
            subject="captures",
            detail={"rows": len(found), "asked": sorted(given)},
            kind="read",
        )
        return Response({"results": CaptureOutput(found, many=True).data})


class VendorInput(serializers.Serializer[Any]):
    """The plain form of a device's event; other vendors' forms are in docs/api-captures.md."""

    event = serializers.CharField(help_text="JSON：id、captured_at、plate、level …")
    picture1 = serializers.FileField()
    clip = serializers.FileField(required=False)


class VendorCaptureView(APIView):
    """Intake for capture devices, which identify themselves by a key."""

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (MultiPartParser, FormParser)

    @extend_schema(
        operation_id="captures_vendor_create",
        request={"multipart/form-data": VendorInput},
        parameters=[
            OpenApiParameter(
                "X-Device-Key", location=OpenApiParameter.HEADER, required=True
            )
        ],
        responses={201: CaptureOutput, 200: CaptureOutput},
    )
    def post(self, request: Request) -> Response:
        """Store an event; sent again it changes nothing and answers 200."""
        camera = self._camera(request)
        if camera is None:
            return problem(401, "设备密钥无效或设备已停用", code="bad_device_key")
        adapter = ADAPTERS.get(camera.vendor or "plain")
        if adapter is None:
            return problem(409, f"没有厂商 {camera.vendor} 的适配", code="no_adapter")
        try:
            event = adapter(_parts(request))
            capture, created = take_event(camera=camera, event=event, now=clock.now())
        except VendorError as error:
            return problem(422, str(error), code="bad_event")
        return Response(CaptureOutput(capture).data, status=201 if created else 200)

    @staticmethod
    def _camera(request: Request) -> Camera | None:
        key = request.headers.get("X-Device-Key", "") or _password(request)
        if not key:
            return None
        return (
            Camera.objects.filter(
                key_hash=hash_key(key), active=True, source=Camera.Source.DEVICE
            )
            .select_related("site__district")
            .first()
        )


def _password(request: Request) -> str:
    """The password of HTTP Basic: many devices can send no header of their own."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        told = base64.b64decode(given.strip(), validate=True).decode()
    except ValueError:
        return ""
    return told.partition(":")[2]


def _parts(request: Request) -> Parts:
    data = request.data
    fields = (
        {key: str(value) for key, value in data.items() if isinstance(value, str)}
        if isinstance(data, QueryDict)
        else {}
    )
    sizes = [one.size or 0 for _, group in request.FILES.lists() for one in group]
    if sum(sizes) > MOST_BYTES:  # before any of it is read
        raise VendorError(TOO_LARGE)
    files = [
        Attachment(name, one.name or name, one.content_type or "", one.read())
        for name, group in request.FILES.lists()
        for one in group
    ]
    return Parts(fields, files)
