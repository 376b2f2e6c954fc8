"""Taking a case out: the bundle, the history of the facts, every form, the calendar."""

from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from enforcement.domain.documents import FORMS
from enforcement.models import SummaryRevision
from enforcement.selectors.feed import calendar_text
from enforcement.selectors.page import word_diff
from enforcement.services.bundles import export_bundle
from enforcement.views.common import bureau_case

SALT = "enforcement.feed"


@bureau_required
@identity_required()
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the case as a zip that anyone can verify offline."""
    case, user = bureau_case(request, pk), current_user(request)
    content = export_bundle(case=case, actor=user, now=clock.now())
    response = HttpResponse(content, content_type="application/zip")
    header = content_disposition_header(True, f"{case.display_number}.zip")
    if header:
        response["Content-Disposition"] = header
    return response


@bureau_required
def revisions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every version of the facts with what changed."""
    case = bureau_case(request, pk)
    rows = list(case.revisions.select_related("author").order_by("id"))
    pairs: list[tuple[SummaryRevision, list[object]]] = []
    before = ""
    for row in rows:
        pieces: list[object] = [*word_diff(before, row.text)] if before else []
        pairs.append((row, pieces))
        before = row.text
    return render(
        request, "enforcement/revisions.html", {"case": case, "pairs": pairs[::-1]}
    )


@bureau_required
def catalogue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every form that can be made, and how many the case has of each."""
    case = bureau_case(request, pk)
    made: dict[str, int] = {}
    for kind in case.documents.exclude(state="draft").values_list("kind", flat=True):
        made[kind] = made.get(kind, 0) + 1
    forms = [(form, made.get(form.kind.value, 0)) for form in FORMS.values()]
    return render(request, "enforcement/catalogue.html", {"case": case, "forms": forms})


def feed_address(user: User) -> str:
    """Return the path of a person's calendar; it works without signing in."""
    token = Signer(salt=SALT).sign(str(user.pk))
    return reverse("enforcement:feed", args=[token])


@bureau_required
def feed_page(request: HttpRequest) -> HttpResponse:
    """Show the address to subscribe to."""
    address = request.build_absolute_uri(feed_address(current_user(request)))
    return render(request, "enforcement/feed.html", {"address": address})


def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Send the last lawful days of a person's cases as iCalendar."""
    try:
        pk = int(Signer(salt=SALT).unsign(token))
    except (BadSignature, ValueError) as error:
        raise Http404 from error
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or not user.reads_facts:
        raise Http404
    base = request.build_absolute_uri("/").rstrip("/")
    text = calendar_text(user=user, now=clock.now(), base=base)
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")
