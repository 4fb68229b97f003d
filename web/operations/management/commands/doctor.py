"""`python -m web doctor`: looks at a running installation and says what to put right."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from web.operations.doctor import Grade, findings


class Command(BaseCommand):
    help = "Look at a running installation and say what to put right."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        marks = {
            Grade.WELL: self.style.SUCCESS("ok  "),
            Grade.WARNING: self.style.WARNING("warn"),
            Grade.FAILED: self.style.ERROR("FAIL"),
        }
        failed = 0
        for finding in findings():
            self.stdout.write(f"{marks[finding.grade]} {finding.what}: {finding.says}")
            failed += finding.grade is Grade.FAILED
        if failed:
            raise CommandError(f"{failed} to put right.")
        self.stdout.write("Nothing has to be put right.")
