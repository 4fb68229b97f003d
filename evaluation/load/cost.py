"""`python -m evaluation.load.cost`: what a message costs each process, in milliseconds of a processor.

Unlike the time that a visitor waits, it hardly changes when the machine is doing other things.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from evaluation.load.side import Side, ours
from evaluation.measure import _questions


def of_a_message(side: Side, texts: list[str], *, clients: int, messages: int, folder: Path) -> dict[str, float]:
    """Milliseconds a message, by process; the generator is none of them."""
    side.ask(texts, clients=clients, messages=40, folder=folder)
    before = side.processor()
    outcome = side.ask(texts, clients=clients, messages=messages, folder=folder)
    after = side.processor()
    if outcome.failed:
        sys.exit(f"{outcome.failed} messages were not answered, so what they cost means nothing.")
    return {name: (after[name] - before[name]) * 1000 / messages for name in after}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.load.cost", description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--messages", type=int, default=400)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cost-") as name:
        folder = Path(name)
        with ours(folder) as side:
            started = side.processor()
            spent = of_a_message(
                side, _questions(300), clients=arguments.clients, messages=arguments.messages, folder=folder
            )
    print("| | milliseconds a message | seconds at the start |\n| --- | --- | --- |")
    for process, milliseconds in spent.items():
        print(f"| {process} | {milliseconds:.1f} | {started[process]:.1f} |")
    print(f"| all | {sum(spent.values()):.1f} | {sum(started.values()):.1f} |")


if __name__ == "__main__":
    main()
