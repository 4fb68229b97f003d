"""`python -m web restore BACKUP`: put the databases of a backup in place, with all processes stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.operations.backup import restore
from web.operations.databases import OperationFailed


class Command(BaseCommand):
    help = "Put the databases of a backup in place. Stop all processes first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path)
        parser.add_argument("--replace", action="store_true", help="also where there are databases now")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            notes = restore(options["backup"], replace=options["replace"])
        except OperationFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. Now run `python -m web migrate`, start the processes, and `python -m web doctor`.")
        for note in notes:
            self.stdout.write(self.style.WARNING(note))
