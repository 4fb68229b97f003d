"""`python -m web marks export FILE`, `unanswered FILE` and `learned FILE`: what `make learn` and `make topics` need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.learning import lessons


class Command(BaseCommand):
    help = "Write marks or unanswered questions, masked; or keep what was learned from marks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("export", "unanswered", "learned"))
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            match options["what"]:
                case "export":
                    count = lessons.write(lessons.marks_to_learn(), path, "marks to learn")
                    self.stdout.write(f"{count} marks, masked, in {path}")
                case "unanswered":
                    count = lessons.write(lessons.unanswered(), path, "unanswered questions")
                    self.stdout.write(f"{count} questions, masked, in {path}")
                case _:
                    lesson = lessons.keep(path)
                    self.stdout.write(f"{len(lesson.learned)} marks are learned; the console shows the lesson.")
        except (lessons.NotAReport, OSError) as error:
            raise CommandError(str(error)) from error
