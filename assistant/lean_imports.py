"""What the Rasa server imports and never uses.

`rasa.core` imports every connector, broker and store, whichever is configured, what its commands draw and ask with, and
what only training uses, as scikit-learn: more than half of the time that imports take. While the server is imported,
these packages are the inert stand-ins that TensorFlow has too (`compat/`): good as a base class or an annotation, an
error when used. Only `python -m assistant serve` does this.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

from rasa_without_tensorflow import _InertModule

UNUSED = frozenset(
    {
        "aiogram", "aio_pika", "apscheduler", "boto3", "botocore", "fbmessenger", "google", "kafka", "confluent_kafka",
        "mattermostwrapper", "pymongo", "redis", "rocketchat_API", "sanic_jwt", "slack_sdk", "socketio", "twilio",
        "webexteamssdk",
        "dask", "joblib", "jwt", "matplotlib", "prompt_toolkit", "questionary", "scipy.stats", "sklearn", "spacy.cli",
    }
)  # fmt: skip
_BEGINNINGS = tuple(f"{name}." for name in UNUSED)


def is_unused(module: str) -> bool:
    """Whether it is one of them or within one."""
    return f"{module}.".startswith(_BEGINNINGS)


class _Unused(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not is_unused(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _InertModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def leave_out_unused() -> None:
    """From here on importing one of them gives a stand-in."""
    sys.meta_path.insert(0, _Unused())
