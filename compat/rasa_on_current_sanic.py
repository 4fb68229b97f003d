"""Gives Rasa 3.6.21 and rasa-sdk 3.6.2 back what Sanic has changed since they were written.

- `Sanic.run` serves in one process again. Since Sanic 22.9 it starts its workers in new processes; Rasa's application,
  with a loaded model in it, does not survive that and never starts to listen. More than one worker keeps Sanic's own
  behaviour.
- `sanic.response.stream`, which `rasa shell` answers with, is there again.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def _run_in_one_process(module: ModuleType) -> None:
    original = module.Sanic.run

    def run(app: Any, *args: Any, workers: int = 1, **kwargs: Any) -> None:
        if workers == 1:
            kwargs.setdefault("single_process", True)
            original(app, *args, **kwargs)
        else:
            original(app, *args, workers=workers, **kwargs)

    module.Sanic.run = run


def _stream_again(module: ModuleType) -> None:
    if not hasattr(module, "stream"):
        module.stream = module.ResponseStream


_CHANGES: dict[str, Callable[[ModuleType], None]] = {
    "sanic.app": _run_in_one_process,
    "sanic.response": _stream_again,
}


class _Loader(importlib.abc.Loader):
    """Runs the real loader of a module, then changes the module."""

    def __init__(self, wrapped: importlib.abc.Loader, change: Callable[[ModuleType], None]) -> None:
        self.wrapped = wrapped
        self.change = change

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.wrapped.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.wrapped.exec_module(module)
        self.change(module)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, _CHANGES[fullname])
        return spec


def install() -> None:
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
