"""People of a small bureau, an alert, and a clue."""

from datetime import UTC, datetime

import pytest

from alerts.services import raise_alert
from bozhou_eco.accounts.models import District, Organisation, Role, User
from enforcement.models import Agency
from enforcement.selectors.settings import forget_settings
from enforcement.services.cases import open_case

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_settings(db):
    forget_settings()


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def districts(db):
    return {
        name: District.objects.get_or_create(code=code, defaults={"name": name})[0]
        for code, name in (
            ("652701", "博乐市"),
            ("652702", "阿拉山口市"),
            ("652722", "精河县"),
            ("652723", "温泉县"),
        )
    }


@pytest.fixture
def units(districts):
    bureau = Organisation.objects.create(
        kind="department", name="博州生态环境局", code="bureau"
    )
    jinghe = Organisation.objects.create(
        kind="department",
        name="精河县分局",
        code="jinghe",
        district=districts["精河县"],
        parent=bureau,
    )
    wenquan = Organisation.objects.create(
        kind="department",
        name="温泉县分局",
        code="wenquan",
        district=districts["温泉县"],
        parent=bureau,
    )
    for unit, branch in ((bureau, ""), (jinghe, "精"), (wenquan, "温")):
        Agency.objects.create(
            organisation=unit,
            full_name=unit.name,
            short="博州",
            branch=branch,
            valid_from=NOW.date(),
            source="测试",
        )
    return {"bureau": bureau, "jinghe": jinghe, "wenquan": wenquan}


@pytest.fixture
def make_user(units):
    def make(username, name, unit, *roles, card=""):
        return User.objects.create_user(
            username,
            password="a long enough secret",
            name=name,
            organisation=units[unit],
            roles=list(roles),
            card_number=card,
        )

    return make


@pytest.fixture
def people(make_user):
    return {
        "duty": make_user("duty", "州局值班", "bureau", Role.OFFICER, card="XJ001"),
        "alice": make_user("alice", "核查员甲", "jinghe", Role.OFFICER, card="XJ002"),
        "bob": make_user("bob", "核查员乙", "jinghe", Role.OFFICER, card="XJ003"),
        "rita": make_user("rita", "复核员丙", "jinghe", Role.REVIEWER),
        "lex": make_user("lex", "法制审核丁", "bureau", Role.LEGAL),
        "lead": make_user("lead", "分管领导戊", "bureau", Role.LEADER),
        "charlie": make_user(
            "charlie", "外县己", "wenquan", Role.OFFICER, Role.LEADER, card="XJ009"
        ),
    }


@pytest.fixture
def plant(districts):
    return Organisation.objects.create(
        kind="enterprise",
        name="晨岭水泥有限公司",
        code="91652722MA0000001X",
        district=districts["精河县"],
    )


@pytest.fixture
def make_alert(plant, districts):
    def make(key="exceedance:17:a21002", **changes):
        fields = {
            "kind": "exceedance",
            "severity": "major",
            "summary": "晨岭水泥窑尾氮氧化物小时均值超标",
            "explanation": {"limit": 50, "value": 84.1},
            "subject_key": "outlet:17",
            "subject_name": "晨岭水泥 DA003",
            "district": districts["精河县"],
            "organisation": plant,
            "evidence_url": "/polluters/outlets/17/evidence/",
            "occurred_at": NOW,
            **changes,
        }
        return raise_alert(key=key, now=NOW, **fields).alert

    return make


@pytest.fixture
def clue(make_alert, people, now):
    return open_case(
        alerts=[make_alert()], actor=people["duty"], now=now, note="值班转线索"
    )
