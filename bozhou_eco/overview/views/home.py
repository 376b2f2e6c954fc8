"""总览一张图."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required


@require_GET
@bureau_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs the officer now."""
    return render(request, "overview/home.html")
