"""The widget's files as they are served: small, lasting, the same for everyone."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest

from tests.conftest import CLINIC, WriteClinic
from tests.web.support import PHONE
from web import widget
from web.config import Config

LANGUAGES = sorted((widget.SOURCES / "languages").glob("*.json"))
MAX_LOADER, MAX_WHOLE = 4 * 1000, 20 * 1000


def declared(source: str) -> list[str]:
    """The names that a module declares for itself."""
    code = (widget.SOURCES / source).read_text(encoding="utf-8")
    return re.findall(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", code, re.MULTILINE)


def test_it_is_small() -> None:
    """The loader at most 4 KB, everything in every language together at most 20 KB, compressed."""
    release = widget.release()
    assert len(release.loader.compressed) <= MAX_LOADER
    assert sum(len(file.compressed) for file in release.files.values()) <= MAX_WHOLE


def test_a_clinic_with_long_facts_is_small_too(write_clinic: WriteClinic) -> None:
    """A long name and address of its own leave the loader within 4 KiB."""
    long = "name: " + "Ää" * 40 + "\nphone: '+13105550100'\ncontact_link: https://clinic.example/" + "x" * 60 + "\n"
    write_clinic(long)
    assert len(widget.release().loader.compressed) <= 4096


def test_modules_can_be_put_into_one_file() -> None:
    """No two declare the same name, and nothing is imported that the joined file lacks."""
    sources = [path.name for path in widget.SOURCES.glob("*.js") if path.name != widget.LOADER]
    names = [name for source in sources for name in declared(source)]
    assert len(names) == len(set(names))
    joined = widget.joined(widget.MAIN)
    assert not re.search(r"^import\b", joined, re.MULTILINE)
    assert re.findall(r"^export \w+ (\w+)", joined, re.MULTILINE) == ["Chat"]
    for source in sources:
        assert all(name in joined for name in declared(source)), source


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_every_language_is_complete(path: Path) -> None:
    """The same keys, the same blanks to fill in, nothing empty."""
    english = json.loads((widget.SOURCES / "languages" / "en.json").read_text(encoding="utf-8"))
    texts = json.loads(path.read_text(encoding="utf-8"))
    assert list(texts) == list(english)
    assert all(text.strip() for text in texts.values())
    blanks = {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in english.items()}
    assert {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in texts.items()} == blanks


def test_every_text_is_used() -> None:
    """A key that no module names is a leftover."""
    code = "".join(path.read_text(encoding="utf-8") for path in widget.SOURCES.glob("*.js"))
    english = json.loads((widget.SOURCES / "languages" / "en.json").read_text(encoding="utf-8"))
    # Two are looked up by the state of a message or a handoff.
    looked_up = {"unsent", "refused", "requested", "cancelled"}
    assert [key for key in english if key not in looked_up and f"texts.{key}" not in code] == []


async def test_the_loader_has_a_short_life_and_files_a_long_one(http: httpx.AsyncClient) -> None:
    """Clinics get updates within minutes, and no file is loaded twice."""
    loader = await http.get("/widget/loader.js")
    assert "max-age=300" in loader.headers["Cache-Control"]
    for name, file in widget.release().files.items():
        response = await http.get(f"/widget/{name}")
        assert response.content == file.content
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert name.split(".")[1] == hashlib.sha256(file.content).hexdigest()[:16]


async def test_any_site_may_load_the_files(http: httpx.AsyncClient) -> None:
    """Also with integrity, which asks for CORS, and on pages that are isolated; no cookie comes along."""
    response = await http.get("/widget/loader.js", headers={"Origin": "https://anyone.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Set-Cookie" not in response.headers


async def test_files_travel_compressed(http: httpx.AsyncClient) -> None:
    """When the browser takes that; caches keep both apart."""
    async with http.stream("GET", "/widget/loader.js", headers={"Accept-Encoding": "gzip"}) as response:
        raw = b"".join([part async for part in response.aiter_raw()])
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == widget.release().loader.content
    plain = await http.get("/widget/loader.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


async def test_an_unchanged_loader_is_not_sent_again(http: httpx.AsyncClient) -> None:
    """The browser shows what it has, and gets 304."""
    first = await http.get("/widget/loader.js")
    again = await http.get("/widget/loader.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_loader_holds_what_it_brings() -> None:
    """Names and integrity of the files, and the clinic's phone for when they can't be had."""
    release = widget.release()
    code = release.loader.content.decode()
    assert PHONE in code
    for name, file in release.files.items():
        if file is not release.loader:
            integrity = base64.b64encode(hashlib.sha256(file.content).digest()).decode()
            assert f'["{name}","sha256-{integrity}"]' in code


async def test_earlier_versions_are_still_served(
    http: httpx.AsyncClient, settings_of_web: Config, tmp_path: Path, write_clinic: WriteClinic
) -> None:
    """After a change a page that pinned the version before it still gets it."""
    settings_of_web.widget_releases = tmp_path / "releases"
    widget.keep_release()
    before = widget.release()
    write_clinic(CLINIC.replace("Example", "Other"))
    assert widget.release().pinned_loader != before.pinned_loader
    response = await http.get(f"/widget/{before.pinned_loader}")
    assert (response.status_code, response.content) == (200, before.loader.content)


def test_a_folder_that_can_not_be_written_stops_nothing(
    settings_of_web: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The current version needs no folder; the operator is told."""
    (tmp_path / "file").write_text("")
    settings_of_web.widget_releases = tmp_path / "file" / "releases"
    widget.keep_release()
    assert "can't be kept" in caplog.text


@pytest.mark.parametrize(
    "name", ["chat.js", "nothing.0123456789abcdef.js", "..%2F..%2Fclinic.yml", "%2e%2e/clinic.yml", "types.d.ts", ""]
)
async def test_nothing_else_is_served(http: httpx.AsyncClient, name: str) -> None:
    """No source, no other file of the machine."""
    assert (await http.get(f"/widget/{name}")).status_code == 404
    assert (await http.get(f"/widget/again/2/{name}")).status_code == 404


async def test_a_failed_load_can_be_asked_again(http: httpx.AsyncClient) -> None:
    """Under another address, for browsers that remember the failure."""
    name = widget.release().pinned_loader
    assert (await http.get(f"/widget/again/2/{name}")).content == widget.release().loader.content
