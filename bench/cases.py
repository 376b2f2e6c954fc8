"""Casework with 100,000 cases: list, search, case page, figures, opening and moving."""

import random
import time
from datetime import datetime, timedelta
from typing import Any

from bench.figures import Figure, figure, percentile
from bench.services import bed, setup_django

SEED = 20261123
STORIES = 12
CASES_SQL = """
INSERT INTO enforcement_case (
  number, case_number, title, kind, severity, state, stage, resume_to, version, round,
  source, upstream_number, system_of_record, external_ref, subject_key, subject_name,
  party_kind, party, district_id, unit_id, handler_id, summary, explanation,
  evidence_url, cause_id, discovered_on, opened_at, filed_on, ended_at, outcome,
  end_reason, due_on)
SELECT '量测线索〔' || (2024 + n %% 3) || '〕' || n || '号',
       CASE WHEN n %% 4 = 0 THEN '量测立〔2026〕' || n || '号' ELSE '' END,
       '第 ' || n || ' 号企业污染物超标',
       (ARRAY['wastewater', 'exhaust', 'monitoring', 'smoke', 'station'])[1 + n %% 5],
       (ARRAY['critical', 'major', 'minor', 'info'])[1 + n %% 4],
       CASE WHEN n %% 20 = 0 THEN (ARRAY['alerted', 'checking', 'visiting',
            'investigating', 'notified'])[1 + n / 20 %% 5] ELSE 'closed' END,
       CASE WHEN n %% 20 = 0 THEN (ARRAY['alert', 'check', 'visit', 'disposal',
            'disposal'])[1 + n / 20 %% 5] ELSE 'feedback' END,
       '', 0, 1, (ARRAY['alert', 'capture', 'station', 'hotline'])[1 + n %% 4],
       '', '本平台', '', 'bench:' || n %% 5000, '企业 ' || n %% 5000,
       'entity', '{}', d.ids[1 + n %% array_length(d.ids, 1)], %(unit)s,
       CASE WHEN n %% 3 = 0 THEN NULL ELSE %(user)s END, '事实摘要', '{}', '',
       %(cause)s, (%(now)s - n * %(step)s)::date, %(now)s - n * %(step)s,
       CASE WHEN n %% 4 = 0 THEN (%(now)s - n * %(step)s)::date END,
       CASE WHEN n %% 20 = 0 THEN NULL
            ELSE %(now)s - n * %(step)s + interval '9 days' END,
       CASE WHEN n %% 20 = 0 THEN '' ELSE (ARRAY['penalty', 'lenient', 'false_alarm',
            'corrected'])[1 + n %% 4] END,
       '', CASE WHEN n %% 20 = 0 THEN (%(now)s + (n %% 40 - 20) * interval '1 day')::date END
FROM generate_series(1, %(count)s) n,
     (SELECT array_agg(id) ids FROM accounts_district) d
"""
SPANS_SQL = """
INSERT INTO enforcement_stagespan (case_id, stage, kind, district_id, entered_at, left_at)
SELECT c.id, s.stage, c.kind, c.district_id, c.opened_at + s.i * interval '20 hours',
       c.opened_at + (s.i + 1) * interval '20 hours' + c.id %% 50 * interval '1 hour'
FROM enforcement_case c,
     unnest(ARRAY['alert', 'check', 'handover', 'visit', 'disposal'])
     WITH ORDINALITY s(stage, i)
WHERE c.subject_key LIKE 'bench:%%' AND c.ended_at IS NOT NULL
"""
ENDINGS_SQL = """
INSERT INTO enforcement_ending (case_id, ended_at, outcome, filed, district_id)
SELECT id, ended_at, outcome, filed_on IS NOT NULL, district_id
FROM enforcement_case WHERE subject_key LIKE 'bench:%%' AND ended_at IS NOT NULL
"""
CLOCKS_SQL = """
INSERT INTO enforcement_clock (case_id, rule_id, started_on, length, unit, extra, rung,
                               last_day, stopped_on, cancelled)
SELECT c.id, r.id, c.opened_at::date, r.length, r.unit, 0, 0, c.opened_at::date + 9,
       CASE WHEN c.ended_at IS NOT NULL THEN c.opened_at::date + (c.id %% 12)::int END,
       false
FROM enforcement_case c
JOIN enforcement_deadlinerule r ON r.code IN ('check', 'visit', 'assess')
WHERE c.subject_key LIKE 'bench:%%'
"""
STEPS_SQL = """
INSERT INTO enforcement_casestep (case_id, seq, action, from_state, to_state, actor_id,
                                  duty, at, note, data, digest, prev, hash)
SELECT c.id, s, CASE WHEN s = 1 THEN 'open' ELSE 'comment' END,
       CASE WHEN s = 1 THEN '' ELSE 'alerted' END, 'alerted', %(user)s, '',
       c.opened_at + s * interval '5 hours', '量测', '{"round": 1}',
       decode(md5(c.id || ':' || s), 'hex'), '\\x00', '\\x00'
FROM enforcement_case c, generate_series(1, 6) s
WHERE c.subject_key LIKE 'bench:%%'
"""
OUTCOMES_SQL = (
    """
INSERT INTO enforcement_decision (case_id, kind, penalties, amount, deviation_reason,
    decided_on, decided_by_id, service_method, publication_url)
SELECT id, 'penalty', '[]', 100000, '', opened_at::date + 8, %(user)s, 'direct', ''
FROM enforcement_case WHERE subject_key LIKE 'bench:%%' AND outcome = 'penalty'
""",
    """
INSERT INTO enforcement_lenienttest (case_id, ground, answers, earlier, list_item,
    exempted, passed, approved_on, actor_id, at)
SELECT id, 'minor', '{}', '[]', '', 20000, true, opened_at::date + 8, %(user)s, opened_at
FROM enforcement_case WHERE subject_key LIKE 'bench:%%' AND outcome = 'lenient'
""",
    """
INSERT INTO enforcement_inspection (mode, kind, done_on, subject_key, subject_name,
    district_id, means, found, result, case_id)
SELECT CASE WHEN id %% 3 = 0 THEN 'on_site' ELSE 'off_site' END, 'routine',
       opened_at::date, subject_key, subject_name, district_id, '数据核查', false, '', id
FROM enforcement_case WHERE subject_key LIKE 'bench:%%'
""",
)
SEARCHES = ("企业 4321", "第 77777 号", "量测立〔2026〕4000号", "没有这样的词", "COD")
LISTS = (
    "", "scope=near", "scope=filed", "scope=ended", "kind=smoke", "stage=disposal",
    "severity=critical&source=capture", "scope=all&page=200", "scope=mine",
)  # fmt: skip


def run(quick: bool = False) -> list[Figure]:
    """Measure as the prefecture's officer, who sees every case."""
    count, asked, moved = (10_000, 4, 60) if quick else (100_000, 20, 400)
    with bed("cases-quick" if quick else "cases") as running:
        setup_django(running)
        from bozhou_eco.common import clock  # noqa: PLC0415

        now = clock.now()
        user = _people(now)
        rows = fill(user, count, now)
        times = _pages(user, asked)
        moves = _moves(user, moved, now)
    return [
        figure("list_p95_ms", times["list"], "ms", "<=150"),
        figure("search_p95_ms", times["search"], "ms", "<=150"),
        figure("case_p95_ms", times["case"], "ms", "<=150"),
        figure("kpi_p95_ms", times["kpi"], "ms", "<=150"),
        figure("moves_per_s", moves, "moves/s", ">=50"),
        figure("cases", rows, "rows"),
    ]


def _people(now: datetime) -> Any:
    from bozhou_eco.accounts.models import User  # noqa: PLC0415
    from bozhou_eco.seed.people import seed_people  # noqa: PLC0415
    from enforcement import demo  # noqa: PLC0415

    seed_people()
    demo.seed(now=now, scale=1)
    return User.objects.get(username="officer")


def fill(user: Any, count: int, now: datetime) -> int:
    """Make ``count`` cases at all stages, with their clocks and steps."""
    from django.db import connection  # noqa: PLC0415

    from enforcement.models import Case, Cause  # noqa: PLC0415

    if Case.objects.filter(subject_key__startswith="bench:").count() < count:
        values = {
            "unit": user.organisation_id,
            "user": user.pk,
            "cause": Cause.objects.get(topic="exceed_air").pk,
            "now": now,
            "step": timedelta(days=900) / count,
            "count": count,
        }
        with connection.cursor() as cursor:
            for sql in (
                *(CASES_SQL, SPANS_SQL, ENDINGS_SQL, CLOCKS_SQL, STEPS_SQL),
                *OUTCOMES_SQL,
            ):
                cursor.execute(sql, values)
            cursor.execute("VACUUM ANALYZE")  # as autovacuum does within the hour
    return Case.objects.count()


def _pages(user: Any, asked: int) -> dict[str, float]:
    from django.test import Client  # noqa: PLC0415

    from enforcement.models import Case  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    rng = random.Random(SEED)
    walked = list(
        Case.objects.filter(subject_key__startswith="demo:").values_list(
            "pk", flat=True
        )
    )
    filled = list(
        Case.objects.filter(subject_key__startswith="bench:").values_list(
            "pk", flat=True
        )[:5000]
    )
    cases = [*walked, *rng.sample(filled, STORIES)]
    return {
        "list": _ask(client, [f"/cases/?{query}" for query in LISTS], asked),
        "search": _ask(
            client, [f"/cases/?scope=all&q={word}" for word in SEARCHES], asked
        ),
        "case": _ask(client, [f"/cases/{pk}/" for pk in cases], max(asked // 4, 2)),
        "kpi": _ask(client, ["/cases/figures/"], asked * 2),
    }


def _ask(client: Any, paths: list[str], times: int) -> float:
    """Return the 95th percentile in milliseconds over every path, after a warm-up."""
    for path in paths:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    taken = []
    for _ in range(times):
        for path in paths:
            start = time.perf_counter()
            client.get(path)
            taken.append((time.perf_counter() - start) * 1000)
    return percentile(taken, 95)


def _moves(user: Any, count: int, now: datetime) -> float:
    """Return how many moves a second one process makes, openings included."""
    from enforcement.services.cases import move_case, open_case  # noqa: PLC0415

    start, made = time.perf_counter(), 0
    for number in range(count):
        case = open_case(
            actor=user,
            now=now,
            title=f"量测 {number}",
            subject_key=f"moves:{number}",
            subject_name=f"量测 {number}",
        )
        move_case(case=case, action="take_up", actor=user, now=now)
        move_case(
            case=case,
            action="end_online",
            actor=user,
            now=now,
            note="量测",
            data={"reason": "false_alarm"},
        )
        made += 3
    return made / (time.perf_counter() - start)
