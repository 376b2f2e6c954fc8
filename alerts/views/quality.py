"""Rules with their tests, hit rates, and the state of the chain itself."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from alerts import rules as registry
from alerts.domain.rules import RuleError
from alerts.forms import BacktestForm, RulesForm
from alerts.models import Channel, Delivery, RuleVersion
from alerts.selectors import quality
from alerts.services import rules
from alerts.services.errors import RefusedError
from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole

RATES_OVER = timedelta(days=90)
WRITERS = (Role.OFFICER, Role.REVIEWER, Role.LEADER)
writer_required = role_required(*WRITERS)
leader_required = role_required(Role.LEADER)


@require_safe
@bureau_required
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show rules, their newest versions, and hit rates with proposals."""
    return render(request, "alerts/rules.html", _rules(request, RulesForm(), ()))


def _rules(
    request: HttpRequest, form: RulesForm, faults: tuple[object, ...]
) -> dict[str, object]:
    user = current_user(request)
    return {
        "versions": RuleVersion.objects.select_related(
            "rule", "author", "reviewer"
        ).order_by("rule__code", "-number")[:100],
        "rates": quality.rates(user, since=clock.now() - RATES_OVER),
        "budget": quality.budget(user, now=clock.now()),
        "kinds": registry.registered(),
        "form": form,
        "faults": faults,
        "may_write": user.has_role(*WRITERS),
    }


@require_POST
@writer_required
def import_rules(request: HttpRequest) -> HttpResponse:
    """Store rules from YAML as drafts, or say every fault and where it is."""
    form, user = RulesForm(request.POST), current_user(request)
    if form.is_valid():
        try:
            made = rules.import_rules(
                text=form.cleaned_data["text"], actor=user, now=clock.now()
            )
            messages.success(request, f"已存为草稿 {len(made)} 个版本")
            return redirect("alerts:rules")
        except RuleError as error:
            context = _rules(request, form, error.faults)
            return render(request, "alerts/rules.html", context, status=422)
    return render(request, "alerts/rules.html", _rules(request, form, ()), status=422)


@require_safe
@bureau_required
def export_rules(request: HttpRequest) -> HttpResponse:
    """Return the active versions, or one version, as YAML."""
    versions = RuleVersion.objects.select_related("rule")
    pk = whole(request.GET.get("version", ""))
    chosen = (
        versions.filter(pk=pk)
        if pk is not None
        else versions.filter(state=RuleVersion.State.ACTIVE)
    )
    response = HttpResponse(
        rules.export_rules(list(chosen)), content_type="application/yaml"
    )
    response["Content-Disposition"] = 'attachment; filename="rules.yaml"'
    return response


@require_safe
@bureau_required
def rule_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version with its document, its tests and what may be done with it."""
    user = current_user(request)
    version = get_object_or_404(
        RuleVersion.objects.select_related("rule", "author", "reviewer"), pk=pk
    )
    context = {
        "version": version,
        "document": rules.export_rules([version]),
        "backtests": version.backtests.all()[:10],
        "form": BacktestForm(),
        "may_write": user.has_role(*WRITERS),
        "may_review": user.has_role(Role.LEADER) and user.pk != version.author_id,
        "noisy": rules.NOISY_PER_DAY,
    }
    return render(request, "alerts/rule.html", context)


@require_POST
@writer_required
def backtest(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a version on stored history."""
    version = get_object_or_404(RuleVersion, pk=pk)
    form = BacktestForm(request.POST)
    if not form.is_valid():
        messages.error(request, "回溯天数应在 1 到 366 之间")
        return redirect("alerts:rule", pk)
    now = clock.now()
    run = rules.backtest(
        version=version,
        start=now - timedelta(days=form.cleaned_data["days"]),
        end=now,
        actor=current_user(request),
        now=now,
    )
    if run.error:
        messages.error(request, f"回溯测试失败：{run.error}")
    return redirect("alerts:rule", pk)


@require_POST
@leader_required
@identity_required()
def move_rule(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Review, activate or retire a version."""
    if act not in ("review", "activate", "retire"):
        raise Http404
    version = get_object_or_404(RuleVersion, pk=pk)
    user, now = current_user(request), clock.now()
    try:
        if act == "review":
            rules.review_rule(version=version, actor=user, now=now)
        elif act == "activate":
            rules.activate_rule(
                version=version,
                actor=user,
                now=now,
                confirmed=request.POST.get("confirmed") == "1",
            )
        else:
            rules.retire_rule(version=version, actor=user, now=now)
        messages.success(request, "已更新规则状态")
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("alerts:rule", pk)


@require_safe
@bureau_required
def chain(request: HttpRequest) -> HttpResponse:
    """Show canaries with their end-to-end time, heartbeats, channels, the test phone."""
    user = current_user(request)
    context = {
        "canaries": quality.canaries(),
        "heartbeats": quality.heartbeats(clock.now()),
        "channels": Channel.objects.all(),
        "may_test": user.has_role(Role.OFFICER, Role.LEADER),
        "phone": Delivery.objects.filter(
            channel__kind=Channel.Kind.PHONE, user=user, sent_at__isnull=False
        ).order_by("-sent_at")[:20],
    }
    return render(request, "alerts/chain.html", context)
