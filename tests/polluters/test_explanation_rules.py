"""Explanations and proof: who may do what, when, with which files; refused is unsaid."""

from datetime import timedelta
from typing import Any

import pytest

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import (
    Explanation,
    ExplanationEntry,
    Mark,
    MarkKind,
    Outlet,
    PortalFile,
    RuleValue,
)
from polluters.services import explanations as acts
from tests import factories

pytestmark = pytest.mark.django_db
NOW = clock.beijing(clock.now()).replace(second=0, microsecond=0)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
OFFICER, FIRM, LEADER = "officer", "firm", "leader"
State = Explanation.State


@pytest.fixture
def outlet() -> Outlet:
    return factories.outlet()


@pytest.fixture
def people(outlet: Outlet) -> dict[str, User]:
    own = outlet.enterprise.organisation
    return {
        OFFICER: factories.user(Role.OFFICER),
        FIRM: factories.user(Role.ENTERPRISE, organisation=own),
        LEADER: factories.user(Role.LEADER),
    }


def written() -> tuple[int, ...]:
    """Return how much is on record."""
    counted = AuditEntry.objects.filter(act__startswith="polluters.").count()
    rows = (Explanation, ExplanationEntry, PortalFile)
    return (*(row.objects.count() for row in rows), counted)


def facts(made: Explanation) -> tuple[Any, ...]:
    made.refresh_from_db()
    return made.state, made.deadline, made.decided_at, made.answered_at, made.late


def ask(outlet: Outlet, people: dict[str, User], **given: Any) -> Explanation:
    values = {
        "about": acts.About(outlet), "text": "请说明", "deadline": None,
        "actor": people[OFFICER], "now": NOW,
    }  # fmt: skip
    return acts.ask(**(values | given))


@pytest.mark.parametrize(
    ("given", "said", "field"),
    [
        pytest.param({"actor": FIRM}, "只有执法人员可以要求企业说明", "", id="firm"),
        pytest.param({"actor": LEADER}, "只有执法人员可以要求", "", id="leader"),
        pytest.param({"deadline": NOW}, "时限须晚于现在", "deadline", id="deadline"),
        pytest.param({"text": " \n"}, "请填写内容", "text", id="no-text"),
    ],
)
def test_what_may_not_be_asked_leaves_nothing(
    outlet: Outlet, people: dict[str, User], given: Any, said: str, field: str
) -> None:
    before = written()
    if "actor" in given:
        given = {"actor": people[given["actor"]]}
    with pytest.raises(acts.RefusedError, match=said) as error:
        ask(outlet, people, **given)
    assert error.value.field == field
    assert written() == before
    made = ask(outlet, people, deadline=NOW + timedelta(minutes=1))
    assert (made.state, made.asked_by) == (State.ASKED, people[OFFICER])


def test_only_the_enterprise_explains_and_only_while_it_is_open(
    outlet: Outlet, people: dict[str, User]
) -> None:
    about, before = acts.About(outlet), written()
    for who in (OFFICER, LEADER):
        with pytest.raises(
            acts.RefusedError, match="由企业填写；执法人员请用“要求说明”"
        ):
            acts.give(about=about, text="x", files=(), actor=people[who], now=NOW)
    assert written() == before
    made = ask(outlet, people)
    before, was = written(), facts(made)
    with pytest.raises(acts.RefusedError, match="说明由企业填写"):
        acts.answer(
            explanation=made, text="x", files=(), actor=people[OFFICER], now=NOW
        )
    assert (written(), facts(made)) == (before, was)
    made = acts.answer(
        explanation=made, text="检修", files=(), actor=people[FIRM], now=NOW
    )
    assert (made.state, made.late) == (State.GIVEN, False)


def test_a_decision_needs_an_officer_a_verdict_and_an_answer(
    outlet: Outlet, people: dict[str, User]
) -> None:
    made = ask(outlet, people)
    before, was = written(), facts(made)
    good: dict[str, Any] = {
        "explanation": made, "verdict": "accept", "text": "属实",
        "actor": people[OFFICER], "now": NOW,
    }  # fmt: skip
    with pytest.raises(acts.RefusedError, match="现为“.+”，企业提交后方可审阅"):
        acts.decide(**good)
    acts.answer(explanation=made, text="检修", files=(), actor=people[FIRM], now=NOW)
    before, was = written(), facts(made)
    for given, said, field in (
        ({"actor": people[FIRM]}, "由执法人员审阅", ""),
        ({"actor": people[LEADER]}, "由执法人员审阅", ""),
        ({"verdict": "maybe"}, "请选择审阅结论", "verdict"),
        ({"text": ""}, "请填写内容", "text"),
    ):
        with pytest.raises(acts.RefusedError, match=said) as error:
            acts.decide(**(good | given))
        assert error.value.field == field
        assert (written(), facts(made)) == (before, was)
    assert acts.decide(**(good | {"verdict": "reject"})).state == State.REJECTED
    before = written()
    with pytest.raises(acts.RefusedError, match="现为"):
        acts.decide(**good)
    assert (written(), facts(made)[0]) == (before, State.REJECTED)


def mark(outlet: Outlet, origin: str, **more: Any) -> Mark:
    kind = MarkKind.objects.get_or_create(code="starting", defaults={"name": "启炉"})[0]
    return Mark.objects.create(
        outlet=outlet, kind=kind, begin=NOW, origin=origin, made_at=NOW,
        received_at=NOW, deadline=NOW, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "who", "more", "files", "said", "field"),
    [
        pytest.param("enterprise", LEADER, {}, 1, "当前角色不能", "", id="role"),
        pytest.param("logger", OFFICER, {}, 1, "数采仪的标记不能", "", id="logger"),
        pytest.param("officer", FIRM, {}, 1, "由执法人员附加", "", id="not-theirs"),
        pytest.param(
            "enterprise", FIRM, {"withdrawn_at": NOW, "withdrawn_reason": "重复"}, 1, "该标记已撤销", "",
            id="withdrawn",
        ),
        pytest.param("enterprise", FIRM, {}, 0, "请选择文件", "proof", id="no-file"),
    ],
)  # fmt: skip
def test_proof_of_a_mark_is_refused_with_the_reason(
    outlet: Outlet, people: dict[str, User],
    origin: str, who: str, more: Any, files: int, said: str, field: str,
) -> None:  # fmt: skip
    row = mark(outlet, origin, **more)
    before = written()
    given = [acts.Upload("启炉票.png", PNG)] * files
    with pytest.raises(acts.RefusedError, match=said) as error:
        acts.prove_mark(mark=row, files=given, actor=people[who], now=NOW)
    assert error.value.field == field
    assert written() == before


def test_proof_is_taken_from_whom_the_mark_belongs_to_and_from_officers(
    outlet: Outlet, people: dict[str, User]
) -> None:
    for origin, who in (("officer", OFFICER), ("enterprise", FIRM)):
        row = mark(outlet, origin)
        (kept,) = acts.prove_mark(
            mark=row, files=[acts.Upload("a.png", PNG)], actor=people[who], now=NOW
        )
        assert (kept.mark, kept.added_by) == (row, people[who])


def test_a_file_is_measured_before_it_is_read(db: None) -> None:
    RuleValue.objects.filter(code="portal_file_mb").update(value=1)
    full = PNG + b"\0" * ((1 << 20) - len(PNG))
    (kind,) = acts.checked([acts.Upload("full.png", full)])
    assert kind.media_type == "image/png"
    for content, said in ((b"", "“a.png”是空文件"), (full + b"\0", "“a.png”有 1.0 MB")):
        with pytest.raises(acts.RefusedError, match=said) as error:
            acts.checked([acts.Upload("a.png", content)])
        assert error.value.field == "proof"
