"""Logging in: passwords, throttling, time-outs, the second factor, and what an administrator can do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.web.console.conftest import PASSWORD, LoggedIn, NewStaff
from web.config import Config
from web.console.access import Role
from web.privacy.models import Entry

pytestmark = pytest.mark.django_db
LOGIN, CODE, SET_UP = "/console/login", "/console/login/code", "/console/account/second-factor"


def code_of(user: User, *, steps: int = 0) -> str:
    """What the person's app shows now, or some steps of half a minute from now."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, drift=steps):06d}"


def with_factor(client: Client, user: User) -> list[str]:
    """Set up the second factor in a logged-in browser; the backup codes."""
    client.get(SET_UP)
    page = client.post(SET_UP, {"code": code_of(user)})
    return re.findall(r"<li><code>(\w+)</code>", page.content.decode())


def is_in(client: Client) -> bool:
    return client.get("/console/queue").status_code == 200


def test_passwords_are_hashed_with_argon2(new_staff: NewStaff, settings: Any) -> None:
    """As the product sets it, not as the tests do."""
    from web import settings as real

    settings.PASSWORD_HASHERS = real.PASSWORD_HASHERS
    assert new_staff(Role.REVIEWER).password.startswith("argon2$argon2id$")


def test_a_login_goes_to_where_the_person_was_going(client: Client, new_staff: NewStaff) -> None:
    """On this site, and nowhere else."""
    user = new_staff(Role.REVIEWER)
    answer = client.get("/console/conversations?kind=emergency")
    assert answer.headers["Location"] == "/console/login?next=%2Fconsole%2Fconversations%3Fkind%3Demergency"
    body = {"username": user.username, "password": PASSWORD}
    assert client.post(LOGIN, {**body, "next": "/console/messages"}).headers["Location"] == "/console/messages"
    assert client.post(LOGIN, {**body, "next": "//evil.example"}).headers["Location"] == "/console/"


def test_what_was_wrong_is_not_told(client: Client, new_staff: NewStaff) -> None:
    """A wrong password, an unknown name and an account that is off look the same."""
    user = new_staff(Role.REVIEWER)
    off = new_staff(Role.REVIEWER, name="off")
    User.objects.filter(pk=off.pk).update(is_active=False)
    pages = set()
    for name, password in ((user.username, "wrong"), ("nobody", PASSWORD), ("off", PASSWORD)):
        page = client.post(LOGIN, {"username": name, "password": password}).content.decode()
        pages.add(re.sub(r'value="[^"]*"', "", page))
    assert len(pages) == 1


def test_guessing_is_stopped(client: Client, new_staff: NewStaff) -> None:
    """After five wrong passwords the right one does not help from there, and others can still log in."""
    user, other = new_staff(Role.REVIEWER), new_staff(Role.MANAGER)
    for _ in range(5):
        client.post(LOGIN, {"username": user.username, "password": "wrong"})
    answer = client.post(LOGIN, {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 429
    assert not is_in(client)
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert elsewhere.post(LOGIN, {"username": user.username, "password": PASSWORD}).status_code == 302
    assert client.post(LOGIN, {"username": other.username, "password": PASSWORD}).status_code == 302


def test_a_list_of_names_is_stopped(client: Client, new_staff: NewStaff, monkeypatch: pytest.MonkeyPatch) -> None:
    """From one address only so many attempts are taken, whatever the names."""
    monkeypatch.setattr("web.console.login.ATTEMPTS", 3)
    user = new_staff(Role.REVIEWER)
    for number in range(3):
        client.post(LOGIN, {"username": f"name{number}", "password": "wrong"})
    assert client.post(LOGIN, {"username": user.username, "password": PASSWORD}).status_code == 429


def set_clock(client: Client, **seconds_ago: int) -> None:
    session = client.session
    for name, ago in seconds_ago.items():
        session[f"console_{name}"] -= ago
    session.save()


def test_a_login_ends_when_nobody_is_there(logged_in: LoggedIn, settings_of_web: Config) -> None:
    """After the idle time; a page that asks by itself keeps nothing alive, a person does."""
    client = logged_in(Role.REVIEWER)
    idle = round(settings_of_web.staff_idle_minutes * 60)
    set_clock(client, seen=idle - 30)
    assert client.get("/console/changes?since=0").status_code == 200
    set_clock(client, seen=60)
    assert client.get("/console/changes?since=0").status_code == 401
    client = logged_in(Role.REVIEWER, name="active")
    set_clock(client, seen=idle - 30)
    assert is_in(client)
    set_clock(client, seen=idle - 30)
    assert is_in(client)


def test_a_login_ends_after_its_time(logged_in: LoggedIn, settings_of_web: Config) -> None:
    """However busy the person is; and a session without its times is none."""
    client = logged_in(Role.REVIEWER)
    set_clock(client, began=round(settings_of_web.staff_session_hours * 3600) + 1)
    assert not is_in(client)
    bare = Client()
    bare.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    assert not is_in(bare)


def test_the_second_factor_from_set_up_to_login(logged_in: LoggedIn) -> None:
    """A wrong code does nothing; then code and backup codes each work once, and the password alone opens nothing."""
    client = logged_in(Role.REVIEWER)
    user = User.objects.get()
    assert 'role="img"' in client.get(SET_UP).content.decode()
    assert "not right" in client.post(SET_UP, {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0)
    codes = with_factor(client, user)
    assert len(set(codes)) == 10
    assert is_in(client)
    again = Client()
    again.post(LOGIN, {"username": user.username, "password": PASSWORD})
    assert again.get("/console/queue").headers["Location"] == "/console/login/code?next=%2Fconsole%2Fqueue"
    assert again.get(SET_UP).headers["Location"] == CODE, "who has one can't replace it with the password alone"
    assert again.post("/console/account/backup-codes").status_code == 302
    assert "not right" in again.post(CODE, {"code": "999999"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0)
    StaticToken.objects.first().device.__class__.objects.update(throttling_failure_count=0)  # type: ignore[union-attr]
    answer = again.post(CODE, {"code": f" {codes[0].upper()} ", "next": "/console/messages"})
    assert answer.headers["Location"] == "/console/messages"
    assert is_in(again)
    third = Client()
    third.post(LOGIN, {"username": user.username, "password": PASSWORD})
    third.post(CODE, {"code": codes[0]})
    assert not is_in(third)


def test_codes_can_not_be_guessed(logged_in: LoggedIn) -> None:
    """After a wrong one even the right one has to wait."""
    client = logged_in(Role.REVIEWER)
    user = User.objects.get()
    codes = with_factor(client, user)
    again = Client()
    again.post(LOGIN, {"username": user.username, "password": PASSWORD})
    again.post(CODE, {"code": "123456"})
    again.post(CODE, {"code": codes[1]})
    assert not is_in(again)


@pytest.mark.parametrize(("environment", "setting"), [("production", False), ("development", True)])
def test_where_it_is_required_nothing_opens_without(
    logged_in: LoggedIn, settings_of_web: Config, monkeypatch: pytest.MonkeyPatch, environment: str, setting: bool
) -> None:
    """In production always; elsewhere by a setting."""
    client = logged_in(Role.REVIEWER)
    monkeypatch.setattr(settings_of_web, "environment", environment)
    monkeypatch.setattr(settings_of_web, "staff_second_factor", setting)
    assert client.get("/console/queue").headers["Location"].startswith(SET_UP)
    assert client.get("/console/account").status_code == 302
    with_factor(client, User.objects.get())
    assert is_in(client)


def test_new_backup_codes_end_the_old_ones(logged_in: LoggedIn) -> None:
    """And are shown once."""
    client = logged_in(Role.REVIEWER)
    old = with_factor(client, User.objects.get())
    new = re.findall(r"<li><code>(\w+)</code>", client.post("/console/account/backup-codes").content.decode())
    assert not set(old) & set(new)
    assert set(new) == set(StaticToken.objects.values_list("token", flat=True))


def test_a_new_password_ends_other_logins(logged_in: LoggedIn, client: Client) -> None:
    """In every other browser."""
    here = logged_in(Role.REVIEWER)
    user = User.objects.get()
    client.post(LOGIN, {"username": user.username, "password": PASSWORD})
    new = "another long made-up one"
    body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert "is changed" in here.post("/console/account", body, follow=True).content.decode()
    assert is_in(here)
    assert not is_in(client)
    assert (
        "too short"
        in here.post("/console/account", {**body, "new_password1": "x", "new_password2": "x"}).content.decode()
    )


def test_an_administrator_makes_an_account(logged_in: LoggedIn) -> None:
    """The person sets the password with a link that works once; the account does what its role may."""
    administrator = logged_in(Role.ADMINISTRATOR)
    body = {"username": "rita", "first_name": "Rita", "last_name": "", "roles": ["reviewer"]}
    page = administrator.post("/console/people", body).content.decode()
    path = re.search(r'value="http://localhost:8000(/console/welcome/[^"]+)"', page)
    assert path is not None
    rita, short = Client(), {"new_password1": "short", "new_password2": "short"}
    assert "too short" in rita.post(path[1], short).content.decode()
    assert rita.post(path[1], {"new_password1": PASSWORD, "new_password2": PASSWORD}).status_code == 302
    assert "is over" in rita.get(path[1]).content.decode()
    rita.post(LOGIN, {"username": "rita", "password": PASSWORD})
    assert is_in(rita)
    assert rita.get("/console/people").status_code == 403
    assert Entry.objects.filter(event="setting").count() == 2
    assert "already exists" in administrator.post("/console/people", body).content.decode()


@pytest.mark.parametrize("path", ["MQ/x", "x/x", "OTk5/abc-def", "////x"])
def test_a_made_up_link(client: Client, path: str) -> None:
    """Opens nothing, and breaks nothing."""
    assert client.get(f"/console/welcome/{path}").status_code in {200, 404}
    assert not User.objects.exists()


def test_a_link_is_over_after_a_day(logged_in: LoggedIn, new_staff: NewStaff, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in an old chat, it is of no use."""
    other = new_staff(Role.REVIEWER, name="other")
    page = logged_in(Role.ADMINISTRATOR).post(f"/console/people/{other.pk}/change", {"do": "link"}).content.decode()
    path = re.search(r'value="http://localhost:8000(/console/welcome/[^"]+)"', page)
    assert path is not None
    from django.contrib.auth.tokens import PasswordResetTokenGenerator

    later = timezone.now().replace(tzinfo=None) + timedelta(hours=26)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert "is over" in Client().get(path[1]).content.decode()


def test_accounts_are_changed(logged_in: LoggedIn, new_staff: NewStaff) -> None:
    """Roles at once, turned off at once, the second factor reset."""
    administrator, reviewer = logged_in(Role.ADMINISTRATOR), logged_in(Role.REVIEWER)
    user = User.objects.get(username="reviewer")
    path = f"/console/people/{user.pk}/change"
    administrator.post(path, {"do": "roles", "roles": ["clinician", "nonsense"]})
    assert reviewer.get("/console/messages").status_code == 403
    with_factor(reviewer, user)
    administrator.post(path, {"do": "factor"})
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    administrator.post(path, {"do": "off"})
    assert reviewer.get("/console/").headers["Location"].startswith(LOGIN)
    administrator.post(path, {"do": "on"})
    user.refresh_from_db()
    assert user.is_active


def test_the_last_administrator_stays(logged_in: LoggedIn, new_staff: NewStaff) -> None:
    """Neither turned off nor without the role, until there is another who can log in."""
    client = logged_in(Role.ADMINISTRATOR)
    user = User.objects.get()
    off = new_staff(Role.ADMINISTRATOR, name="off")
    User.objects.filter(pk=off.pk).update(is_active=False)
    path = f"/console/people/{user.pk}/change"
    for body in ({"do": "off"}, {"do": "roles", "roles": ["reviewer"]}, {"do": "roles"}):
        assert "last administrator" in client.post(path, body, follow=True).content.decode()
        user.refresh_from_db()
        assert user.is_active
        assert user.groups.filter(name="administrator").exists()
    User.objects.filter(pk=off.pk).update(is_active=True)
    client.post(path, {"do": "off"})
    user.refresh_from_db()
    assert not user.is_active


def test_the_first_administrator_is_made_by_a_command(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a good password and a free name, and may do all that a small clinic needs."""
    import io

    def make(name: str, password: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        call_command("administrator", name, "--password-from-input", stdout=io.StringIO())

    for name, password in (("ada", "short"), ("", PASSWORD), ("ada", "password1234")):
        with pytest.raises(CommandError, match="No account was made"):
            make(name, password)
    make("ada", PASSWORD)
    with pytest.raises(CommandError, match="already exists"):
        make("ada", PASSWORD)
    client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    assert is_in(client)
    assert client.get("/console/people").status_code == 200


def test_no_line_of_a_log_names_who_tried(client: Client, log: Any) -> None:
    """Neither name nor address nor password of a failed login."""
    for _ in range(7):
        client.post(LOGIN, {"username": "someone-private", "password": "a secret"})
    assert "someone-private" not in log.getvalue()
    assert "a secret" not in log.getvalue()
    assert "127.0.0.1" not in log.getvalue()


def test_the_start_names_how_to_make_the_first_account(new_staff: NewStaff, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until someone can manage the accounts; one who is turned off can't."""
    from django.db import connections

    from web.__main__ import _how_to_begin

    monkeypatch.setattr(connections, "close_all", lambda: None)  # the thread's; here it is the test's
    off = new_staff(Role.ADMINISTRATOR, name="off")
    User.objects.filter(pk=off.pk).update(is_active=False)
    assert "make staff" in _how_to_begin()
    new_staff(Role.ADMINISTRATOR)
    assert _how_to_begin() == ""
