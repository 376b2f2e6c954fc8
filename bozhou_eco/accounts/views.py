"""The question who is there, asked in a page of its own; and no way round it by mail."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from bozhou_eco.accounts.identity import (
    FIELD,
    confirmed_recently,
    prove,
    question_page,
)


@never_cache
@sensitive_post_parameters(FIELD)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def identity(request: HttpRequest) -> HttpResponse:
    """Ask for password or code; then say that it is done and where to go on."""
    onward = request.POST.get("next", request.GET.get("next", ""))
    if not url_has_allowed_host_and_scheme(
        onward, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        onward = ""
    if request.method == "POST":
        error = prove(request, request.POST.get(FIELD, ""))
    else:
        error = "" if confirmed_recently(request) else "ask"
    if not error:
        return render(request, "account/identity_done.html", {"onward": onward})
    return question_page(request, error="" if error == "ask" else error, onward=onward)


def no_reset(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer 404: nobody gets a new password by mail, an administrator sets it."""
    raise Http404("口令由系统管理员重置")
