"""使用手册 at /help/: for everybody who is signed in."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from bozhou_eco.overview import manual
from bozhou_eco.overview.selectors import dictionary as words


@require_GET
@login_required
def help_page(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A page of the manual; without a name the first one."""
    pages = manual.pages()
    found = manual.page(slug) if slug else pages[0]
    if found is None:
        raise Http404
    asked = request.GET.get("q", "").strip()[:60]
    at = pages.index(found)
    context = {
        "pages": pages,
        "page": found,
        # Our own files below docs/manual, not input.
        "html": mark_safe(found.html),  # noqa: S308
        "words": asked,
        "hits": manual.search(asked) if asked else [],
        "before": pages[at - 1] if at else None,
        "after": pages[at + 1] if at + 1 < len(pages) else None,
    }
    return render(request, "overview/help.html", context)


@require_GET
@login_required
def picture(request: HttpRequest, name: str) -> FileResponse:
    """A picture of a page, as ``bin/screenshots`` wrote it."""
    path = manual.picture(name)
    if path is None:
        raise Http404
    answer = FileResponse(path.open("rb"), content_type="image/webp")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_GET
@login_required
def dictionary(request: HttpRequest) -> HttpResponse:
    """数据字典: every table and field with its words, told by the models."""
    context = {"pages": manual.pages(), "parts": words.parts()}
    return render(request, "overview/dictionary.html", context)
