"""Default deny: every address of the console as every role, and what is not declared does not start."""

from __future__ import annotations

import types
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, path

from tests.web.console.conftest import LoggedIn, NewStaff
from web.console.access import ROLES, Permission, Role, access_of, console_path, patterns_of, permissions_of
from web.conversations.models import Conversation

pytestmark = pytest.mark.django_db


def console_patterns() -> list[tuple[str, URLPattern]]:
    """Every address under /console/, with what leads there."""
    found = []
    for resolver in get_resolver().url_patterns:
        prefix = str(resolver.pattern)
        if prefix.startswith("console/"):
            assert not isinstance(resolver, URLPattern), "addresses of the console come through console_path"
            found += [(f"/{prefix}", pattern) for pattern in patterns_of(resolver.url_patterns)]
    return found


PATTERNS = console_patterns()


def address(prefix: str, pattern: URLPattern) -> str:
    """An address of this pattern, with ids of nothing."""
    if "<str:name>/<str:token>" in str(pattern.pattern):
        return f"{prefix}welcome/MQ/x"
    parts = {"uuid": str(uuid.UUID(int=7)), "int": "7", "str": "x", "slug": "x"}
    route = str(pattern.pattern)
    for kind, value in parts.items():
        while f"<{kind}:" in route:
            before, _, rest = route.partition(f"<{kind}:")
            route = before + value + rest.partition(">")[2]
    assert "<" not in route, f"{route}: give its kind of part a value here"
    return prefix + route


def test_there_are_addresses() -> None:
    """The walk below walks something."""
    assert len(PATTERNS) > 5


@pytest.mark.parametrize(("prefix", "pattern"), PATTERNS, ids=lambda one: str(one))
def test_every_address_without_a_login(client: Client, prefix: str, pattern: URLPattern) -> None:
    """Leads to the login, or says so to a page that asks by itself; only what is declared open opens."""
    access = access_of(pattern.callback)
    assert access is not None
    for method in (client.get, client.post):
        answer = method(address(prefix, pattern))
        if access.is_open:
            assert answer.status_code in {200, 302, 405}
        elif access.is_background:
            assert answer.status_code == 401
        else:
            assert answer.status_code == 302
            assert answer.headers["Location"].startswith("/console/login")


@pytest.mark.parametrize("role", list(Role))
def test_every_address_as_every_role(logged_in: LoggedIn, role: Role) -> None:
    """Opens with the permission it declares, and is refused without; nothing breaks."""
    client = logged_in(role)
    for prefix, pattern in PATTERNS:
        access = access_of(pattern.callback)
        assert access is not None
        if access.is_open or access.is_half:
            continue
        allowed = access.permission is None or access.permission in ROLES[role]
        for method in (client.get, client.post):
            status = method(address(prefix, pattern)).status_code
            where = f"{role} at {address(prefix, pattern)}: {status}"
            if allowed:
                assert status in {200, 302, 400, 404, 405}, where
            else:
                assert status == 403, where


def test_no_role_opens_nothing(logged_in: LoggedIn) -> None:
    """An account without a role sees its own account alone, and a superuser is no exception."""
    client = logged_in(name="new")
    User.objects.update(is_superuser=True, is_staff=True)
    assert client.get("/console/", follow=True).redirect_chain[-1][0] == "/console/account"
    assert client.get("/console/queue").status_code == 403


def test_roles_add_up(new_staff: NewStaff) -> None:
    """Someone with two roles may do what either allows; an account that is off may do nothing."""
    both = new_staff(Role.CLINICIAN, Role.ADMINISTRATOR)
    assert permissions_of(both) == ROLES[Role.CLINICIAN] | ROLES[Role.ADMINISTRATOR]
    both.is_active = False
    assert permissions_of(both) == frozenset()


def test_every_permission_is_someones() -> None:
    """A permission no role has would lock a page for all."""
    assert frozenset().union(*ROLES.values()) == frozenset(Permission)


def test_an_address_that_declares_nothing_stops_the_start() -> None:
    """A forgotten declaration is found before anyone can use the page."""
    urls = types.ModuleType("undeclared")
    urls.app_name = "undeclared"  # type: ignore[attr-defined]
    urls.urlpatterns = [path("", lambda request: HttpResponse())]  # type: ignore[attr-defined]
    with pytest.raises(ImproperlyConfigured, match="declares no access"):
        console_path("undeclared/", urls)  # type: ignore[arg-type]


def test_a_conversation_is_shown_and_its_view_recorded(logged_in: LoggedIn) -> None:
    """Masked, escaped, and never kept by a cache."""
    conversation = Conversation.objects.create()
    conversation.messages.create(external_id="1", text="<b>call me at 310 555 0123</b>")
    page = logged_in(Role.REVIEWER).get(f"/console/conversations/{conversation.pk}")
    assert "&lt;b&gt;call me at [phone]&lt;/b&gt;" in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
