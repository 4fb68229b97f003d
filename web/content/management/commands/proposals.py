"""`python -m web proposals`: the wordings that wait for an engineer, as a list or as a patch of `data/`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from web.content.models import Proposal
from web.content.proposals import PatchError, is_stale, note_merged, patch


class Command(BaseCommand):
    help = "Lists the proposed wordings that wait; with --patch writes them as a patch for `git apply`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="only these proposals")
        parser.add_argument("--patch", action="store_true", help="write a patch to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        note_merged()
        waiting = Proposal.objects.filter(state=Proposal.State.OPEN).select_related("author").order_by("pk")
        if options["ids"]:
            waiting = waiting.filter(pk__in=options["ids"])
        if options["patch"]:
            try:
                self.stdout.write(patch(list(waiting)), ending="")
            except PatchError as error:
                raise CommandError(str(error)) from error
            return
        for proposal in waiting:
            by = proposal.author.get_username() if proposal.author else "someone who left"
            changed = "  (the reply was changed since)" if is_stale(proposal) else ""
            self.stdout.write(f"{proposal.pk}  data/{proposal.path}  {proposal.response}  by {by}{changed}")
        if not waiting:
            self.stdout.write("No wording waits. Those that are in data/ by now count as merged.")
