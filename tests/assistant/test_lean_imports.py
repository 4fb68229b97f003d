"""The server starts without the clients it never uses, and says so when one is used after all."""

from __future__ import annotations

import subprocess
import sys

from assistant.lean_imports import is_unused
from assistant.settings import ROOT

_ASK = """
import sys
from assistant.lean_imports import is_unused, leave_out_unused
leave_out_unused()
import assistant.server
real = [name for name, module in sys.modules.items()
        if is_unused(name) and type(module).__name__ != "_InertModule"]
assert not real, real
import slack_sdk
try:
    slack_sdk.WebClient(token="x", timeout=1)
except RuntimeError as error:
    print("refused", assistant.server.serve.__name__)
"""


def test_the_server_is_imported_without_them() -> None:
    """None of them is loaded; a stand-in that is used raises."""
    done = subprocess.run([sys.executable, "-c", _ASK], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["refused", "serve"]


def test_nothing_of_ours_uses_them() -> None:
    """A package that a module of assistant/ imports is no candidate; what a training imports in its course is."""
    used = {
        line.split()[1]
        for path in (ROOT / "assistant").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(("import ", "from "))
    }
    assert not [module for module in used if is_unused(module)]
