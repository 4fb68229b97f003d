"""New examples in the files of `data/`, behind those of their intent: not a byte else changes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.located_yaml import Located, read


class NoSuchIntent(Exception):
    """No file of `data/` has examples of it."""


def with_examples(data: Path, additions: Mapping[str, Sequence[str]]) -> dict[Path, tuple[str, str]]:
    """Each file that changes: its content before and after.

    Args:
        data: the folder.
        additions: new examples by intent.

    Raises:
        NoSuchIntent: there is no place for one.
    """
    files = [read(path) for path in sorted(data.rglob("*.yml"))]
    inserts: dict[Path, list[tuple[int, list[str]]]] = {}
    for intent, texts in sorted(additions.items()):
        located, index = _place(files, intent)
        lines = located.path.read_text(encoding="utf-8").splitlines(keepends=True)
        last, indent = _end(lines, located.line("nlu", index, "examples"))
        rows = [f"{indent}- {text}\n" for text in texts]
        inserts.setdefault(located.path, []).append((last, rows))
    changed = {}
    for path, places in inserts.items():
        before = path.read_text(encoding="utf-8")
        lines = before.splitlines(keepends=True)
        # From the end, so that the lines before stay where they are.
        for last, rows in sorted(places, reverse=True):
            if not lines[last - 1].endswith("\n"):
                lines[last - 1] += "\n"
            lines[last:last] = rows
        changed[path] = (before, "".join(lines))
    return changed


def diff(data: Path, changed: Mapping[Path, tuple[str, str]]) -> str:
    """What changes, for `git apply` and for people."""
    parts: list[str] = []
    for path, (before, after) in sorted(changed.items()):
        name = f"data/{path.relative_to(data).as_posix()}"
        parts += difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
        )
    return "".join(parts)


def _place(files: Sequence[Located], intent: str) -> tuple[Located, int]:
    for located in files:
        entries = located.content.get("nlu") if isinstance(located.content, dict) else None
        for index, entry in enumerate(entries or []):
            if isinstance(entry, dict) and entry.get("intent") == intent and entry.get("examples"):
                return located, index
    raise NoSuchIntent(intent)


def _end(lines: Sequence[str], key_line: int) -> tuple[int, str]:
    """The number of the last example's line, and how far examples are moved in."""
    indent = ""
    last = key_line
    for number, line in enumerate(lines[key_line:], start=key_line + 1):
        text = line.strip()
        if not text:
            continue
        own = line[: len(line) - len(line.lstrip())]
        if not indent and text.startswith("- "):
            indent = own
        if not indent or not line.startswith(indent):
            break
        last = number
    return last, indent
