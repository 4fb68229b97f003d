"""Makes `Sanic.run` serve in one process, which is how Rasa 3.6.21 and rasa-sdk 3.6.2 expect it to behave.

Since Sanic 22.9 `run` starts its workers in new processes; Rasa's application, with a loaded model in it, does not
survive that and never starts to listen. `SANIC_WORKERS` above 1 keeps Sanic's own behaviour.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any


class _Loader(importlib.abc.Loader):
    """Runs the real loader of `sanic.app`, then changes the default of one argument."""

    def __init__(self, wrapped: importlib.abc.Loader) -> None:
        self.wrapped = wrapped

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.wrapped.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.wrapped.exec_module(module)
        original = module.Sanic.run

        def run(app: Any, *args: Any, workers: int = 1, **kwargs: Any) -> None:
            if workers == 1:
                kwargs.setdefault("single_process", True)
                original(app, *args, **kwargs)
            else:
                original(app, *args, workers=workers, **kwargs)

        module.Sanic.run = run


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "sanic.app":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def install() -> None:
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
