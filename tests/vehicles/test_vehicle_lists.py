"""Lists that come in (registration, remote OBD, replies) and who may read an owner."""

import hashlib

import pytest

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.vehicles.capture_factories import NOW
from tests.vehicles.test_watchlist import vehicle
from vehicles.domain.tables import Sheet
from vehicles.models import CaptureTransfer, Vehicle, VehicleImport, WatchEntry
from vehicles.services import imports, transfers
from vehicles.services.transfers import COLUMNS, ReplyError, import_replies
from vehicles.services.vehicles import VehicleRefusedError, reveal_owner

pytestmark = pytest.mark.django_db
OBD = ("号牌号码", "号牌颜色", "VIN", "在线状态", "故障码", "拆除报警", "更新时间")
VIN, OTHER_VIN = "LTYD1TC4XMA000123", "LZZ1CCND5KA123456"


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER)


def sheet(header: tuple[str, ...], *rows: tuple[object, ...]) -> Sheet:
    return Sheet(header, tuple(enumerate(rows, 2)))


def taken(
    officer: User, given: Sheet, *, dry_run: bool = False, obd: bool = False
) -> VehicleImport:
    act = imports.import_remote_obd if obd else imports.import_registration
    return act(
        sheet=given, name="list.csv", sha256=hashlib.sha256(b"x").hexdigest(),
        dry_run=dry_run, actor=officer, now=NOW,
    )  # fmt: skip


def counts(done: VehicleImport) -> tuple[int, int, int]:
    return done.created, done.changed, done.refused


# --- registration -----------------------------------------------------------------------
def test_a_list_places_vehicles_in_its_districts_and_names_strange_ones(
    officer: User,
) -> None:
    here = factories.district()
    header = ("号牌号码", "号牌颜色", "燃料种类", "行政区")
    given = sheet(
        header,
        ("新E00001", "黄", "柴油", "精河县"),
        ("新E00002", "黄", "柴油", "精河"),
        ("新E00003", "黄", "柴油", "652722.0"),
        ("新E00004", "黄", "柴油", "乌鲁木齐市"),
        ("新E00005", "黄", "柴油", None),
    )
    tried = taken(officer, given, dry_run=True)
    assert not Vehicle.objects.exists()
    done = taken(officer, given)
    assert counts(tried) == counts(done) == (4, 0, 1)
    [error] = done.errors
    assert error["row"] == 5
    assert "“乌鲁木齐市”不是本州县市" in error["texts"][0]
    assert "精河县" in error["texts"][0]
    placed = dict(Vehicle.objects.values_list("plate", "district"))
    assert placed == {
        "新E00001": here.pk, "新E00002": here.pk, "新E00003": here.pk, "新E00005": None,
    }  # fmt: skip


def test_only_what_a_list_changes_is_changed(officer: User) -> None:
    header = ("号牌号码", "号牌颜色", "燃料种类", "品牌")
    rows = [("新E00001", "黄", "柴油", "甲"), ("新E00002", "黄", "柴油", "乙")]
    entered = vehicle("新E00001", fuel="B", brand="甲", owner_name="张三")
    assert counts(taken(officer, sheet(header, *rows))) == (1, 1, 0)
    entered.refresh_from_db()
    assert entered.registered, "a file begun by a station becomes a registered one"
    assert counts(taken(officer, sheet(header, *rows))) == (0, 0, 0)
    rows[1] = ("新E00002", "黄", "柴油", "丙")
    assert counts(taken(officer, sheet(header, *rows))) == (0, 1, 0)
    rows[0] = ("新E00001", "黄", None, None)
    assert counts(taken(officer, sheet(header, *rows))) == (0, 0, 0)
    entered.refresh_from_db()
    assert (entered.brand, entered.fuel, entered.owner_name) == ("甲", "B", "张三")
    assert Vehicle.objects.get(plate="新E00002").brand == "丙"


# --- remote OBD -------------------------------------------------------------------------
def test_a_dry_run_of_remote_states_counts_and_writes_nothing(officer: User) -> None:
    vehicle("新E00001", vin=VIN)
    given = sheet(
        OBD,
        ("新E00001", "黄", OTHER_VIN, "在线", "P20EE", "否", "2026-11-20 08:00"),
        ("新E00002", "黄", VIN, "离线", None, "是", "2026-11-20 08:00"),
        ("新E00003", "黄", None, "离线", None, "否", None),
    )
    tried = taken(officer, given, dry_run=True, obd=True)
    assert counts(tried) == (1, 1, 1)
    assert (Vehicle.objects.count(), WatchEntry.objects.count()) == (1, 0)
    assert Vehicle.objects.get().remote_obd_at is None
    done = taken(officer, given, obd=True)
    assert counts(done) == counts(tried)
    for one in (tried, done):
        [note] = one.notes
        assert note["plate"] == "新E00001"
        assert note["texts"] == [f"VIN 与档案（{VIN}）不一致，请核对"]
    known, new = Vehicle.objects.order_by("plate")
    assert (known.vin, known.remote_obd_fault) == (VIN, "P20EE")
    assert (new.vin, new.remote_obd_online, new.remote_obd_fault) == (VIN, False, "")
    assert new.near_key
    listed = {(row.vehicle.plate, row.trigger) for row in WatchEntry.objects.all()}
    assert listed == {("新E00001", "remote_obd"), ("新E00002", "obd_tamper")}
    acts = list(AuditEntry.objects.filter(act__startswith="vehicle.import"))
    assert {entry.act for entry in acts} == {"vehicle.import.try", "vehicle.import"}


def test_a_newer_state_replaces_the_held_one_and_an_older_does_not(
    officer: User,
) -> None:
    def state(code: str | None, at: str) -> VehicleImport:
        row = ("新E00001", "黄", VIN, "在线", code, "否", at)
        return taken(officer, sheet(OBD, row), obd=True)

    assert counts(state("P20EE", "2026-11-20 08:00")) == (1, 0, 0)
    assert counts(state("P0420", "2026-11-21 08:00")) == (0, 1, 0)
    older = state("P20EE", "2026-11-20 09:00")
    assert counts(older) == (0, 0, 0)
    assert "未更新" in older.notes[0]["texts"][0]
    assert Vehicle.objects.get().remote_obd_fault == "P0420"
    assert counts(state(None, "2026-11-22 08:00")) == (0, 1, 0)
    assert Vehicle.objects.get().remote_obd_fault == ""
    entry = WatchEntry.objects.get()
    assert [event.kind for event in entry.events.all()] == ["entered", "renewed"]


# --- owners and replies -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "reason", "words"),
    [
        (Role.REVIEWER, "核查车辆", "只有执法人员和领导"),
        (Role.AUDITOR, "核查车辆", "只有执法人员和领导"),
        (Role.OFFICER, " 查 ", "请填写查看事由"),
    ],
)
def test_an_owner_is_shown_to_few_and_with_a_reason(
    role: Role, reason: str, words: str
) -> None:
    car = vehicle(owner_name="张三丰", owner_phone="13812345678")
    with pytest.raises(VehicleRefusedError, match=words):
        reveal_owner(vehicle=car, reason=reason, actor=factories.user(role), now=NOW)
    assert not AuditEntry.objects.filter(act="vehicle.owner").exists()
    leader = factories.user(Role.LEADER)
    shown = reveal_owner(vehicle=car, reason="核查", actor=leader, now=NOW)
    assert shown == ("张三丰", "13812345678")
    assert AuditEntry.objects.get(act="vehicle.owner").actor == leader


def test_a_file_of_replies_that_is_too_long_is_refused_whole(
    officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ",".join(["号", "新E0K73X", "BZ-1", "罚款", "2026-11-20"]) + "\n"
    content = (",".join(COLUMNS) + "\n" + line * 3).encode()
    monkeypatch.setattr(transfers, "MOST_ROWS", 2)
    with pytest.raises(ReplyError, match="超过 2 行，请分批导入"):
        import_replies(content=content, actor=officer, now=NOW)
    monkeypatch.setattr(transfers, "MOST_ROWS", 3)
    monkeypatch.setattr(transfers, "MOST_BYTES", len(content) - 1)
    with pytest.raises(ReplyError, match="文件超过 2 MB"):
        import_replies(content=content, actor=officer, now=NOW)
    assert not CaptureTransfer.objects.exists()
    monkeypatch.setattr(transfers, "MOST_BYTES", len(content))
    done = import_replies(content=content, actor=officer, now=NOW)
    assert [line[:7] for line in done.refused] == [
        "第 2 行：没",
        "第 3 行：没",
        "第 4 行：没",
    ]
    with pytest.raises(ReplyError, match="文件编码不是 UTF-8 或 GBK"):
        import_replies(content=b"\xff\xff\xff", actor=officer, now=NOW)
