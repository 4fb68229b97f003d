"""One database filled and measured: `python -m evaluation.console.run MESSAGES`. Prints the result as JSON.

`DATABASE_URL` of the environment names it; it has to be empty.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from evaluation.console.fill import fill
    from evaluation.console.measure import measure
    from web.overview.counting import count_due

    messages = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    conversations = fill(messages)
    filled = time.monotonic() - began
    print(f"{conversations} conversations with {messages} messages in {filled:.0f} s", file=sys.stderr, flush=True)
    began = time.monotonic()
    days = count_due(10_000)
    counted = time.monotonic() - began
    print(f"{days} days counted in {counted:.0f} s", file=sys.stderr, flush=True)
    result = {
        "messages": messages, "conversations": conversations, "filled": filled, "days": days, "counted": counted,
        "cases": [asdict(case) for case in measure()],
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
