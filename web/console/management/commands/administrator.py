"""`python -m web administrator`: make the first administrator's account, or another one."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from web.console.access import Role

#: The first account can do all that a small clinic needs; who wants to keep the two apart takes one role away later.
FIRST_ROLES = (Role.ADMINISTRATOR, Role.MANAGER)


class Command(BaseCommand):
    """Asks for a name and a password, which may come in on standard input for scripts."""

    help = "Make an account with the roles administrator and manager."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="The name to log in with; asked for when left out.")
        parser.add_argument(
            "--password-from-input", action="store_true", help="Read the password from standard input, one line."
        )

    def handle(self, *args: Any, name: str | None, password_from_input: bool, **options: Any) -> None:
        try:
            name = name or input("Name to log in with: ")
            password = sys.stdin.readline().rstrip("\n") if password_from_input else _asked_password()
        except (EOFError, KeyboardInterrupt) as error:
            raise CommandError("No account was made.") from error
        user = User(username=name.strip())
        try:
            user.set_password(password)
            user.full_clean()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError("No account was made. " + " ".join(error.messages)) from error
        with transaction.atomic():
            user.save()
            user.groups.set(Group.objects.filter(name__in=[role.value for role in FIRST_ROLES]))
        roles = " and ".join(role.label.lower() for role in FIRST_ROLES)
        self.stdout.write(f"{user.username} can log in at /console/ as {roles}, and make accounts for others there.")


def _asked_password() -> str:
    password = getpass.getpass("Password, 12 characters or more: ")
    if getpass.getpass("The same again: ") != password:
        raise CommandError("No account was made. The two passwords differ.")
    return password
