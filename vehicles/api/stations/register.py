"""What a station keeps about itself: station, lines, instruments, staff, checks, locks."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from bozhou_eco.common import clock
from bozhou_eco.common.openapi import operation
from vehicles.api.stations.doors import IdempotentView, Problem, StationView, problems
from vehicles.api.stations.register_rows import (
    READ_BACK,
    check_row,
    given,
    instrument_row,
    line_row,
    lock_row,
    page_of,
    page_output,
    short,
    staff_row,
    stamp,
)
from vehicles.api.stations.rows import Taken, in_rows
from vehicles.api.stations.shapes import read, serializer_for
from vehicles.domain.inspection.checks import (
    CheckEntry,
    InstrumentEntry,
    LineEntry,
    StaffEntry,
    known_methods,
)
from vehicles.models import DailyCheck, Station
from vehicles.services import stations as writes

TAG = ["检验机构"]
MOST = 1000
NUMBER_LENGTH, SERIAL_LENGTH, LINE_LENGTH = 20, 40, 4
LineInput = serializer_for(LineEntry)
InstrumentInput = serializer_for(InstrumentEntry)
StaffInput = serializer_for(StaffEntry)
CheckInput = serializer_for(CheckEntry)


class LineOutput(serializers.Serializer[Any]):
    """A line as the platform holds it."""

    number = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    methods = serializers.ListField(child=serializers.CharField())
    asked_methods = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="待批准的变更"
    )
    active = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class InstrumentOutput(serializers.Serializer[Any]):
    """An instrument as the platform holds it."""

    serial = serializers.CharField()
    line = serializers.CharField()
    kind = serializers.CharField()
    maker = serializers.CharField(allow_blank=True)
    model = serializers.CharField(allow_blank=True)
    verified_until = serializers.DateField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    check_passed = serializers.BooleanField(allow_null=True)
    updated_at = serializers.DateTimeField()


class StaffOutput(serializers.Serializer[Any]):
    """A person as the platform holds them."""

    number = serializers.CharField()
    name = serializers.CharField()
    duty = serializers.CharField()
    valid_until = serializers.DateField(allow_null=True)
    active = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class LockOutput(serializers.Serializer[Any]):
    """A lock that holds, or held."""

    line = serializers.CharField(allow_null=True)
    serial = serializers.CharField(allow_null=True, help_text="仪器出厂编号")
    reason = serializers.CharField()
    rule = serializers.CharField(allow_blank=True, help_text="空：人工锁定")
    since = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    lift_reason = serializers.CharField(allow_blank=True)


class StationOutput(serializers.Serializer[Any]):
    """The calling station."""

    station = serializers.CharField()
    name = serializers.CharField()
    mode = serializers.CharField(help_text="shadow 影子、hint 提示、control 控制")
    binding = serializers.BooleanField(help_text="拒绝是否具有约束力")
    certificate_until = serializers.DateField(allow_null=True)
    preferred_method = serializers.CharField()
    locks = LockOutput(many=True)
    server_time = serializers.DateTimeField()


class CheckOutput(serializers.Serializer[Any]):
    """A check as the platform holds it."""

    serial = serializers.CharField()
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    passed = serializers.BooleanField()
    agrees = serializers.BooleanField(allow_null=True, help_text="读数与结论是否一致")
    received_at = serializers.DateTimeField()


class CheckRow(serializers.Serializer[Any]):
    """What became of one check."""

    index = serializers.IntegerField()
    status = serializers.IntegerField()
    serial = serializers.CharField(required=False)
    agrees = serializers.BooleanField(required=False, allow_null=True)
    problem = Problem(required=False)


class Own(StationView):
    """The calling station."""

    @operation(tags=TAG, responses={200: StationOutput, **problems()})
    def get(self, request: Request) -> Response:
        """Return the station's mode, locks and the server's clock."""
        station = Station.objects.get(pk=self.station.pk)
        locks = station.locks.filter(lifted_at__isnull=True)
        return Response(
            {
                "station": station.code,
                "name": station.name,
                "mode": station.mode,
                "binding": station.binding,
                "certificate_until": station.cma_until,
                "preferred_method": station.preferred_method,
                "locks": [
                    lock_row(lock)
                    for lock in locks.select_related("line", "instrument")
                ],
                "server_time": stamp(clock.now()),
            }
        )


class Lines(StationView):
    """Lines of the station."""

    @operation(
        tags=TAG,
        operation_id="stations_lines_list",
        parameters=READ_BACK,
        responses={200: page_output("LinePage", LineOutput), **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the lines in order of change."""
        rows, cursor = page_of(self.station.lines.all(), request, "updated_at")
        return Response({"results": [line_row(row) for row in rows], "cursor": cursor})


class OneLine(StationView):
    """One line."""

    @operation(tags=TAG, request=LineInput, responses={200: LineOutput, **problems()})
    def put(self, request: Request, number: str) -> Response:
        """Create or change a line; a change of methods waits for consent."""
        values = given(read(LineInput, self.content()))
        wrong = known_methods(values.get("methods", ()))
        if wrong:
            raise ValidationError({"methods": [f"未知的检测方法 {'、'.join(wrong)}"]})
        if not short("number", number, LINE_LENGTH).isdecimal() or not number.isascii():
            raise ValidationError({"number": ["检测线编号应为 1～4 位数字"]})
        line = writes.put_line(
            station=self.station, number=number, values=values, now=clock.now()
        )
        return Response(line_row(line))


class Instruments(StationView):
    """Instruments of the station."""

    @operation(
        tags=TAG,
        operation_id="stations_instruments_list",
        parameters=READ_BACK,
        responses={200: page_output("InstrumentPage", InstrumentOutput), **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the instruments in order of change."""
        found = self.station.instruments.select_related("line")
        rows, cursor = page_of(found, request, "updated_at")
        return Response(
            {"results": [instrument_row(row) for row in rows], "cursor": cursor}
        )


class OneInstrument(StationView):
    """One instrument."""

    @operation(
        tags=TAG,
        request=InstrumentInput,
        responses={200: InstrumentOutput, **problems(409)},
    )
    def put(self, request: Request, serial: str) -> Response:
        """Create or change an instrument."""
        values = given(read(InstrumentInput, self.content()))
        item = writes.put_instrument(
            station=self.station,
            serial=short("serial", serial, SERIAL_LENGTH),
            line=values.pop("line"),
            values=values,
            now=clock.now(),
        )
        return Response(instrument_row(item))


class Staff(StationView):
    """Staff of the station."""

    @operation(
        tags=TAG,
        operation_id="stations_staff_list",
        parameters=READ_BACK,
        responses={200: page_output("StaffPage", StaffOutput), **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the staff in order of change."""
        rows, cursor = page_of(self.station.staff.all(), request, "updated_at")
        return Response({"results": [staff_row(row) for row in rows], "cursor": cursor})


class OnePerson(StationView):
    """One person."""

    @operation(tags=TAG, request=StaffInput, responses={200: StaffOutput, **problems()})
    def put(self, request: Request, number: str) -> Response:
        """Create or change a person."""
        values = given(read(StaffInput, self.content()))
        person = writes.put_staff(
            station=self.station,
            number=short("number", number, NUMBER_LENGTH),
            values=values,
            now=clock.now(),
        )
        return Response(staff_row(person))


class Checks(IdempotentView):
    """Daily checks and calibrations."""

    @operation(
        tags=TAG,
        operation_id="stations_checks_list",
        parameters=READ_BACK,
        responses={200: page_output("CheckPage", CheckOutput), **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the checks in the order in which they came."""
        found = DailyCheck.objects.filter(
            instrument__station=self.station
        ).select_related("instrument")
        rows, cursor = page_of(found, request, "received_at")
        return Response({"results": [check_row(row) for row in rows], "cursor": cursor})

    @operation(
        tags=TAG,
        request=inline_serializer(
            "ChecksInput",
            {"checks": CheckInput(many=True, help_text=f"最多 {MOST} 条")},
        ),
        responses={
            200: inline_serializer("ChecksOutput", {"results": CheckRow(many=True)}),
            **problems(422),
        },
    )
    def post(self, request: Request) -> Response:
        """Take up to 1,000 checks; each has its own answer."""
        return self.idempotent(request)

    def act(self, request: Request, **names: str) -> Response:
        """Take the checks one by one."""
        return in_rows(self.content(), "checks", MOST, self._one)

    def _one(self, row: Any) -> Taken:
        values = read(CheckInput, row)
        if values["passed"] is None or values["at"] is None:
            raise ValidationError({"passed": ["不可为空"]})
        check, made = writes.record_check(
            station=self.station,
            serial=values.pop("serial"),
            values=values,
            now=clock.now(),
        )
        return made, {"serial": check.instrument.serial, "agrees": check.agrees}


class Locks(StationView):
    """Locks of the station."""

    @operation(
        tags=TAG,
        operation_id="stations_locks_list",
        parameters=READ_BACK,
        responses={200: page_output("LockPage", LockOutput), **problems()},
    )
    def get(self, request: Request) -> Response:
        """Return the locks, those that hold and those that were lifted."""
        found = self.station.locks.select_related("line", "instrument")
        rows, cursor = page_of(found, request, "since")
        return Response({"results": [lock_row(row) for row in rows], "cursor": cursor})
