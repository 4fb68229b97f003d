"""Who may see and do what in the console. Default deny: a view under /console/ that declares nothing stops the start.

A role is a Django group of the role's name; what it may do stands here and nowhere else. A person may have several
roles and then may do what any of them allows. Being a superuser gives nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from shared.clinic import clinic
from web.config import config
from web.console import sessions
from web.console.factors import has_factor, is_verified


class Permission(StrEnum):
    """One thing a person may do. A view needs exactly one."""

    READ = "read conversations, personal data masked"
    REVIEW = "set state, tags, notes and assignee; mark messages"
    TAKE_OVER = "pause the assistant, write to the visitor, hand back"
    EXPORT = "export conversations, personal data masked"
    REQUESTS = "see and work on call-backs and contact forms"
    REVEAL = "see personal data, with a reason that is recorded"
    ERASE = "erase a visitor's conversation and requests"
    LEARN = "turn marks into proposals for training"
    CONTENT = "see topics, sources and review dates"
    PROPOSE = "propose a new wording of a topic"
    SIGN = "sign a topic's wording"
    OVERVIEW = "see figures"
    RECORD = "see who did what"
    OPERATIONS = "see what could not be sent, and send it again"
    PRIVACY = "set how long things are kept"
    PEOPLE = "create accounts, give roles, reset second factors"


class Role(models.TextChoices):
    """The groups, by name."""

    REVIEWER = "reviewer", "Reviewer"
    MANAGER = "manager", "Manager"
    CLINICIAN = "clinician", "Clinician"
    ADMINISTRATOR = "administrator", "Administrator"


_REVIEWER = frozenset(
    {
        Permission.READ,
        Permission.REVIEW,
        Permission.TAKE_OVER,
        Permission.REQUESTS,
        Permission.CONTENT,
        Permission.OVERVIEW,
    }
)
ROLES: dict[Role, frozenset[Permission]] = {
    Role.REVIEWER: _REVIEWER,
    Role.MANAGER: _REVIEWER
    | {
        Permission.EXPORT,
        Permission.REVEAL,
        Permission.ERASE,
        Permission.LEARN,
        Permission.PROPOSE,
        Permission.RECORD,
        Permission.OPERATIONS,
    },
    Role.CLINICIAN: frozenset(
        {Permission.READ, Permission.CONTENT, Permission.PROPOSE, Permission.SIGN, Permission.OVERVIEW}
    ),
    # Runs the place without reading what visitors wrote; who has to do both gets both roles.
    Role.ADMINISTRATOR: frozenset(
        {Permission.PEOPLE, Permission.PRIVACY, Permission.RECORD, Permission.OPERATIONS, Permission.OVERVIEW}
    ),
}


def roles_of(user: User) -> list[Role]:
    """The roles a person has, in the order of `Role`."""
    names = set(user.groups.values_list("name", flat=True))
    return [role for role in Role if role.value in names]


def permissions_of(user: User) -> frozenset[Permission]:
    """All that a person's roles allow; nothing for an account that is off."""
    if not user.is_active:
        return frozenset()
    return frozenset().union(*(ROLES[role] for role in roles_of(user)))


class StaffRequest(HttpRequest):
    """The request of a logged-in person, as views that declare what they need get it."""

    user: User
    permissions: frozenset[Permission]


@dataclass(frozen=True)
class Access:
    """What a view declares: a permission; or that every person of the staff, or everyone, may open it."""

    permission: Permission | None = None
    is_open: bool = False
    #: Where the second factor is shown or set up: the password alone opens it.
    is_half: bool = False
    #: A page that asks again and again by itself does not count as someone being there. So does one that fetches a
    #: list anew, which it says by the header X-Background.
    is_background: bool = False


Arguments = ParamSpec("Arguments")
StaffView = Callable[Concatenate[StaffRequest, Arguments], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


def needs(permission: Permission, *, is_background: bool = False) -> Callable[[StaffView[Arguments]], View[Arguments]]:
    """Open a view to people with this permission: others are sent to the login, or told that it is not for them."""
    return _guarded(Access(permission, is_background=is_background))


def for_all_staff(view: StaffView[Arguments]) -> View[Arguments]:
    """Open a view to everyone who is logged in, whatever the role: one's own account."""
    return _guarded(Access())(view)


def for_half_logged_in(view: StaffView[Arguments]) -> View[Arguments]:
    """Open a view to whoever gave the right password, before the second factor: for showing or setting up that one."""
    return _guarded(Access(is_half=True))(view)


def open_to_all(view: View[Arguments]) -> View[Arguments]:
    """Open a view to everyone: the login."""

    @wraps(view)
    def open_view(request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponseBase:
        return _private(view(request, *args, **kwargs))

    return _declared(open_view, Access(is_open=True))


def _guarded(access: Access) -> Callable[[StaffView[Arguments]], View[Arguments]]:
    def decorate(view: StaffView[Arguments]) -> View[Arguments]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponseBase:
            refused = _refusal(request, access)
            # Times are those of the clinic.
            with timezone.override(clinic().time_zone or settings.TIME_ZONE):
                return _private(refused or view(cast(StaffRequest, request), *args, **kwargs))

        return _declared(guarded, access)

    return decorate


def _refusal(request: HttpRequest, access: Access) -> HttpResponse | None:
    user = request.user
    is_background = access.is_background or "X-Background" in request.headers
    if not user.is_authenticated or sessions.is_over(request, is_background=is_background):
        return _to(request, access, "console:login")
    staff = cast(StaffRequest, request)
    if not access.is_half and not is_verified(request):
        if has_factor(staff.user):
            return _to(request, access, "console:verify")
        if config().needs_second_factor:
            return _to(request, access, "console:second_factor")
    staff.permissions = frozenset() if access.is_half else permissions_of(staff.user)
    if access.permission is not None and access.permission not in staff.permissions:
        return render(request, "console/refused.html", status=403)
    return None


def _to(request: HttpRequest, access: Access, name: str) -> HttpResponse:
    """To the login or the second factor, and from there on to where the person was going."""
    if access.is_background:
        return HttpResponse(status=401)
    if request.method != "GET" or access.is_half:
        return redirect(name)
    return redirect(f"{reverse(name)}?{urlencode({'next': request.get_full_path()})}")


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _declared(view: Callable[..., HttpResponseBase], access: Access) -> View[Arguments]:
    view.console_access = access  # type: ignore[attr-defined] # a function may carry what is said of it
    return cast(View[Arguments], view)


def access_of(view: object) -> Access | None:
    """What a view declares, or None."""
    return getattr(view, "console_access", None)


def console_path(prefix: str, urls: str) -> URLResolver:
    """The addresses of one part of the console, under /console/.

    Args:
        prefix: such as "requests/", or "" for the console's own.
        urls: the module with `urlpatterns` and `app_name`.

    Raises:
        ImproperlyConfigured: one of its views does not declare who may open it.
    """
    resolver = path(f"console/{prefix}", include(urls))
    for pattern in patterns_of(resolver.url_patterns):
        if access_of(pattern.callback) is None:
            raise ImproperlyConfigured(f"{pattern} of {urls} declares no access: see web/console/access.py")
    return resolver


def patterns_of(patterns: Sequence[URLPattern | URLResolver]) -> list[URLPattern]:
    """Every pattern that leads to a view, of those below too."""
    found: list[URLPattern] = []
    for one in patterns:
        found += [one] if isinstance(one, URLPattern) else patterns_of(one.url_patterns)
    return found
