"""The console's menu. Each part registers its entries when its application is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from shared.clinic import clinic
from web.console.access import Permission, Role, roles_of


@dataclass(frozen=True)
class Entry:
    """One entry: shown to whoever may open it.

    `count`, if there is one, gives a number to show beside it (overdue requests ...); it has to be fast, because every
    page asks for it. `match` lists the URL names of the pages that belong to it, besides its own.
    """

    title: str
    url_name: str
    permission: Permission
    order: int
    count: Callable[[], int] | None = None
    match: tuple[str, ...] = ()


_entries: list[Entry] = []


def register(entry: Entry) -> None:
    """Put an entry into the menu; call it in the application's `ready`."""
    _entries.append(entry)
    _entries.sort(key=lambda one: one.order)


def console(request: HttpRequest) -> dict[str, object]:
    """Context processor: what the frame of every console page shows."""
    match = request.resolver_match
    if not request.path.startswith("/console/"):
        return {}
    user = request.user
    if not user.is_authenticated:
        return {"clinic_name": clinic().name}
    # Before the second factor there are none.
    permissions: frozenset[Permission] = getattr(request, "permissions", frozenset())
    here = match.view_name if match else ""
    menu = [
        {
            "title": entry.title,
            "url": reverse(entry.url_name),
            "is_here": here == entry.url_name or here in entry.match,
            "count": entry.count() if entry.count else 0,
        }
        for entry in _entries
        if entry.permission in permissions
    ]
    return {
        "clinic_name": clinic().name,
        "menu": menu,
        "may": {permission.name.lower(): permission in permissions for permission in Permission},
        "roles": [Role(role).label for role in roles_of(user)],
    }


def first_page(permissions: frozenset[Permission]) -> str | None:
    """The URL name of the first entry a person may open."""
    return next((entry.url_name for entry in _entries if entry.permission in permissions), None)
