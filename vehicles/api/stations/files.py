"""Photos and video of a test, sent in pieces; complaints about a refusal."""

import re
import uuid
from typing import Any

from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from vehicles.api.stations.doors import problems
from vehicles.api.stations.register_rows import given, stamp
from vehicles.api.stations.sessions import SessionView
from vehicles.api.stations.shapes import TextField, serializer_for
from vehicles.domain.inspection.checks import FileEntry
from vehicles.models import Complaint, InspectionFile
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.tests_complaints import complain
from vehicles.services.tests_files import PIECE, register_file, take_piece

TAG = ["检验机构"]
FileInput = serializer_for(FileEntry)
RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


class FileOutput(serializers.Serializer[Any]):
    """A file as far as it was received."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    received = serializers.IntegerField(help_text="已收字节；从这里续传")
    piece = serializers.IntegerField(help_text="每段最多字节数")
    sha256 = serializers.CharField()
    complete = serializers.BooleanField()
    made_at = serializers.DateTimeField()


class ComplaintInput(serializers.Serializer[Any]):
    """A complaint in words."""

    text = TextField(max_length=500)


class ComplaintOutput(serializers.Serializer[Any]):
    """A complaint and the bureau's answer."""

    text = serializers.CharField()
    at = serializers.DateTimeField()
    granted = serializers.BooleanField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class FileList(serializers.Serializer[Any]):
    """All files of a session."""

    results = FileOutput(many=True)


class ComplaintList(serializers.Serializer[Any]):
    """All complaints of a session."""

    results = ComplaintOutput(many=True)


class RawParser(BaseParser):
    """Bytes as they are; the view reads them."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: Any = None, context: Any = None) -> Any:
        """Return nothing: the body is read from the request."""
        return MultiValueDict()


def file_row(row: InspectionFile) -> dict[str, Any]:
    """Return a file as the interface shows it."""
    names = ("kind", "name", "media_type", "size", "received", "sha256")
    return {
        "id": str(row.pk),
        **{name: getattr(row, name) for name in names},
        "piece": PIECE,
        "complete": row.sealed_id is not None,
        "made_at": stamp(row.made_at),
    }


class Files(SessionView):
    """Files of a session."""

    @operation(
        tags=TAG,
        operation_id="stations_files_list",
        responses={200: FileList, **problems()},
    )
    def get(self, request: Request, session: str) -> Response:
        """Return the files and how much of each was received."""
        rows = self.found(session).files.all()
        return Response({"results": [file_row(row) for row in rows]})

    @operation(
        tags=TAG,
        request=FileInput,
        responses={201: FileOutput, 200: FileOutput, **problems(409)},
    )
    def post(self, request: Request, session: str) -> Response:
        """Register a file by its size and SHA-256; then send it in pieces."""
        found = self.found(session)
        asked = FileInput(data=self.content())
        asked.is_valid(raise_exception=True)
        values = given(dict(asked.validated_data))
        for name in ("size", "kind", "name", "media_type", "sha256"):
            if name not in values:
                raise serializers.ValidationError({name: ["不可为空"]})
        row, made = register_file(inspection=found, content=values, now=clock.now())
        return Response(file_row(row), status=201 if made else 200)


class OneFile(SessionView):
    """One file."""

    def _file(self, session: str, file: str) -> InspectionFile:
        inspection = self.found(session)
        try:
            key = uuid.UUID(file)
        except ValueError:
            raise NotFound("该次检验没有此文件") from None
        row = InspectionFile.objects.filter(inspection=inspection, pk=key).first()
        if row is None:
            raise NotFound("该次检验没有此文件")
        return row

    @operation(tags=TAG, responses={200: FileOutput, **problems()})
    def get(self, request: Request, session: str, file: str) -> Response:
        """Return how much was received, to go on from there."""
        return Response(file_row(self._file(session, file)))


class Piece(OneFile):
    """The content of a file, piece by piece."""

    parser_classes = [RawParser]
    http_method_names = ["put", "options"]

    @operation(
        tags=TAG,
        operation_id="stations_files_content",
        parameters=[
            OpenApiParameter(
                "Content-Range",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="bytes 起-止/总数，例：bytes 0-8388607/20971520",
            )
        ],
        request={"application/octet-stream": bytes},
        responses={200: FileOutput, **problems(409, 422)},
    )
    def put(self, request: Request, session: str, file: str) -> Response:
        """Take a piece; after the last one the digest is checked and the file sealed."""
        row = self._file(session, file)
        start, length = _span(request, row)
        data = request._request.body
        if len(data) != length:
            raise StationRefusalError(
                f"收到 {len(data)} 字节，Content-Range 为 {length} 字节",
                status=400,
                code="bad_length",
                field="Content-Range",
            )
        changed = take_piece(row=row, start=start, data=data, now=clock.now())
        return Response(file_row(changed))


def _span(request: Request, row: InspectionFile) -> tuple[int, int]:
    match = RANGE.fullmatch(request.headers.get("Content-Range", ""))
    numbers = [int(part) for part in match.groups()] if match else [0, -1, 0]
    start, end, total = numbers
    if match is None or end < start or total != row.size or end >= total:
        raise StationRefusalError(
            f"应为 bytes 起-止/{row.size}",
            status=400,
            code="bad_range",
            field="Content-Range",
        )
    if end - start + 1 > PIECE:
        raise StationRefusalError(
            f"每段最多 {PIECE} 字节",
            status=400,
            code="too_large",
            field="Content-Range",
        )
    return start, end - start + 1


def complaint_row(row: Complaint) -> dict[str, Any]:
    """Return a complaint as the interface shows it."""
    return {
        "text": row.text,
        "at": stamp(row.at),
        "granted": row.granted,
        "answer": row.answer,
        "answered_at": stamp(row.answered_at),
    }


class Complaints(SessionView):
    """Complaints about the objections to a session."""

    @operation(
        tags=TAG,
        operation_id="stations_complaints_list",
        responses={200: ComplaintList, **problems()},
    )
    def get(self, request: Request, session: str) -> Response:
        """Return the complaints and their answers."""
        rows = self.found(session).complaints.all()
        return Response({"results": [complaint_row(row) for row in rows]})

    @operation(
        tags=TAG,
        request=ComplaintInput,
        responses={201: ComplaintOutput, 200: ComplaintOutput, **problems(409)},
    )
    def post(self, request: Request, session: str) -> Response:
        """Complain about a refusal; a person answers."""
        found = self.found(session)
        asked = ComplaintInput(data=self.content())
        asked.is_valid(raise_exception=True)
        row, made = complain(
            inspection=found, text=asked.validated_data["text"], now=clock.now()
        )
        return Response(complaint_row(row), status=201 if made else 200)
