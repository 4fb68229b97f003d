"""Every text the assistant can say, wherever it stands, with its place."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.located_yaml import Located

#: Folders whose Python texts may reach a visitor. All of their texts are read: a list of the right ones would go stale.
PYTHON_FOLDERS = ("actions", "assistant", "shared", "web")
TEMPLATES = ("web/**/*.html", "web/**/*.txt")
SCRIPTS = ("web/static/**/*.js", "widget/**/*.js")

_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}|<[^>]*>", re.DOTALL)
_VISIBLE_ATTRIBUTE = re.compile(r"""\b(?:aria-label|alt|title|placeholder|content)=("[^"]*"|'[^']*')""")
_SCRIPT_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"' r"|'((?:[^'\\\n]|\\.)*)'" r"|`((?:[^`\\]|\\.)*)`")
_SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """Something that may be said, and where it stands."""

    path: Path
    line: int
    text: str


def in_responses(file: Located) -> Iterator[Text]:
    """What a file of `data/` has as responses: texts, button titles, and the titles and sources shown with them."""
    responses = file.content.get("responses") if isinstance(file.content, dict) else None
    if not isinstance(responses, dict):
        return
    for name, variations in responses.items():
        for index, variation in enumerate(variations if isinstance(variations, list) else []):
            if not isinstance(variation, dict):
                continue
            place = ("responses", name, index)
            yield from _strings(file, (*place, "text"), variation.get("text"))
            yield from _strings(file, (*place, "buttons"), variation.get("buttons"))
            metadata = variation.get("metadata")
            for shown in ("title", "short_title", "sources"):
                if isinstance(metadata, dict):
                    yield from _strings(file, (*place, "metadata", shown), metadata.get(shown))


def _strings(file: Located, place: tuple[str | int, ...], content: Any) -> Iterator[Text]:
    if isinstance(content, str):
        yield Text(file.path, file.line(*place), content)
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _strings(file, (*place, key), value)
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _strings(file, (*place, index), value)


def in_python(path: Path) -> Iterator[Text]:
    """Every string of a module but docstrings; what an f-string fills in is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            silent.update(id(part) for part in node.values)
            fixed = (part.value if isinstance(part, ast.Constant) else " that " for part in node.values)
            yield Text(path, node.lineno, "".join(str(part) for part in fixed))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield Text(path, node.lineno, node.value)


def in_template(path: Path) -> Iterator[Text]:
    """A template's words, block by block, and the attributes that are read out or shown."""
    content = path.read_text(encoding="utf-8")
    for attribute in _VISIBLE_ATTRIBUTE.finditer(content):
        yield Text(path, _line(content, attribute.start()), html.unescape(attribute[1][1:-1]))
    # Blanks keep every word in its line.
    bare = _TAG.sub(lambda tag: re.sub(r"[^\n]", " ", tag[0]), content)
    for block in re.finditer(r"\S.*?(?=\n\s*\n|\Z)", bare, re.DOTALL):
        yield Text(path, _line(content, block.start()), html.unescape(block[0]))


def in_script(path: Path) -> Iterator[Text]:
    """Every string of a script but those in comments."""
    content = path.read_text(encoding="utf-8")
    bare = _SCRIPT_COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), content)
    for string in _SCRIPT_STRING.finditer(bare):
        words = next((part for part in string.groups() if part), "")
        yield Text(path, _line(content, string.start()), words)


def _line(content: str, offset: int) -> int:
    return content.count("\n", 0, offset) + 1


def everywhere(root: Path, data_files: list[Located]) -> Iterator[Text]:
    """All texts below the project's folder."""
    for file in data_files:
        yield from in_responses(file)
    for folder in PYTHON_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield from in_python(path)
    for patterns, reader in ((TEMPLATES, in_template), (SCRIPTS, in_script)):
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                yield from reader(path)
