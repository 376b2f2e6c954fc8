"""Other systems raise and clear by REST with a token of their own."""

from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert, Source
from alerts.services.sources import add_source, known
from bozhou_eco.common import clock
from tests import factories

pytestmark = pytest.mark.django_db
GIVEN = {
    "key": "dust-3",
    "kind": "dust",
    "severity": "major",
    "summary": "PM10 小时均值偏高 <b>",
    "subject_key": "site:3",
    "subject_name": "虚构工地",
}


def post(token: str, path: str = "raise", **changes: Any) -> Any:
    return Client().post(
        f"/api/v1/alerts/{path}/",
        GIVEN | changes,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": [value]} if levels % 2 else {"a": value}
    return value


@pytest.fixture
def token() -> str:
    known.forget()
    return add_source(
        code="dust", name="扬尘平台", kinds=["dust"], actor=None, now=clock.now()
    )[1]


def test_raise_repeat_clear(token: str) -> None:
    factories.district()
    first = post(token, district="652722")
    assert first.status_code == 201
    again = post(token)
    assert (again.status_code, again.json()["recurrences"]) == (200, 2)
    row = Alert.objects.get()
    assert (row.key, row.recurrences, row.district.code) == ("dust:dust-3", 2, "652722")
    assert row.explanation["来源"] == "扬尘平台"
    assert post(token, "clear").status_code == 204
    row.refresh_from_db()
    assert row.returned_at is not None
    assert post(token, "clear", key="unknown").status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"severity": "fatal"}, "severity"),
        ({"key": ""}, "key"),
        ({"key": "x" * 151}, "key"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"explanation": "x"}, "explanation"),
        ({"magnitude": "much"}, "magnitude"),
        ({"district": "000000"}, "district"),
        ({"occurred_at": "0001-01-01T00:00:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-08:00"}, "occurred_at"),
        ({"magnitude": "Infinity"}, "magnitude"),
        ({"explanation": nested(7)}, "explanation"),
        ({"explanation": {"a": "x" * 20_000}}, "explanation"),
    ],
)
def test_malformed_ones_are_refused_by_field(
    token: str, change: dict[str, Any], field: str
) -> None:
    answer = post(token, **change)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Alert.objects.count() == 0


def test_an_explanation_cannot_name_another_source_and_is_shown(token: str) -> None:
    told = {"来源": "生态环境厅", "测点": nested(4)}
    assert post(token, explanation=told).status_code == 201
    row = Alert.objects.get()
    assert row.explanation["来源"] == "扬尘平台"
    reader = Client()
    reader.force_login(factories.user("officer"))
    assert reader.get(f"/alerts/{row.pk}/").status_code == 200


def test_only_its_own_kinds_and_keys(token: str) -> None:
    assert post(token, kind="fraud").status_code == 403
    assert Alert.objects.count() == 0
    other = add_source(code="noise", name="噪声", kinds=[], actor=None, now=clock.now())
    post(token)
    post(other[1], "clear")
    assert Alert.objects.get().returned_at is None


def test_strangers_and_switched_off_sources(token: str) -> None:
    assert post("wrong").status_code == 401
    bare = Client().post("/api/v1/alerts/raise/", GIVEN)
    assert bare.status_code == 401
    Source.objects.update(enabled=False)
    known.forget()
    assert post(token).status_code == 401
    signed_in = Client()
    signed_in.force_login(factories.user("officer"))
    assert signed_in.post("/api/v1/alerts/raise/", GIVEN).status_code == 401
    assert Alert.objects.count() == 0
