"""The widget's files: a stable `loader.js`, and modules that are named after their content and so never change.

The sources in `widget/` are plain modules; nothing is built beforehand. What comes on first use is put into one file,
so that a phone asks once and not ten times. Files get their lasting names, the loader gets these with their integrity
and the clinic's facts, and each is compressed once.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from shared.clinic import clinic
from web.config import ROOT, config
from web.notices import STARTERS, contact

logger = logging.getLogger(__name__)

SOURCES = ROOT / "widget"
LOADER = "loader.js"
MAIN = "chat.js"
#: The texts the loader shows before any other file is there.
LAUNCHER_TEXTS = ("launcher", "dismiss", "down", "form", "retry", "emergency")

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|class|function)\b)", re.MULTILINE)
_PLACEHOLDER = re.compile(r"^const RELEASE = \{.*\};$", re.MULTILINE)
#: Whole lines of comment; what a reader of the sources needs and no browser does.
_COMMENT = re.compile(r"^ *//.*\n|^ */\*\*(?:[^*]|\*(?!/))*\*/\n|^ +(?=\S)", re.MULTILINE)
_LASTING = re.compile(r"[\w-]+\.[0-9a-f]{16}\.js")
_MINUTES, _DAY, _YEAR = 5 * 60, 24 * 3600, 365 * 24 * 3600


@dataclass(frozen=True)
class File:
    """A file as it is served. `integrity` is its Subresource Integrity hash."""

    content: bytes
    compressed: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, content: bytes) -> File:
        return cls(content, gzip.compress(content, 9, mtime=0), hashlib.sha256(content).digest())

    @property
    def integrity(self) -> str:
        return f"sha256-{base64.b64encode(self.digest).decode()}"

    @property
    def etag(self) -> str:
        return f'"{self.digest.hex()[:32]}"'

    def named(self, stem: str) -> str:
        """A name that says what is in it."""
        return f"{stem}.{self.digest.hex()[:16]}.js"


@dataclass(frozen=True)
class Release:
    """All the files of one state of the widget, by name, and its loader, which has a lasting name as well."""

    files: dict[str, File]
    loader: File

    @property
    def pinned_loader(self) -> str:
        """The lasting name of the loader."""
        return self.loader.named("loader")


def release() -> Release:
    """The widget as it is now: made again when the clinic's facts or, in development, its sources changed."""
    facts = {
        "name": clinic().name,
        **contact().model_dump(mode="json"),
        "emergency_line": clinic().emergency_line,
        "starters": list(STARTERS),
    }
    state = 0 if config().is_production else max(path.stat().st_mtime_ns for path in SOURCES.rglob("*.js*"))
    return _build(json.dumps(facts, ensure_ascii=False), state)


@lru_cache(maxsize=2)
def _build(facts: str, state: int) -> Release:
    files: dict[str, File] = {}

    def keep(stem: str, code: str) -> tuple[str, str]:
        file = File.of(code.encode())
        files[file.named(stem)] = file
        return file.named(stem), file.integrity

    languages = {}
    for path in sorted((SOURCES / "languages").glob("*.json")):
        texts = json.loads(path.read_text(encoding="utf-8"))
        shown = {key: texts[key] for key in LAUNCHER_TEXTS}
        file = keep(f"language-{path.stem}", f"export default {_javascript(texts)};\n")
        languages[path.stem] = {"file": file, "texts": shown}
    filled_in = {"chat": keep("chat", joined(MAIN)), "languages": languages, "clinic": json.loads(facts)}
    code, count = _PLACEHOLDER.subn(lambda _: f"const RELEASE = {_javascript(filled_in)};", _code(LOADER))
    if count != 1:
        raise ValueError("widget/loader.js has no line `const RELEASE = {...};` to fill in")
    name, _ = keep("loader", code)
    return Release(files, files[name])


def joined(main: str) -> str:
    """A module and all that it imports as one, which exports what the module does.

    Every module of the widget imports by name and from its own folder, and no two declare the same name.
    """
    parts: dict[str, str] = {}

    def add(source: str) -> None:
        code = _code(source)
        for imported in _IMPORT.findall(code):
            if imported not in parts:
                add(imported)
        parts[source] = _IMPORT.sub("", code)

    add(main)
    return "".join(code if source == main else _EXPORT.sub("", code) for source, code in parts.items())


def _code(source: str) -> str:
    return _COMMENT.sub("", (SOURCES / source).read_text(encoding="utf-8"))


def _javascript(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def keep_release() -> None:
    """Keep this release's files, so that pages that pinned it, or hold its loader, still get them after an update."""
    folder = config().widget_releases
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in release().files.items():
            if not (folder / name).exists():
                unfinished = folder / f"{name}.unfinished"
                unfinished.write_bytes(file.content)
                unfinished.replace(folder / name)
    except OSError as error:
        logger.warning("The widget's files can't be kept in %s (%s)", folder, error.strerror)


@lru_cache(maxsize=64)
def _earlier(path: Path) -> File:
    return File.of(path.read_bytes())


def find(name: str) -> File | None:
    """The file of a name, of this release or a kept one."""
    if name == LOADER:
        return release().loader
    if name in (files := release().files):
        return files[name]
    # A name of this form leads nowhere but into the folder.
    path = config().widget_releases / name
    return _earlier(path) if _LASTING.fullmatch(name) and path.is_file() else None


@require_safe
def widget_file(request: HttpRequest, name: str, attempt: int = 0) -> HttpResponse:
    """A file of the widget. Any site may load it; who may call the API is another matter."""
    file = find(name)
    if file is None:
        raise Http404
    is_compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    content = file.compressed if is_compressed else file.content
    response = HttpResponse(content, content_type="text/javascript; charset=utf-8")
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    lasting = f"public, max-age={_YEAR}, immutable"
    changing = f"public, max-age={_MINUTES}, stale-while-revalidate={_DAY}"
    response.headers["Cache-Control"] = changing if name == LOADER else lasting
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["ETag"] = file.etag
    return get_conditional_response(request, etag=file.etag, response=response) or response
