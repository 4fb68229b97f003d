"""Inert stand-ins for TensorFlow and Keras, so that Rasa 3.6.21 imports without them.

`rasa.core.agent` imports every built-in component, DIET and TED included, whichever the pipeline uses. Any attribute of
these modules is a class that is good as a base class, an annotation or a decorator; making an instance of one raises
`TensorFlowIsAbsent`. It costs DIETClassifier, TEDPolicy, ResponseSelector and the other TensorFlow components.

Nothing happens where a real TensorFlow is installed.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import Any

NAMES = frozenset({"tensorflow", "keras", "tensorflow_hub", "tensorflow_text"})


class TensorFlowIsAbsent(RuntimeError):
    """A component that needs TensorFlow was used."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} needs TensorFlow, which this environment leaves out on purpose. "
            "Use the components of assistant/ in config.yml instead of DIETClassifier, ResponseSelector or TEDPolicy."
        )


class _InertType(type):
    """Metaclass: attributes resolve to further inert classes; a call decorates or refuses."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _inert(f"{cls.__qualname__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and isinstance(args[0], FunctionType | type):
            return args[0]
        raise TensorFlowIsAbsent(cls.__qualname__)

    def __getitem__(cls, item: Any) -> Any:
        return cls


def _inert(name: str) -> _InertType:
    return _InertType(name, (), {"__module__": __name__})


class _InertModule(ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _inert(f"{self.__name__}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in NAMES:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _InertModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def install() -> None:
    """Append the finder, behind the real ones, so that an installed TensorFlow wins."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
