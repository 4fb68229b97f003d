"""A reply as a channel can show it: text within its limits, then at most one interactive part.

The parts are plain data, kept with the delivery; `sending_*.py` put them into the provider's form. Keys: `text`; and
one of `buttons` and `rows` (id, title, description), `quick_replies` (id, title), `link` (title, url) and `actions`
(phone and link buttons of Messenger); `numbered` are the ids that 1, 2, 3 ... in the text stand for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shared.reply import Choice, Reply
from web.conversations.models import Channel

Part = dict[str, Any]


@dataclass(frozen=True)
class Capabilities:
    """What a channel shows. Lengths in UTF-16 units, as the providers count; 0: it has no such thing."""

    text: int
    body: int
    buttons: int = 0
    rows: int = 0
    quick_replies: int = 0
    has_link: bool = False
    has_actions: bool = False


CAPABILITIES = {
    Channel.WHATSAPP.value: Capabilities(text=4096, body=1024, buttons=3, rows=10, has_link=True),
    Channel.MESSENGER.value: Capabilities(text=2000, body=640, quick_replies=13, has_actions=True),
}
MAX_SOURCES = 2
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
FORM_TITLE, CALL_TITLE = "Contact form", "Call the clinic"


def length(text: str) -> int:
    """Characters as the providers count them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def render(reply: Reply, channel: str) -> list[Part]:
    """The parts of a reply, in the order they are sent."""
    can = CAPABILITIES[channel]
    interactive = _choices(reply.choices, can) or (_contact(reply, can) if not reply.choices else {})
    text = _text(reply, can, interactive)
    is_body = bool(interactive) and "quick_replies" not in interactive
    limit = can.body if is_body else can.text
    if interactive and length(text) <= limit:
        return [{"text": text, **interactive}]
    parts: list[Part] = [{"text": each} for each in split(text, can.text)]
    if not interactive:
        if reply.choices:
            parts[-1]["numbered"] = [choice.id for choice in reply.choices]
        return parts
    if is_body:
        prompt = (
            "You can reach the clinic here:" if "link" in interactive or "actions" in interactive else "Please choose:"
        )
        return [*parts, {"text": prompt, **interactive}]
    parts[-1] |= interactive
    return parts


def render_numbered(choices: list[Choice]) -> tuple[str, list[str]]:
    """Choices as text, and the ids that their numbers stand for."""
    lines = [f"{place}. {_titled(choice)}" for place, choice in enumerate(choices, start=1)]
    return "\n".join([*lines, "Please answer with a number."]), [choice.id for choice in choices]


def _titled(choice: Choice) -> str:
    return f"{choice.title}: {choice.description}" if choice.description else choice.title


def _choices(choices: list[Choice], can: Capabilities) -> Part:
    titles = [choice.title for choice in choices]
    if not choices or len(set(titles)) < len(titles):
        return {}
    shown = [{"id": choice.id, "title": choice.title, "description": choice.description} for choice in choices]
    has_descriptions = any(choice.description for choice in choices)
    if len(choices) <= can.buttons and not has_descriptions:
        return {"buttons": shown}
    if len(choices) <= can.rows:
        return {"rows": shown}
    if len(choices) <= can.quick_replies:
        return {"quick_replies": shown}
    return {}


def _contact(reply: Reply, can: Capabilities) -> Part:
    contact = reply.contact
    if contact is None:
        return {}
    if can.has_actions:
        actions = []
        if contact.phone:
            actions.append({"type": "phone", "title": CALL_TITLE, "value": contact.phone})
        if contact.form_url:
            actions.append({"type": "link", "title": FORM_TITLE, "value": contact.form_url})
        return {"actions": actions} if actions else {}
    if can.has_link and contact.form_url:
        return {"link": {"title": FORM_TITLE, "url": contact.form_url}}
    return {}


def _text(reply: Reply, can: Capabilities, interactive: Part) -> str:
    blocks = [reply.text]
    if reply.choices and not interactive:
        blocks.append(render_numbered(reply.choices)[0])
    elif "quick_replies" in interactive and any(choice.description for choice in reply.choices):
        blocks.append("\n".join(_titled(choice) for choice in reply.choices))
    contact = reply.contact
    if contact is not None:
        if contact.phone_text and contact.phone_text not in reply.text:
            blocks.append(f"Phone: {contact.phone_text}")
        is_button = "link" in interactive or "actions" in interactive
        if contact.form_url and not is_button and contact.form_url not in reply.text:
            blocks.append(f"{FORM_TITLE}: {contact.form_url}")
    if reply.reviewed is not None:
        blocks.append(f"Reviewed by {reply.reviewed.by} on {reply.reviewed.on.isoformat()}.")
    if reply.sources:
        lines = [f"{source.publisher}: {source.url}" for source in reply.sources[:MAX_SOURCES]]
        blocks.append("\n".join(["Sources:" if len(lines) > 1 else "Source:", *lines]))
    return "\n\n".join(blocks)


def split(text: str, limit: int) -> list[str]:
    """A text in pieces that fit, cut between paragraphs or sentences where that is possible."""
    pieces: list[str] = []
    rest = text.strip()
    while length(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _cut(text: str, limit: int) -> int:
    """Where to cut: after the last sentence that fits, else at the last blank, else anywhere."""
    most = limit
    while length(text[:most]) > limit:
        most -= 1
    ends = [match.start() for match in _SENTENCE.finditer(text, 0, most + 1)]
    fitting = [end for end in ends if 0 < end <= most]
    if fitting:
        return fitting[-1]
    blank = text.rfind(" ", 1, most + 1)
    return blank if blank > 0 else most


def plain(part: Part) -> Part:
    """The same as text alone, for a provider that refuses the rest; numbers stand for the choices."""
    offered = part.get("buttons") or part.get("rows") or part.get("quick_replies") or []
    choices = [Choice.model_validate(each) for each in offered]
    blocks = [part["text"]]
    said: Part = {}
    if choices:
        lines, said["numbered"] = render_numbered(choices)
        blocks.append(lines)
    if link := part.get("link"):
        blocks.append(f"{link['title']}: {link['url']}")
    blocks += [f"{each['title']}: {each['value']}" for each in part.get("actions", [])]
    return {"text": "\n\n".join(blocks), **said, "is_plain": True}
