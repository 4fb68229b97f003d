"""YAML with the line of everything in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shared.problems import Problem

Key = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """YAML 1.2's booleans, as Rasa reads them: `on` is a word, such as the key of a signature's day."""


_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
#: For another loader that should read words as Rasa does.
BOOLEANS = _Loader.yaml_implicit_resolvers


class BrokenYaml(Exception):
    """The file can't be read; `problem` says where and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True)
class Located:
    """A file's content, and the line of each part by its place, such as `("responses", "utter_greet", 0)`."""

    path: Path
    content: Any
    lines: dict[Key, int] = field(repr=False)

    def line(self, *place: str | int) -> int:
        """The line of a part, or of the nearest thing around it that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, message: str, *place: str | int) -> Problem:
        """A finding at a part of this file."""
        return Problem(self.path, self.line(*place), message)


def read(path: Path) -> Located:
    """Read a file.

    Raises:
        BrokenYaml: it is not UTF-8, or not YAML, or has a key twice.
    """
    lines: dict[Key, int] = {}
    loader: Any = None
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        content = _content(loader, path, node, (), lines) if node is not None else None
    except UnicodeDecodeError as error:
        raise BrokenYaml(Problem(path, 1, "is not UTF-8 text. Save it as UTF-8.")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BrokenYaml(Problem(path, line, f"is not YAML: {error.problem}. Correct it there.")) from error
    except yaml.YAMLError as error:
        raise BrokenYaml(Problem(path, 1, f"is not YAML: {error}. Correct it.")) from error
    finally:
        if loader is not None:
            loader.dispose()
    return Located(path, content, lines)


def _content(loader: Any, path: Path, node: yaml.Node, place: Key, lines: dict[Key, int]) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(loader.construct_object(key_node, deep=True)), key_node.start_mark.line + 1
            if key in content:
                raise BrokenYaml(Problem(path, line, f"has `{key}` twice in one place. Remove one of them."))
            lines[*place, key] = line
            content[key] = _content(loader, path, value_node, (*place, key), lines)
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_content(loader, path, item, (*place, index), lines) for index, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
