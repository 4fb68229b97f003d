"""A conversation in the terminal, as a visitor would have it."""

from __future__ import annotations

import asyncio
import textwrap
import uuid
from typing import Any

from assistant.model import load_agent
from assistant.turn import take_turn
from shared.reply import Reply, Turn

WIDTH = 100


def chat() -> None:
    """Read lines and answer them until the end of input; a number taps the choice of that number."""
    agent = load_agent()
    print("Ask a question. A number taps a choice; an empty line or Ctrl-D ends.\n")
    asyncio.run(_converse(agent))


async def _converse(agent: Any) -> None:
    conversation = uuid.uuid4().hex
    choices: list[str] = []
    while True:
        try:
            typed = input("you  > ").strip()
        except EOFError:
            print()
            return
        if not typed:
            return
        tapped = choices[int(typed) - 1] if typed.isdigit() and 0 < int(typed) <= len(choices) else None
        text = None if tapped else typed
        turn = await take_turn(agent, conversation, uuid.uuid4().hex, text=text, choice=tapped)
        choices = [choice.id for reply in turn.replies for choice in reply.choices]
        print(render(turn))


def render(turn: Turn) -> str:
    """A turn as text, with what was understood on its last line."""
    understood = turn.understood
    inside = f"[{understood.intent} {understood.confidence:.2f}; rules: {', '.join(understood.rules) or 'none'}]"
    return "\n".join([*(_reply(reply) for reply in turn.replies), inside, ""])


def _reply(reply: Reply) -> str:
    lines = textwrap.wrap(f"{reply.kind}: {reply.text}", WIDTH, initial_indent="bot  > ", subsequent_indent="       ")
    lines += [f"       [{number}] {choice.title}" for number, choice in enumerate(reply.choices, start=1)]
    lines += [f"       - {source.publisher}: {source.url}" for source in reply.sources]
    return "\n".join(lines)
