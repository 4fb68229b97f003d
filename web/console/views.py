"""The start page, and one's own account."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from web.console.access import StaffRequest, for_all_staff
from web.console.navigation import first_page


@for_all_staff
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """The first page of the person's menu."""
    return redirect(first_page(request.permissions) or "console:account")


@for_all_staff
@require_safe
def account(request: StaffRequest) -> HttpResponse:
    """What this account is and may do."""
    return render(request, "console/account.html")
