"""Opening clues: from alerts, or by hand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from alerts.models import Alert
from bozhou_eco.accounts.access import current_user, role_required
from bozhou_eco.accounts.models import District, Role
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from enforcement.domain.given import parse, problems
from enforcement.domain.kinds import CaseKind, Source
from enforcement.domain.workflow import Field, FieldKind, Refused
from enforcement.forms import ActForm
from enforcement.models.cases import SEVERITIES
from enforcement.services.cases import open_case

openers = role_required(Role.OFFICER, Role.REVIEWER, Role.LEADER)
BY_HAND = tuple(
    (source.value, source.label)
    for source in Source
    if source not in (Source.ALERT, Source.CAPTURE, Source.STATION)
)


@openers
@require_POST
def open_from_alerts(request: HttpRequest) -> HttpResponse:
    """Turn the posted alerts (``alerts``, several) into one clue and go to it."""
    user = current_user(request)
    ids = [key for pk in request.POST.getlist("alerts") if (key := whole(pk))]
    alerts = list(Alert.objects.visible_to(user).filter(pk__in=ids))
    if not alerts or len(alerts) != len(set(ids)):
        messages.error(request, "没有可以转为线索的预警。")
        return redirect("enforcement:cases")
    try:
        case = open_case(
            alerts=alerts,
            actor=user,
            now=clock.now(),
            note=request.POST.get("note", ""),
        )
    except Refused as refusal:
        messages.error(request, refusal.reason)
        return redirect("enforcement:cases")
    messages.success(request, f"已转为线索 {case.number}。")
    return redirect(case)


def _fields() -> tuple[Field, ...]:
    districts = District.objects.all()
    return (
        Field("title", "标题", most=120),
        Field("kind", "类别", FieldKind.CHOICE, tuple(CaseKind.choices())),
        Field("source", "来源", FieldKind.CHOICE, BY_HAND),
        Field("severity", "等级", FieldKind.CHOICE, SEVERITIES),
        Field("subject_name", "对象（企业、车牌、地点）", most=120),
        Field(
            "district",
            "行政区",
            FieldKind.CHOICE,
            tuple((row.code, row.name) for row in districts),
        ),
        Field("summary", "反映的情况", FieldKind.LONG),
        Field("upstream_number", "交办文号", required=False, most=60),
        Field("upstream_due", "交办时限", FieldKind.DATE, required=False, past=False),
    )


@openers
def new(request: HttpRequest) -> HttpResponse:
    """Enter a clue by hand: supervision, hotline, complaint, daily inspection."""
    fields = _fields()
    if request.method != "POST":
        form = ActForm(fields, initial={"severity": "minor"})
        return render(request, "enforcement/new.html", {"form": form})
    form = ActForm(fields, data=request.POST)
    try:
        given = parse(fields, form.answers())
        missing = problems(fields, given)
        if missing:
            raise Refused(missing[0], missing)
        code = str(given.pop("district"))
        case = open_case(
            actor=current_user(request),
            now=clock.now(),
            district=District.objects.get(code=code),
            subject_key=f"manual:{given['subject_name']}"[:120],
            **given,  # type: ignore[arg-type]
        )
    except Refused as refusal:
        context = {"form": form, "refusal": refusal}
        return render(request, "enforcement/new.html", context, status=422)
    messages.success(request, f"已登记线索 {case.number}。")
    return redirect(case)
