"""Stations: keys, lines, checks, locks, files and late tests that are refused or repeated."""

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.station_makers import NOON, honest, parts, station
from tests.vehicles.test_exchange import finished
from vehicles.domain.inspection.read import build
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import (
    Complaint,
    Curve,
    DailyCheck,
    Inspection,
    InspectionFile,
    Line,
    Lock,
    RefusedPost,
    Vehicle,
)
from vehicles.services import (
    stations,
    tests_files,
    tests_open,
    tests_parts,
    tests_whole,
)
from vehicles.services.credentials import (
    CredentialError,
    Signed,
    check_key,
    issue_credential,
)
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.tests_complaints import answer_complaint, complain

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)
ANALYSER = "gas_analyser-652722001"


def acts(name: str) -> int:
    return AuditEntry.objects.filter(act=name).count()


# --- keys -------------------------------------------------------------------------------
def test_a_key_counts_only_for_an_active_station_address_and_signature() -> None:
    own = station()
    issued = issue_credential(
        station=own, actor=None, now=NOON, signed=True, addresses=["10.1.0.0/16"]
    )
    stamp = str(int(LATER.timestamp()))
    plain = Signed("GET", "/x", stamp, b"", "")
    key = bytes.fromhex(issued.signing_key)
    mark = hmac.new(key, plain.text(), hashlib.sha256).hexdigest()
    right = replace(plain, signature=mark)

    def checked(signed: Signed | None, address: str = "10.1.2.3") -> object:
        return check_key(key=issued.key, address=address, now=LATER, signed=signed)

    assert checked(replace(right, signature=right.signature.upper())) is not None
    for signed, address, words in (
        (replace(right, signature="0" * 64), "10.1.2.3", "请求签名不符"),
        (replace(right, path="/y"), "10.1.2.3", "请求签名不符"),
        (replace(right, timestamp="soon"), "10.1.2.3", "签名时间无效"),
        (replace(right, timestamp="１７"), "10.1.2.3", "缺少请求签名"),
        (None, "10.1.2.3", "缺少请求签名"),
        (right, "not an address", "来源地址不在允许范围"),
    ):
        with pytest.raises(CredentialError, match=words):
            checked(signed, address)
    own.active = False
    own.save()
    with pytest.raises(CredentialError, match="检验机构已停用"):
        checked(right)


# --- lines, checks, locks ---------------------------------------------------------------
def test_a_new_line_has_its_methods_at_once_and_a_refused_change_leaves_them() -> None:
    own, leader = station(), factories.user(Role.LEADER)

    def put(number: str, **values: object) -> Line:
        return stations.put_line(station=own, number=number, values=values, now=NOON)

    made = put("02", name="二线", methods=["asm"])
    assert (made.methods, made.asked_methods) == (["asm"], None)
    assert put("03", name="三线").methods == []
    give = {"line": made, "actor": leader, "now": LATER}
    with pytest.raises(StationRefusalError, match="没有待批准的变更") as refused:
        stations.decide_methods(granted=True, **give)
    assert refused.value.code == "nothing_asked"
    assert acts("station.line.decide") == 0
    assert put("02", methods=["vmas"]).asked_methods == ["vmas"]
    assert put("02", name="二线东").asked_methods == ["vmas"], "no wish, no change"
    assert put("02", methods=["asm"]).asked_methods is None, "the wish is withdrawn"
    put("02", methods=["vmas"])
    stations.decide_methods(granted=False, **give)
    made.refresh_from_db()
    assert (made.methods, made.asked_methods, made.name) == (["asm"], None, "二线东")
    entry = AuditEntry.objects.get(act="station.line.decide")
    assert (entry.detail["granted"], entry.detail["asked"]) == (False, ["vmas"])


def test_failed_checks_set_one_lock_and_a_late_older_one_changes_nothing() -> None:
    own = station()

    def checked(hours: float, passed: bool) -> DailyCheck:
        values = {"kind": "leak", "at": NOON + timedelta(hours=hours), "passed": passed}
        return stations.record_check(
            station=own, serial=ANALYSER, values=values, now=NOON + timedelta(hours=9)
        )[0]

    for hours in (1, 2):
        checked(hours, passed=False)
    lock = Lock.objects.get()
    device = own.instruments.get(serial=ANALYSER)
    assert (device.check_passed, lock.instrument) == (False, device)
    checked(0.5, passed=True)
    device.refresh_from_db()
    lock.refresh_from_db()
    assert (device.check_passed, lock.lifted_at) == (False, None)
    assert device.checked_at == NOON + timedelta(hours=2)
    assert DailyCheck.objects.count() == 3, "what came late is kept"
    checked(3, passed=True)
    lock.refresh_from_db()
    assert lock.lifted_at is not None
    with pytest.raises(StationRefusalError, match="该锁定已解除") as refused:
        stations.lift_lock(lock=lock, actor=None, now=LATER, reason="再次")
    assert refused.value.code == "already_lifted"
    lock.refresh_from_db()
    assert (lock.lift_reason, acts("station.unlock")) == ("检查合格，自动解除", 1)
    with pytest.raises(StationRefusalError, match="与已上传的不同"):
        checked(3, passed=False)
    assert not Lock.objects.filter(lifted_at=None).exists()


def test_a_complaint_is_answered_once_and_in_words() -> None:
    test = finished(objections=[{"name": "复检次数"}])
    made, _ = complain(inspection=test, text="请复核", now=NOON)
    give = {"complaint": made, "actor": factories.user(Role.LEADER), "now": LATER}
    with pytest.raises(StationRefusalError, match="请填写答复") as refused:
        answer_complaint(granted=True, answer=" ", **give)
    assert (refused.value.field, refused.value.status) == ("answer", 400)
    assert Complaint.objects.get().answered_at is None
    answer_complaint(granted=False, answer=" 依据充分 ", **give)
    with pytest.raises(StationRefusalError, match="该异议已答复") as refused:
        answer_complaint(granted=True, answer="改", **give)
    assert refused.value.code == "already_answered"
    held = Complaint.objects.get()
    assert (held.granted, held.answer) == (False, "依据充分")
    assert acts("inspection.complaint.answer") == 1


# --- files ------------------------------------------------------------------------------
def entry(data: bytes, **changed: object) -> dict[str, object]:
    row = {
        "kind": "F101", "name": "F101.jpg", "media_type": "image/jpeg",
        "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    return row | changed


def test_files_are_refused_by_type_state_age_and_other_content() -> None:
    test, data = finished(at=NOON), b"x" * 10

    def register(now: object = NOON, **changed: object) -> tuple[InspectionFile, bool]:
        return tests_files.register_file(
            inspection=test, content=entry(data, **changed), now=now
        )

    for wrong in (
        {"media_type": "text/html"},
        {"now": NOON + timedelta(days=7)},
    ):
        with pytest.raises(StationRefusalError) as refused:
            register(**wrong)
        assert refused.value.field in ("media_type", "session")
    test.state = Inspection.State.ABORTED
    with pytest.raises(StationRefusalError, match="该次检验已中止") as refused:
        register()
    assert (refused.value.code, refused.value.status) == ("session_closed", 409)
    assert not InspectionFile.objects.exists()
    test.state = Inspection.State.DONE
    row, new = register(now=NOON + timedelta(days=6, hours=23))
    assert new
    assert register() == (row, False)
    for wrong in ({"size": 11}, {"media_type": "image/png"}):
        with pytest.raises(StationRefusalError, match="其他大小或类型") as refused:
            register(**wrong)
        assert refused.value.code == "content_differs"
    row.refresh_from_db()
    assert (row.size, row.media_type) == (10, "image/jpeg")


def test_a_piece_beyond_the_size_is_refused_and_an_old_one_changes_nothing(
    settings: object, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    row, _ = tests_files.register_file(
        inspection=finished(at=NOON), content=entry(b"0123456789"), now=NOON
    )

    def piece(start: int, data: bytes) -> int:
        return tests_files.take_piece(
            row=row, start=start, data=data, now=NOON
        ).received

    assert piece(0, b"01234") == 5
    place = tests_files.place_of(row)
    with pytest.raises(StationRefusalError, match="超出登记的 10 字节") as refused:
        piece(5, b"567890")
    assert refused.value.code == "too_long"
    assert piece(2, b"234") == 5
    assert piece(0, b"AB") == 5, "what is held already is not written again"
    assert place.read_bytes() == b"01234"


# --- tests ------------------------------------------------------------------------------
def whole(**more: object) -> dict[str, object]:
    content = {
        "session": "S-1", "line": "01", "category": "periodic", "method": "vmas",
        "vehicle": {"plate": "新E00001", "plate_color": "blue", "fuel": "A"},
        "report": "", "started_at": NOON,
    }  # fmt: skip
    return content | more


def test_the_report_number_of_another_station_is_refused() -> None:
    own = station()
    test = finished(at=NOON)
    other = station("652722002")
    take = {"station": other, "content": whole(report=test.report), "now": LATER}
    with pytest.raises(StationRefusalError, match="报告编号不属于本机构") as refused:
        tests_whole.take_whole(**take)
    assert (refused.value.code, refused.value.field) == ("not_yours", "report")
    with pytest.raises(StationRefusalError, match="不是本机构编号") as refused:
        tests_whole.take_whole(**{**take, "content": whole(station=own.code)})
    assert refused.value.field == "station"
    assert Inspection.objects.count() == 1
    assert not RefusedPost.objects.exists()


def test_an_electric_vehicles_whole_test_keeps_no_curve() -> None:
    own, given = station(), parts(honest("vmas"), "S-1")
    content = {
        **given["session"], **given["results"], "started_at": NOON,
        "appearance": given["appearance"], "obd": given["obd"],
        "process": honest("vmas").process,
    }  # fmt: skip
    content["vehicle"] = content["vehicle"] | {"fuel": "C"}
    take = {"station": own, "now": LATER}
    with pytest.raises(StationRefusalError, match="尚缺") as refused:
        tests_whole.take_whole(content=content | {"obd": None}, **take)
    assert refused.value.code == "parts_missing"
    assert not Inspection.objects.exists(), "nothing of it is written"
    assert not Vehicle.objects.exists()
    made, new = tests_whole.take_whole(content=content, **take)
    assert (new, made.state) == (True, "done")
    assert set(made.received) == {"session", "appearance", "obd", "results"}
    assert not Curve.objects.exists()
    again, new = tests_whole.take_whole(content=content, **take)
    assert (again.pk, again.report, new) == (made.pk, made.report, False)


def test_refused_content_is_kept_and_told_once() -> None:
    test = finished(at=NOON)
    give = {"inspection": test, "part": "obd", "now": LATER}
    first = tests_open.keep_refused(content={"vin": "1"}, **give)
    assert tests_open.keep_refused(content={"vin": "1"}, **give) == first
    told = Alert.objects.count()
    assert (RefusedPost.objects.count(), told) == (1, 1)
    tests_open.keep_refused(content={"vin": "2"}, **give)
    assert RefusedPost.objects.count() == 2


def test_a_file_begun_elsewhere_at_the_same_moment_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = station()
    test = build(VehicleTest, whole())
    monkeypatch.setattr(tests_open, "_begin_file", lambda *parts: None)
    with pytest.raises(StationRefusalError, match="请稍后再试") as refused:
        tests_open.vehicle_for(test=test, station=own)
    assert refused.value.code == "busy"
    assert not Vehicle.objects.exists()

    def other(*parts: object) -> None:
        Vehicle.objects.create(plate="新E00001", plate_color="blue", near_key="E00001")

    monkeypatch.setattr(tests_open, "_begin_file", other)
    assert tests_open.vehicle_for(test=test, station=own) == Vehicle.objects.get()


def test_ninety_nine_reports_in_one_second_are_the_most() -> None:
    test = finished(at=NOON)
    first = tests_parts._report_number(test, NOON)
    assert first.endswith("01")
    rows = []
    for sequence in range(1, 99):
        row = Inspection.objects.get(pk=test.pk)
        row.pk, row.session, row.report = (
            None,
            f"R{sequence}",
            f"{first[:-2]}{sequence:02d}",
        )
        rows.append(row)
    Inspection.objects.bulk_create(rows)
    last = tests_parts._report_number(test, NOON)
    assert last == f"{first[:-2]}99"
    Inspection.objects.filter(pk=test.pk).update(report=last)
    with pytest.raises(StationRefusalError, match="同一秒内报告过多") as refused:
        tests_parts._report_number(test, NOON)
    assert (refused.value.status, refused.value.code) == (503, "busy")
    assert tests_parts._report_number(test, NOON + timedelta(seconds=1))


def test_a_finished_test_is_not_broken_off_and_an_open_one_only_once() -> None:
    test = finished(at=NOON)
    give = {"station": test.station, "session": test.session, "now": LATER}
    with pytest.raises(
        StationRefusalError, match="该次检验已完成，不能中止"
    ) as refused:
        tests_parts.abort(reason="误操作", **give)
    assert refused.value.code == "session_closed"
    test.refresh_from_db()
    assert (test.state, test.outcome) == ("done", "pass")
    Inspection.objects.update(state="open", outcome="")
    tests_parts.abort(reason="设备故障", **give)
    tests_parts.abort(reason="再次", **give)
    test.refresh_from_db()
    assert (test.state, test.outcome, test.reasons) == (
        "aborted",
        "aborted",
        ["设备故障"],
    )
    assert acts("inspection.abort") == 1
