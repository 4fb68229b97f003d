"""`python -m web backup FOLDER`: a copy of both databases, while the assistant runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.operations.backup import back_up
from web.operations.databases import OperationFailed


class Command(BaseCommand):
    help = "Write a backup of both databases into a folder; the assistant may run meanwhile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--keep", type=int, default=None, help="remove all but the newest so many")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep is 1 or more.")
        try:
            done = back_up(options["folder"], keep=options["keep"])
        except OperationFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Backed up into {done}")
