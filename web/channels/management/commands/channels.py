"""`python -m web channels check`: whether Messenger and WhatsApp are set up, and what to put right."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.channels.check import Finding, findings
from web.config import config


class Command(BaseCommand):
    help = "Test keys, subscriptions, certificate and webhook address of Messenger and WhatsApp."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("check",))

    def handle(self, *args: Any, **options: Any) -> None:
        if not (config().has_messenger or config().has_whatsapp):
            raise CommandError("Neither Messenger nor WhatsApp is set up. docs/channels.md shows each step.")
        failed = 0
        for finding in findings():
            self._tell(finding)
            failed += not finding.is_well
        if failed:
            raise CommandError(f"{failed} to put right. docs/channels.md shows where.")
        self.stdout.write("All is well. Now send a message to the page or the number, and read the answer.")

    def _tell(self, finding: Finding) -> None:
        mark = self.style.SUCCESS("ok  ") if finding.is_well else self.style.ERROR("FAIL")
        self.stdout.write(f"{mark} {finding.what}: {finding.says}")
