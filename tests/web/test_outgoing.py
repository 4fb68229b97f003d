"""What web calls, and what it runs: its own, and nothing that a visitor names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from web.config import ROOT

#: Modules that call other servers, and whom.
CALLERS = {
    "web/__main__.py": "itself, until it is ready",
    "web/rasa.py": "RASA_URL and the health of ACTION_SERVER_URL",
    "web/worker.py": "nobody: it names the errors",
    "web/channels/graph.py": "Meta",
    "web/channels/delivering.py": "nobody: it names the errors",
    "web/channels/check.py": "Meta and PUBLIC_URL",
    "web/channels/sending_messenger.py": "Meta",
    "web/channels/sending_whatsapp.py": "Meta",
    "web/notifications/outbox.py": "NOTIFY_WEBHOOK_URL and EMAIL_HOST",
    "web/privacy/erasure.py": "nobody: it names the errors",
    "web/operations/doctor.py": "RASA_URL, ACTION_SERVER_URL, PUBLIC_URL and EMAIL_HOST",
}
CLIENTS = {
    "httpx",
    "requests",
    "aiohttp",
    "urllib.request",
    "urllib3",
    "http.client",
    "socket",
    "smtplib",
    "pywa",
    "pywa_async",
}
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "dill", "joblib", "marshal", "shelve"}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(Path(path).read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_only_named_modules_call_others() -> None:
    """A module that can call another server is in the list above, with whom it calls; all of those are settings."""
    callers = {
        name
        for name, tree in sources("web")
        if any(module == client or module.startswith(f"{client}.") for module in imports(tree) for client in CLIENTS)
    }
    assert callers <= set(CALLERS)


def test_no_client_follows_redirects() -> None:
    """A server that we call can't send us elsewhere, nor can a proxy of the environment."""
    for name, tree in sources("web"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            given = {keyword.arg for keyword in node.keywords}
            assert "follow_redirects" not in given, name
            is_httpx = isinstance(node.func.value, ast.Name) and node.func.value.id == "httpx"
            if is_httpx and node.func.attr in ("get", "post", "put", "delete", "request", "Client", "AsyncClient"):
                assert "trust_env" in given, f"{name}:{node.lineno}"


def test_nothing_is_run_that_is_not_ours() -> None:
    """No text becomes code, and nothing is unpickled, in any process."""
    for name, tree in sources("web", "assistant", "actions", "shared"):
        assert not imports(tree) & FORBIDDEN_MODULES, name
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & FORBIDDEN_NAMES, name
