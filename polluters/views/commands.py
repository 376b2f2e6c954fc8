"""反控 on the outlet page: ask for a command, agree to another person's, see the result."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from polluters.domain.commands import FORMS, CommandForm, forms_for
from polluters.models import DeviceCommand, Logger, Outlet, Point
from polluters.selectors.commands import DECIDERS, REQUESTERS, command_rows
from polluters.services import commands
from polluters.views.outlets import visible_outlet


def _context(request: HttpRequest, outlet: Outlet) -> dict[str, object]:
    user = current_user(request)
    rows = command_rows(outlet=outlet, user=user)
    return {
        "outlet": outlet,
        "firm": outlet.enterprise,
        "tab": "commands",
        "rows": rows,
        "busy": any(row.command.state in DeviceCommand.OPEN[1:] for row in rows),
        "may_request": user.has_role(*REQUESTERS),
    }


def _form_context(
    outlet: Outlet, given: dict[str, str], errors: list[str]
) -> dict[str, object]:
    loggers = list(outlet.loggers.filter(active=True))
    logger = next((one for one in loggers if str(one.pk) == given.get("logger")), None)
    logger = logger or (loggers[0] if loggers else None)
    version = logger.version if logger else 2017
    form = FORMS.get(given.get("cn", ""))
    return {
        "loggers": loggers,
        "chosen": logger,
        "choices": forms_for(version),
        "form": form,
        "fields": _fields(form, logger, given),
        "given": given,
        "errors": errors,
    }


def _fields(
    form: CommandForm | None, logger: Logger | None, given: dict[str, str]
) -> list[dict[str, object]]:
    if form is None or logger is None:
        return []
    points = Point.objects.filter(logger=logger, active=True).select_related(
        "pollutant"
    )
    return [
        {
            "field": field,
            "value": given.get(field.name, ""),
            "factors": list(points) if field.kind == "factor" else [],
        }
        for field in form.fields
    ]


@require_GET
@bureau_required
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an outlet's commands: as a fragment to a page that asks, else as a page."""
    outlet = visible_outlet(request, pk)
    context = _context(request, outlet)
    if request.GET.get("part") == "list":
        return render(request, "polluters/_command_list.html", context)
    context |= _form_context(outlet, request.GET.dict(), [])
    name = "_commands" if request.headers.get("HX-Request") else "commands"
    return render(request, f"polluters/{name}.html", context)


@require_GET
@role_required(*REQUESTERS)
def fields(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the fields of the chosen command."""
    outlet = visible_outlet(request, pk)
    context = {"outlet": outlet} | _form_context(outlet, request.GET.dict(), [])
    return render(request, "polluters/_command_fields.html", context)


@require_POST
@role_required(*REQUESTERS)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a command; what is wrong comes back with the form, as 422."""
    outlet = visible_outlet(request, pk)
    given = request.POST.dict()
    logger = get_object_or_404(
        outlet.loggers.all(), pk=whole(given.get("logger", "")) or 0
    )
    try:
        commands.request_command(
            logger=logger,
            cn=given.get("cn", ""),
            given=given,
            reason=given.get("reason", ""),
            actor=current_user(request),
            now=clock.now(),
        )
    except commands.CommandError as error:
        context = _context(request, outlet) | _form_context(
            outlet, given, error.messages
        )
        name = "_commands" if request.headers.get("HX-Request") else "commands"
        return render(request, f"polluters/{name}.html", context, status=422)
    return _back(request, outlet)


def _approves(request: HttpRequest, pk: int, act: str) -> bool:
    return act == "approve"


@require_POST
@bureau_required
@identity_required(_approves)
def decide(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Approve, refuse or take back a command; what is refused comes back as 422."""
    if act not in ("approve", "refuse", "cancel"):
        raise Http404(act)
    user, now = current_user(request), clock.now()
    command = get_object_or_404(
        DeviceCommand.objects.visible_to(user).select_related("logger__outlet"), pk=pk
    )
    outlet = visible_outlet(request, command.logger.outlet_id)
    note = request.POST.get("note", "")
    if act != "cancel" and not user.has_role(*DECIDERS):
        raise PermissionDenied("当前角色不能复核反控命令")
    try:
        if act == "approve":
            commands.approve_command(command=command, actor=user, now=now, note=note)
        elif act == "refuse":
            commands.refuse_command(command=command, actor=user, now=now, note=note)
        else:
            commands.cancel_command(command=command, actor=user, now=now)
    except commands.CommandError as error:
        context = _context(request, outlet) | _form_context(outlet, {}, error.messages)
        name = "_commands" if request.headers.get("HX-Request") else "commands"
        return render(request, f"polluters/{name}.html", context, status=422)
    return _back(request, outlet)


def _back(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return redirect("polluters:commands", pk=outlet.pk)
    context = _context(request, outlet) | _form_context(outlet, {}, [])
    return render(request, "polluters/_commands.html", context)
