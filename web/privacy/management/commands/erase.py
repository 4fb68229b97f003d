"""`python -m web erase ID ...`: erase conversations again, after a backup from before their erasure was put back."""

from __future__ import annotations

import re
import sys
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web import rasa, turns
from web.conversations.models import Conversation, Erasure
from web.privacy import erasure

_LINE = re.compile(r"Erased conversation ([0-9a-f-]{36})")


class Command(BaseCommand):
    help = "Erase conversations by id. With - the ids are those of erasures in log lines on standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("conversations", nargs="+", metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        given: list[str] = options["conversations"]
        ids = _LINE.findall(sys.stdin.read()) if given == ["-"] else given
        erased = gone = 0
        for one in dict.fromkeys(ids):
            try:
                erasure.erase(uuid.UUID(one), Erasure.Via.CONSOLE)
                erased += 1
            except ValueError as error:
                raise CommandError(f"{one} is no id of a conversation.") from error
            except Conversation.DoesNotExist:
                gone += 1
            except (rasa.RasaUnavailable, turns.Busy) as error:
                raise CommandError(f"{one} could not be erased: start rasa and run this again.") from error
        self.stdout.write(f"{erased} erased, {gone} not there (any more).")
