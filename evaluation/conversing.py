"""What a scripted conversation asks for, and how what was said did.

One line of `evaluation/conversations/*.jsonl` is one conversation: `{"id", "tags", "turns": [{"says", "expect"}]}`.
`says` is what the visitor types, or `{"choice": n}` for a tap on the nth choice offered. A turn may say what it `tests`
(`follow_up`, `two_questions`, `spanish_red_flag` ...); figures are given for each. `expect` holds any of:

- `kind`: the turn's kind, or a list of kinds that are all right;
- `topics`: topics that must all be answered, in this order; a list in the place of one names topics that are all right
  there, and `handoff` or `out_of_scope` such a reply; `any`: at least one of these topics;
- `not_topics`: topics that must not be answered;
- `reason`: the handoff's reason, or a list of them;
- `language`: `es` or `en`, of what is said;
- `sources`: true when sources must be shown;
- `shorter`: true when the answer must be shorter than the one given to this topic before;
- `differs`: true when the text must differ from the turn before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from assistant.language import language_of
from shared.reply import KIND_ORDER, Kind, Reason

CONVERSATIONS = Path(__file__).parent / "conversations"
_KEYS = {"kind", "topics", "any", "not_topics", "reason", "language", "sources", "shorter", "differs"}


@dataclass(frozen=True)
class Said:
    """What came back in one turn."""

    replies: list[dict[str, Any]]

    @property
    def kind(self) -> str:
        kinds = {reply["kind"] for reply in self.replies}
        return next((kind for kind in KIND_ORDER if kind in kinds), "")

    @property
    def topics(self) -> list[str]:
        return list(dict.fromkeys(reply["topic"] for reply in self.replies if reply.get("topic")))

    @property
    def labels(self) -> list[str]:
        """The topic of each reply, or its kind where it has none."""
        return list(dict.fromkeys(reply.get("topic") or reply["kind"] for reply in self.replies))

    @property
    def text(self) -> str:
        return "\n".join(reply["text"] for reply in self.replies)

    @property
    def choices(self) -> list[str]:
        return [choice["id"] for reply in self.replies for choice in reply.get("choices") or []]


@dataclass(frozen=True)
class Step:
    """One turn of a script."""

    says: str | int
    expect: dict[str, Any]
    tests: str = ""


@dataclass(frozen=True)
class Script:
    """One scripted conversation."""

    id: str
    tags: frozenset[str]
    turns: list[Step]


def read_scripts(path: Path) -> list[Script]:
    """The conversations of a JSON Lines file.

    Raises:
        SystemExit: the file can't be read, or a line is no conversation; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path}: can't be read ({error}). Name a JSON Lines file.") from error
    scripts = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            turns = [_step(turn) for turn in row["turns"]]
            if not turns:
                raise ValueError("it has no turns")
            scripts.append(Script(str(row["id"]), frozenset(row.get("tags") or ()), turns))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SystemExit(f"{path}, line {number}: is no conversation ({error}). Correct it.") from error
    return scripts


def _step(turn: dict[str, Any]) -> Step:
    says, expect = turn["says"], turn["expect"]
    if not isinstance(says, str):
        says = int(says["choice"])
    if unknown := set(expect) - _KEYS:
        raise ValueError(f"nothing is known of {', '.join(sorted(unknown))}")
    if bad := set(_listed(expect.get("kind"))) - set(get_args(Kind)):
        raise ValueError(f"{', '.join(sorted(bad))} is no kind")
    if bad := set(_listed(expect.get("reason"))) - set(get_args(Reason)):
        raise ValueError(f"{', '.join(sorted(bad))} is no reason")
    return Step(says, expect, str(turn.get("tests") or ""))


def _listed(value: Any) -> list[Any]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def misses(expect: dict[str, Any], said: Said, before: list[Said]) -> list[str]:
    """What is not as it was asked for, in words; empty when the turn is right.

    Args:
        expect: as above.
        said: the turn.
        before: the turns before it, in order.
    """
    found = []
    if expect.get("kind") and said.kind not in _listed(expect["kind"]):
        found.append(f"kind {said.kind}, not {' or '.join(_listed(expect['kind']))}")
    wanted = [_listed(topic) for topic in _listed(expect.get("topics"))]
    if not _are_in_order(wanted, said.labels):
        found.append(f"topics {said.labels}, not {' and '.join(' or '.join(topic) for topic in wanted)}")
    if expect.get("any") and not set(said.topics) & set(_listed(expect["any"])):
        found.append(f"topics {said.topics}, none of {_listed(expect['any'])}")
    if wrong := set(said.topics) & set(_listed(expect.get("not_topics"))):
        found.append(f"topics {sorted(wrong)} have no place here")
    reasons = {reply["handoff"]["reason"] for reply in said.replies if reply.get("handoff")}
    if expect.get("reason") and not reasons & set(_listed(expect["reason"])):
        found.append(f"reason {sorted(reasons)}, not {_listed(expect['reason'])}")
    if expect.get("language") and language_of(said.text) != expect["language"]:
        found.append(f"not in {expect['language']}")
    if expect.get("sources") and not any(reply.get("sources") for reply in said.replies):
        found.append("no sources")
    if expect.get("shorter") and not _is_shorter(said, before):
        found.append("not shorter than before")
    if expect.get("differs") and before and before[-1].text == said.text:
        found.append("the same text as the turn before")
    return found


def _are_in_order(wanted: list[list[str]], labels: list[str]) -> bool:
    """Whether each of the wanted was said, one after the other."""
    rest = iter(labels)
    return all(any(label in topics for label in rest) for topics in wanted)


def _is_shorter(said: Said, before: list[Said]) -> bool:
    """Whether every topic said is said in fewer letters than the first time."""
    first: dict[str, int] = {}
    for turn in before:
        for reply in turn.replies:
            if reply.get("topic"):
                first.setdefault(reply["topic"], len(reply["text"]))
    now = {reply["topic"]: len(reply["text"]) for reply in said.replies if reply.get("topic")}
    return bool(now) and all(length < first.get(topic, 0) for topic, length in now.items())
