"""`python -m web record verify`: whether the record of who saw what is as it was written."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.privacy.record import first_break, head


class Command(BaseCommand):
    help = "Check the chain of the record, and name the first link that does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("verify",))
        parser.add_argument("--from", dest="known", help="an entry noted earlier, as NUMBER:DIGEST")

    def handle(self, *args: Any, **options: Any) -> None:
        found = first_break(_noted(options["known"]))
        if found is not None:
            raise CommandError(f"The record does not hold: entry {found.number} {found.what}.")
        number, digest = head()
        self.stdout.write(f"The record holds: {number} entries. Note this outside the database: {number}:{digest}")


def _noted(known: str | None) -> tuple[int, str] | None:
    if known is None:
        return None
    if not re.fullmatch(r"[1-9]\d*:[0-9a-f]{64}", known):
        raise CommandError("--from takes a number, a colon and 64 hexadecimal digits, as verify prints them.")
    number, _, digest = known.partition(":")
    return int(number), digest
