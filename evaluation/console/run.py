"""One database filled and measured: `python -m evaluation.console.run MESSAGES`. Prints the result as JSON.

`DATABASE_URL` of the environment names it; it has to be empty, or filled by this.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

import django


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.urls import get_resolver

    from evaluation.console.fill import NAME, fill
    from evaluation.console.measure import measure
    from shared import starting
    from web.conversations.models import Conversation
    from web.overview.counting import count_due

    messages = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    # Imported now: a fill takes minutes, and a fault of the code shows before it.
    get_resolver().url_patterns  # noqa: B018 (reading them imports every view)
    began = time.monotonic()
    if not User.objects.filter(username=NAME).exists():
        fill(messages)
    filled = time.monotonic() - began
    conversations = Conversation.objects.count()
    print(f"{conversations} conversations with {messages} messages in {filled:.0f} s", file=sys.stderr, flush=True)
    began = time.monotonic()
    days = count_due(10_000)
    counted = time.monotonic() - began
    print(f"{days} days counted in {counted:.0f} s", file=sys.stderr, flush=True)
    # As `web serve` does; what filling leaves behind is none of the pages' work.
    starting.end()
    result = {
        "messages": messages, "conversations": conversations, "filled": filled, "days": days, "counted": counted,
        "cases": [asdict(case) for case in measure()],
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
