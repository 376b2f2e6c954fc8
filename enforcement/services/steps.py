"""The chain of steps of a case."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bozhou_eco.accounts.models import User
from bozhou_eco.audit.chain import ZERO, digest_of, next_hash
from bozhou_eco.audit.models import Link
from bozhou_eco.audit.services import Fault
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import seal_digest
from enforcement.domain.workflow import CONFLICTS, Duty, Refused
from enforcement.models import Case, CasePerson, CaseStep
from enforcement.selectors.facts import duties_of


def step_digest(step: CaseStep) -> bytes:
    """Return the digest that a step's stored fields must have."""
    return digest_of(
        {
            "case": step.case_id,
            "seq": step.seq,
            "action": step.action,
            "from": step.from_state,
            "to": step.to_state,
            "actor": step.actor_id,
            "duty": step.duty,
            "at": step.at.astimezone(clock.BEIJING).isoformat(),
            "note": step.note,
            "data": step.data,
        }
    )


def add_step(
    *,
    case: Case,
    action: str,
    actor: User | None,
    now: datetime,
    to_state: str | None = None,
    note: str = "",
    data: dict[str, object] | None = None,
    duty: str = "",
) -> CaseStep:
    """Append a step to a locked case and count up its version.

    The caller holds the row lock of ``case`` and saves the case.
    """
    last = case.steps.only("seq", "hash").order_by("-seq").first()
    seq = last.seq + 1 if last else 1
    prev = bytes(last.hash) if last else ZERO
    step = CaseStep(
        case=case,
        seq=seq,
        action=action,
        from_state=case.state if last else "",
        to_state=to_state or case.state,
        actor=actor,
        duty=duty,
        at=now,
        note=note,
        data={**(data or {}), "round": case.round},
        prev=prev,
    )
    step.digest = step_digest(step)
    step.hash = next_hash(prev, seq, step.digest)
    step.save(force_insert=True)
    seal_digest(
        chain=case.chain, subject=f"step:{step.pk}", digest=step.digest, now=now
    )
    case.version = seq
    return step


def verify_steps(case: Case) -> list[str]:
    """Return the faults of the case's chain of steps; empty when it holds."""
    faults, prev, expected = [], ZERO, 1
    for step in case.steps.order_by("seq"):
        if step.seq != expected:
            faults.append(f"第 {expected} 步缺失")
        if step_digest(step) != bytes(step.digest):
            faults.append(f"第 {step.seq} 步内容被改动")
        if bytes(step.prev) != prev or next_hash(
            prev, step.seq, bytes(step.digest)
        ) != bytes(step.hash):
            faults.append(f"第 {step.seq} 步与前一步不相接")
        prev, expected = bytes(step.hash), step.seq + 1
    return faults


def verify_all_steps() -> Iterator[Fault]:
    """Yield every step of every case that was changed, or is gone from its chain."""
    links = {
        link.subject: link
        for link in Link.objects.filter(subject__startswith="step:").iterator()
    }
    steps = CaseStep.objects.select_related("case").order_by("pk")
    for step in steps.iterator(1000):
        place = f"step:{step.pk}"
        link = links.pop(place, None)
        chain = step.case.chain
        if link is None or link.chain != chain:
            yield Fault(chain, place, "the step has no link in its case's chain")
        elif not bytes(link.digest) == bytes(step.digest) == step_digest(step):
            yield Fault(chain, place, f"step {step.seq} of the case was changed")
    for place, link in links.items():
        yield Fault(link.chain, place, "the step was deleted")


def take_part(
    *,
    case: Case,
    user: User,
    duty: Duty,
    now: datetime,
    lead: bool = False,
    duties: Mapping[Duty, frozenset[int]] | None = None,
) -> CasePerson:
    """Record that ``user`` takes part in ``case`` in the function ``duty``.

    The caller holds the row lock of ``case``; ``duties`` are who takes part already,
    where the caller knows. Raises `Refused` when the person already fills a function
    that excludes it.
    """
    taken = duties_of(case) if duties is None else duties
    for other, people in taken.items():
        if user.pk in people and frozenset((duty, other)) in CONFLICTS:
            raise Refused(
                f"{user.name}已参与本案的{other.label}，不能再承担{duty.label}"
            )
    person: CasePerson | None = CasePerson.objects.filter(
        case=case, user=user, duty=duty
    ).first()
    if person is None:
        return CasePerson.objects.create(
            case=case, user=user, duty=duty, since=now, lead=lead
        )
    if lead and not person.lead:
        person.lead = True
        person.save(update_fields=["lead"])
    return person
