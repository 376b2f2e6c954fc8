"""Split a clue whose alerts turn out to be different matters."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from bozhou_eco.accounts.models import User
from enforcement.domain.workflow import BEFORE_FILING, Refused, State
from enforcement.models import Case, CaseAlert, CaseLink
from enforcement.services.acts import record_act
from enforcement.services.cases import open_case
from enforcement.services.locking import lock_open


@transaction.atomic
def split_case(
    *, case: Case, alert_ids: Sequence[int], note: str, actor: User, now: datetime
) -> Case:
    """Move some of a clue's alerts into a new clue and return it.

    Raises `Refused` when the clue is filed already, when no alert or every alert is
    chosen, or when an alert does not belong to the clue.
    """
    case = lock_open(case, actor, "officer", "reviewer")
    if State(case.state) not in BEFORE_FILING:
        raise Refused("只有未立案的线索可以拆分")
    if not note.strip():
        raise Refused("未填写拆分理由")
    links = list(case.alert_links.select_related("alert"))
    moving = [link for link in links if link.alert_id in set(alert_ids)]
    if not moving or len(moving) != len(set(alert_ids)):
        raise Refused("请选择属于本线索的预警")
    if len(moving) == len(links):
        raise Refused("至少要给原线索留下一条预警")
    CaseAlert.objects.filter(pk__in=[link.pk for link in moving]).delete()
    new = open_case(
        alerts=[link.alert for link in moving], actor=actor, now=now, note=note
    )
    CaseLink.objects.create(
        case=new, other=case, kind=CaseLink.Kind.SPLIT, note=note[:240], at=now
    )
    record_act(
        case=case,
        action="split",
        actor=actor,
        now=now,
        note=note,
        data={"alerts": list(alert_ids), "new": new.number},
    )
    return new
