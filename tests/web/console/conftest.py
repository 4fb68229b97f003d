"""People of the staff, logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import Browser, Page

from scripts.console_screens import Device, demo, log_in
from web.console.access import Role

PASSWORD = "a long made-up password"
NewStaff = Callable[..., User]
LoggedIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; what is tested here is not how slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def new_staff(db: None) -> NewStaff:
    """An account with these roles."""

    def new(*roles: Role, name: str = "") -> User:
        user = User.objects.create_user(name or "-".join(roles) or "nobody", password=PASSWORD)
        user.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in roles])
        return user

    return new


@pytest.fixture
def logged_in(new_staff: NewStaff) -> LoggedIn:
    """A browser in which someone with these roles has logged in."""

    def log_in(*roles: Role, name: str = "") -> Client:
        client = Client()
        who = new_staff(*roles, name=name)
        answer = client.post("/console/login", {"username": who.username, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return log_in


@dataclass(frozen=True)
class DemoSite:
    """The demo, served; and its people."""

    address: str
    password: str
    browser: Browser

    def person(self, name: str, device: Device) -> Page:
        """A browser in which one of the demo's people has logged in: rita, mary, carl, ada, or demo, who may do all."""
        page = log_in(self.browser, self.address, self.password, device, name)
        page.context.set_default_timeout(30_000)
        return page


@pytest.fixture(scope="session")
def _demo() -> Iterator[tuple[str, str]]:
    with demo(160) as (address, password):
        yield address, password


@pytest.fixture
def demo_site(_demo: tuple[str, str], browser: Browser) -> Iterator[DemoSite]:
    """The console with made-up conversations, in a real browser."""
    yield DemoSite(*_demo, browser)
    for context in browser.contexts:
        context.close()
