"""`python -m web keys check` and `keys rotate`: the keys of what stands encrypted in the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.privacy import keys
from web.privacy.record import Event, record


class Command(BaseCommand):
    help = "Check that every encrypted value can be read; or encrypt all with the first key of DATA_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("check", "rotate"))

    def handle(self, *args: Any, **options: Any) -> None:
        is_rotation = options["what"] == "rotate"
        count = keys.rotate() if is_rotation else keys.check()
        if is_rotation:
            record(None, Event.ROTATE, "DATA_KEYS", values=str(count.values), changed=str(count.changed))
        done = "now have the first key" if is_rotation else "do not have the first key"
        self.stdout.write(f"{count.values} values; {count.changed} {done}.")
        if count.unreadable:
            raise CommandError(f"{count.unreadable} can't be read: DATA_KEYS lacks their key. They were left alone.")
        if is_rotation:
            self.stdout.write("Every key behind the first one may go.")
