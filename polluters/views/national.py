"""国家平台对账: a day's means beside ours, the parcels, and upload by hand."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from polluters.selectors import national as rows
from polluters.selectors import rulebook
from polluters.services import national as acts
from polluters.validity_forms import ParcelForm
from polluters.views.rates import chosen_day

SHOWN = 100


@require_GET
@bureau_required
def national(request: HttpRequest) -> HttpResponse:
    """Show a day's 对账."""
    user, now = current_user(request), clock.now()
    day = chosen_day(request.GET.get("day", ""))
    tolerance = rulebook.number("national_tolerance")
    book = rows.day_book(user, day=day, tolerance=tolerance, now=now)
    today = clock.beijing(now).date()
    context = {
        "book": book,
        "apart": book.apart[:SHOWN],
        "more": max(len(book.apart) - SHOWN, 0),
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "tolerance": tolerance,
        "days": rows.days_received(until=today),
        "parcels": rows.parcels(),
        "form": ParcelForm(),
        "may_upload": user.has_role(Role.OFFICER),
    }
    return render(request, "polluters/national.html", context)


@require_POST
@role_required(Role.OFFICER)
def national_upload(request: HttpRequest) -> HttpResponse:
    """Take a parcel that a person uploads, and show its receipt."""
    form = ParcelForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "请选择数据包（ZIP 文件）")
        return redirect("polluters:national")
    body = form.cleaned_data["parcel"].read()
    receipt = acts.take_upload(body, actor=current_user(request), now=clock.now())
    if not receipt.accepted:
        messages.error(request, f"已拒收：{'；'.join(receipt.problems[:5])}")
    else:
        text = f"批次 {receipt.number} 入库 {receipt.taken} 行"
        if receipt.refused:
            text += f"，{receipt.refused} 行未入库：{'；'.join(receipt.problems[:3])}"
        messages.success(request, text)
    return redirect("polluters:national")
