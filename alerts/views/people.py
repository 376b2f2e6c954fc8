"""One's own subscription and views, duty, hand-overs, and the party's self-check."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from alerts.domain.roster import Level, RosterError, gaps
from alerts.forms import DutyNoteForm, SelfCheckForm, SubscriptionForm, SwapForm
from alerts.models import (
    Channel,
    DutyNote,
    DutyShift,
    SavedView,
    SelfCheck,
    ShiftSwap,
    Subscription,
)
from alerts.services import people
from alerts.services.errors import RefusedError
from alerts.services.people import plain_shift
from alerts.services.self_checks import reply_self_check
from alerts.services.trials import try_channel
from bozhou_eco.accounts.access import bureau_required, current_user, reader_required
from bozhou_eco.accounts.models import FACT_ROLES, Role, User
from bozhou_eco.common import clock

AHEAD = timedelta(days=14)


def _say(request: HttpRequest, error: Exception) -> None:
    messages.error(request, str(error))


@require_http_methods(["GET", "HEAD", "POST"])
@reader_required
def subscriptions(request: HttpRequest) -> HttpResponse:
    """Show and change one's own subscription; list channels with a test button."""
    user = current_user(request)
    channels = list(Channel.objects.filter(enabled=True, scope=Channel.Scope.PERSON))
    form = SubscriptionForm(
        request.POST or None,
        instance=Subscription.objects.filter(user=user).first(),
        channels=[(c.code, c.name) for c in channels],
    )
    if request.method == "POST" and form.is_valid():
        given = {k: v for k, v in form.cleaned_data.items() if k != "districts"}
        people.save_subscription(
            user=user,
            given=given,
            districts=list(form.cleaned_data["districts"]),
            now=clock.now(),
        )
        messages.success(request, "已保存订阅")
        return redirect("alerts:subscriptions")
    context = {
        "form": form,
        "channels": channels,
        "views": SavedView.objects.filter(user=user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "alerts/subscriptions.html", context, status=status)


@require_POST
@reader_required
def test_channel(request: HttpRequest, code: str) -> HttpResponse:
    """Send a test message to oneself, or to a group's robot, and say what arrived."""
    user = current_user(request)
    channel = get_object_or_404(Channel, code=code, enabled=True)
    group = channel.scope == Channel.Scope.GROUP
    if group and not user.has_role(Role.OFFICER, Role.LEADER):
        raise Http404
    trial = try_channel(channel=channel, user=user, now=clock.now())
    if trial.ok:
        messages.success(
            request,
            f"{channel.name}：已发至 {trial.address or '群机器人'}，内容“{trial.text}”",
        )
    else:
        messages.error(request, f"{channel.name}：未能发出，{trial.error}")
    return redirect("alerts:chain" if group else "alerts:subscriptions")


@require_POST
@reader_required
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the present filters under a name."""
    try:
        row = people.save_view(
            user=current_user(request),
            name=request.POST.get("name", ""),
            query=request.POST.get("query", ""),
            default=request.POST.get("default") == "1",
        )
    except RefusedError as error:
        _say(request, error)
        return redirect("alerts:list")
    messages.success(request, f"已保存视图“{row.name}”")
    return redirect(f"{request.path.removesuffix('views/')}?{row.query}")


@require_POST
@reader_required
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of one's own views."""
    people.delete_view(user=current_user(request), pk=pk)
    return redirect("alerts:subscriptions")


@require_http_methods(["GET", "HEAD"])
@bureau_required
def duty(request: HttpRequest) -> HttpResponse:
    """Show who is on duty, the next fortnight, its gaps, the log, and open swaps."""
    user, now = current_user(request), clock.now()
    shifts = list(
        DutyShift.objects.visible_to(user)
        .filter(ends_at__gt=now, starts_at__lt=now + AHEAD)
        .select_related("user", "district")
    )
    mine = [s for s in shifts if s.user_id == user.pk]
    swap_form = SwapForm()
    swap_form.fields["shift"].queryset = DutyShift.objects.filter(  # type: ignore[attr-defined]
        pk__in=[s.pk for s in mine]
    )
    swap_form.fields["to"].queryset = _colleagues(user)  # type: ignore[attr-defined]
    context = {
        "now_on": [s for s in shifts if s.starts_at <= now],
        "shifts": shifts,
        "gaps": gaps(map(plain_shift, shifts), now, now + AHEAD, level=Level.DUTY)[:10],
        "mine": mine,
        "notes": DutyNote.objects.filter(
            shift__in=DutyShift.objects.visible_to(user)
        ).select_related("author", "shift")[:40],
        "swaps": ShiftSwap.objects.filter(
            Q(to_user=user) | Q(from_user=user)
        ).select_related("shift", "from_user", "to_user")[:20],
        "note_form": DutyNoteForm(),
        "swap_form": swap_form,
    }
    return render(request, "alerts/duty.html", context)


def _colleagues(user: User) -> QuerySet[User]:
    return User.objects.filter(is_active=True, roles__overlap=list(FACT_ROLES)).exclude(
        pk=user.pk
    )


@require_POST
@bureau_required
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write into the duty log of a shift."""
    user = current_user(request)
    shift = get_object_or_404(DutyShift.objects.visible_to(user), pk=pk)
    form = DutyNoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请选择类别并填写内容")
        return redirect("alerts:duty")
    try:
        people.write_note(shift=shift, actor=user, now=clock.now(), **form.cleaned_data)
    except RefusedError as error:
        _say(request, error)
    return redirect("alerts:duty")


@require_POST
@bureau_required
def ask_swap(request: HttpRequest) -> HttpResponse:
    """Ask a colleague to take one's shift."""
    user = current_user(request)
    form = SwapForm(request.POST)
    form.fields["shift"].queryset = DutyShift.objects.filter(user=user)  # type: ignore[attr-defined]
    form.fields["to"].queryset = _colleagues(user)  # type: ignore[attr-defined]
    if not form.is_valid():
        messages.error(request, "请选择班次、接班人并填写原因")
        return redirect("alerts:duty")
    try:
        people.ask_swap(actor=user, now=clock.now(), **form.cleaned_data)
        messages.success(request, "已提出换班，待对方同意")
    except (RefusedError, RosterError) as error:
        _say(request, error)
    return redirect("alerts:duty")


@require_POST
@bureau_required
def decide_swap(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to or refuse a swap."""
    user = current_user(request)
    row = get_object_or_404(ShiftSwap, pk=pk, to_user=user)
    try:
        people.decide_swap(
            request=row,
            agree=request.POST.get("agree") == "1",
            actor=user,
            now=clock.now(),
        )
    except (RefusedError, RosterError) as error:
        _say(request, error)
    return redirect("alerts:duty")


@require_POST
@reader_required
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the party's answer to a self-check."""
    user = current_user(request)
    check = get_object_or_404(SelfCheck.objects.visible_to(user), alert_id=pk)
    form = SelfCheckForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请填写原因")
        return redirect("alerts:detail", pk)
    try:
        reply_self_check(check=check, actor=user, now=clock.now(), **form.cleaned_data)
        messages.success(request, "已提交自查答复")
    except RefusedError as error:
        _say(request, error)
    return redirect("alerts:detail", pk)
