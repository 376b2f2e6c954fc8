"""Rules: draft, review by another person, activate after a backtest, run, recompute."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from alerts import rules as registry
from alerts.domain.backtest import (
    MINUTES_EACH,
    Difference,
    Episode,
    KnownCase,
    compare,
    episodes,
    report,
)
from alerts.domain.rules import (
    RuleDocument,
    check_document,
    load_document,
    read_yaml,
    write_yaml,
)
from alerts.domain.verdicts import HITS
from alerts.models import Alert, Backtest, Rule, RuleVersion
from alerts.services.clearing import clear_alerts
from alerts.services.errors import RefusedError
from alerts.services.raising import Signal, raise_alerts
from bozhou_eco.accounts.models import District, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import national

NOISY_PER_DAY = 20.0
LOOK_BACK = timedelta(days=2)
State = RuleVersion.State


def _audit(version: RuleVersion, act: str, actor: User, now: datetime) -> None:
    audit.record(
        actor=actor,
        act=f"rule.{act}",
        subject=f"rule:{version.rule.code}",
        detail={"version": version.number},
        now=now,
    )


@transaction.atomic
def draft_rule(
    *, document: object, actor: User, now: datetime, note: str = ""
) -> RuleVersion:
    """Store a new draft version of the rule that the document names.

    Raises `RuleError` with every place and reason; nothing is stored then.
    """
    checked = check_document(document, params=registry.params_by_kind())
    return _store(checked, actor, now, note)


def _store(
    document: RuleDocument, actor: User, now: datetime, note: str
) -> RuleVersion:
    rule, _ = Rule.objects.get_or_create(
        code=document.code, defaults={"name": document.name, "kind": document.kind}
    )
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    last = rule.versions.aggregate(last=Max("number"))["last"] or 0
    version = RuleVersion.objects.create(
        rule=rule,
        number=last + 1,
        document=document.as_json(),
        note=note,
        author=actor,
        created_at=now,
    )
    rule.name, rule.kind = document.name, document.kind
    rule.save(update_fields=["name", "kind"])
    _audit(version, "draft", actor, now)
    return version


@transaction.atomic
def import_rules(*, text: str, actor: User, now: datetime) -> list[RuleVersion]:
    """Store every rule of a YAML text as a draft; all or none.

    A rule whose newest version says the same is left alone.
    """
    versions = []
    for document in read_yaml(text, params=registry.params_by_kind()):
        newest = RuleVersion.objects.filter(rule__code=document.code).first()
        if newest is not None and newest.document == document.as_json():
            continue
        versions.append(_store(document, actor, now, "由 YAML 导入"))
    return versions


def export_rules(versions: Sequence[RuleVersion]) -> str:
    """Return versions as YAML."""
    return write_yaml([load_document(version.document) for version in versions])


def _lock(version: RuleVersion) -> RuleVersion:
    rows = RuleVersion.objects.select_for_update(of=("self",))
    return rows.select_related("rule").get(pk=version.pk)


@transaction.atomic
def review_rule(*, version: RuleVersion, actor: User, now: datetime) -> RuleVersion:
    """Approve a draft; refused to its author, and for anything but a draft."""
    row = _lock(version)
    if row.state != State.DRAFT:
        raise RefusedError("只有草稿可以复核")
    if row.author_id == actor.pk:
        raise RefusedError("起草人不能复核自己的规则")
    row.state, row.reviewer, row.reviewed_at = State.REVIEWED, actor, now
    row.save()
    _audit(row, "review", actor, now)
    return row


@transaction.atomic
def activate_rule(
    *, version: RuleVersion, actor: User, now: datetime, confirmed: bool = False
) -> RuleVersion:
    """Switch a reviewed version on; the one before it is retired.

    Refused without a finished backtest of this very version, and, when that shows more
    than `NOISY_PER_DAY` alerts a day, without ``confirmed``.
    """
    row = _lock(version)
    if row.state != State.REVIEWED:
        raise RefusedError("只有已复核的版本可以启用")
    test = row.backtests.filter(finished_at__isnull=False, error="").first()
    if test is None:
        raise RefusedError("启用前须完成回溯测试")
    per_day = float(test.result["per_day"])
    if per_day > NOISY_PER_DAY and not confirmed:
        raise RefusedError(
            f"回溯测试显示日均 {per_day:g} 条，超过 {NOISY_PER_DAY:g} 条，须确认后启用"
        )
    row.rule.versions.filter(state=State.ACTIVE).update(
        state=State.RETIRED, active_to=now
    )
    row.state, row.active_from = State.ACTIVE, now
    row.confirmed_volume = round(per_day) if confirmed else None
    row.save()
    _audit(row, "activate", actor, now)
    return row


@transaction.atomic
def retire_rule(*, version: RuleVersion, actor: User, now: datetime) -> RuleVersion:
    """Switch an active version off."""
    row = _lock(version)
    if row.state != State.ACTIVE:
        raise RefusedError("规则未启用")
    row.state, row.active_to = State.RETIRED, now
    row.save()
    _audit(row, "retire", actor, now)
    return row


def evaluate(
    document: RuleDocument, *, start: datetime, end: datetime
) -> list[Episode]:
    """Return what a rule finds in stored history."""
    found = registry.evaluator_of(document.kind)(
        params=document.params, scope=document.scope, start=start, end=end
    )
    return episodes(
        document,
        found,
        start=start,
        end=end,
        is_working_day=national().is_working_day,
        zone=clock.BEIJING,
    )


def backtest(
    *,
    version: RuleVersion,
    start: datetime,
    end: datetime,
    actor: User | None,
    now: datetime,
) -> Backtest:
    """Run a version over stored history and keep the figures; raises nothing.

    An evaluator's error is kept with the run. Raises `RefusedError` for a span that is
    turned around or longer than a year.
    """
    if not timedelta(0) < end - start <= timedelta(days=366):
        raise RefusedError("回溯时段须在一年以内")
    row = Backtest.objects.create(
        version=version, start=start, end=end, asked_by=actor, asked_at=now
    )
    begun = time.perf_counter()
    document = load_document(version.document)
    try:
        with transaction.atomic():
            found = evaluate(document, start=start, end=end)
    except Exception as error:  # noqa: BLE001  (whatever an evaluator does is shown)
        row.error = f"{type(error).__name__}: {error}"[:500]
    else:
        row.result = report(
            found,
            known_cases(document, start, end),
            start=start,
            end=end,
            zone=clock.BEIJING,
            minutes_each=minutes_each(document.kind),
        )
    row.seconds = round(time.perf_counter() - begun, 3)
    row.finished_at = clock.now()
    row.save()
    return row


def known_cases(
    document: RuleDocument, start: datetime, end: datetime
) -> list[KnownCase]:
    """Return the confirmed violations of the span: alerts whose outcome was a hit."""
    rows = Alert.objects.filter(
        outcome__in=[verdict.value for verdict in HITS],
        occurred_at__gte=start,
        occurred_at__lt=end,
    )
    subjects = document.scope.get("subjects")
    if subjects:
        rows = rows.filter(subject_key__in=subjects)
    districts = document.scope.get("districts")
    if districts:
        rows = rows.filter(district__code__in=districts)
    return [
        KnownCase(row.pk, row.subject_key, row.occurred_at, row.subject_name)
        for row in rows.filter(
            Q(kind=document.kind) | Q(kind__startswith=document.kind)
        )
    ]


def minutes_each(kind: str) -> float:
    """Return the officer minutes an alert of a kind has taken: acknowledged to closed.

    The median of the last 200 judged ones, at most two hours each; without history
    `MINUTES_EACH`.
    """
    rows = (
        Alert.objects.filter(
            kind=kind, acknowledged_at__isnull=False, closed_at__isnull=False
        )
        .order_by("-id")
        .values_list("acknowledged_at", "closed_at")[:200]
    )
    spent = sorted(
        min((closed - taken).total_seconds() / 60, 120.0) for taken, closed in rows
    )
    return spent[len(spent) // 2] if len(spent) >= 10 else MINUTES_EACH


@transaction.atomic
def run_rule(*, version: RuleVersion, now: datetime) -> int:
    """Evaluate an active version up to ``now``; returns how many alerts are new.

    Each episode is one key, so running twice raises nothing twice.
    """
    if version.active_from is None:
        return 0
    document = load_document(version.document)
    start = max(version.active_from, now - LOOK_BACK)
    found = evaluate(document, start=start, end=now)
    known = set(
        Alert.objects.filter(key__in=[e.key for e in found]).values_list(
            "key", flat=True
        )
    )
    fresh = [episode for episode in found if episode.key not in known]
    districts = {d.code: d for d in District.objects.all()} if fresh else {}
    raise_alerts([_signal(version, document, e, districts) for e in fresh], now=now)
    over = [e.key for e in found if e.occurrence.end is not None]
    clear_alerts(keys=over, now=now, reason="条件已消失")
    return len(fresh)


def _signal(
    version: RuleVersion,
    document: RuleDocument,
    episode: Episode,
    districts: dict[str, District],
) -> Signal:
    span = episode.occurrence
    return Signal(
        key=episode.key,
        kind=document.kind,
        severity=document.severity,
        summary=span.summary,
        subject_key=span.subject_key,
        subject_name=span.subject_name,
        occurred_at=span.begin,
        explanation={
            "规则": f"{document.name}（{version.reference}）",
            "参数": dict(document.params),
            "开始": f"{clock.beijing(span.begin):%Y-%m-%d %H:%M}",
        },
        district=districts.get(span.district),
        magnitude=span.magnitude,
        rule=version.reference,
    )


def run_active_rules(*, now: datetime) -> dict[str, int]:
    """Run every active rule; one that fails does not hold the others."""
    counts = {}
    for version in RuleVersion.objects.filter(state=State.ACTIVE).select_related(
        "rule"
    ):
        try:
            counts[version.reference] = run_rule(version=version, now=now)
        except Exception as error:  # noqa: BLE001  (told by an alert, see below)
            _rule_failed(version, error, now)
    return counts


def _rule_failed(version: RuleVersion, error: Exception, now: datetime) -> None:
    signal = Signal(
        key=f"rule-failed:{version.rule.code}",
        kind="process",
        severity="major",
        summary=f"规则 {version.rule.name} 执行失败",
        subject_key=f"rule:{version.rule.code}",
        subject_name=version.rule.name,
        occurred_at=now,
        explanation={"错误": f"{type(error).__name__}: {error}"[:500]},
    )
    raise_alerts([signal], now=now)


def recompute(*, version: RuleVersion, start: datetime, end: datetime) -> Difference:
    """Run a version over a past span again and compare with the alerts it raised then."""
    found = evaluate(load_document(version.document), start=start, end=end)
    stored = Alert.objects.filter(
        rule=version.reference, occurred_at__gte=start, occurred_at__lt=end
    )
    return compare(found, dict(stored.values_list("key", "occurred_at")))
