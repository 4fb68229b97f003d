"""`python -m web demo`: a database with made-up conversations, and accounts to look at them with."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from web.config import config
from web.demo import accounts, store
from web.overview.counting import count_due

_REFUSED = (
    "This database holds conversations that are no demo. `make demo` uses a database of its own; to put made-up ones "
    "beside the real ones all the same, add --into-real-database."
)


class Command(BaseCommand):
    help = "Fills a database with made-up conversations, and makes accounts to look at them with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--conversations", type=int, default=2000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--days", type=int, default=60, help="the days they are spread over")
        parser.add_argument("--now", type=datetime.fromisoformat, help="when the last one was; with a time zone")
        parser.add_argument("--into-real-database", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = options["now"] or timezone.now()
        if timezone.is_naive(now):
            raise CommandError("--now needs a time zone, such as 2026-11-25T12:00+00:00.")
        if options["conversations"] < 1 or options["days"] < 1:
            raise CommandError("--conversations and --days must be 1 or more.")
        is_demo = store.has_demo()
        is_allowed = options["into_real_database"]
        if not is_allowed and (config().is_production or (not is_demo and store.has_anything())):
            raise CommandError(_REFUSED)
        password = secrets.token_urlsafe(9)
        staff = accounts.make_accounts(password)
        if is_demo:
            self.stdout.write("The demo is there already; it is used as it is. FRESH=1 makes it anew.")
        else:
            reviewers = [staff["rita"], staff["mary"]]
            for stored in store.fill(options["conversations"], options["seed"], now, options["days"], reviewers):
                self.stderr.write(f"{stored} conversations\r", ending="")
            self.stderr.write("")
            accounts.work_a_little(staff, options["seed"])
            count_due(options["days"] + 2)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        names = ", ".join(f"{name} ({', '.join(roles)})" for name, _, _, roles in accounts.STAFF)
        self.stdout.write(f"Log in at {config().public_url}/console/ as demo, password {password}")
        self.stdout.write(f"The same password: {names}")
