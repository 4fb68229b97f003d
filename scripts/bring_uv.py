"""Bring uv, with nothing but Python's standard library: `bring_uv.py VERSION FOLDER`.

Tries pip first, which knows a machine's own package index; where there is no pip, takes the wheel from PyPI itself and
checks it against the hash that the index gives.
"""

import hashlib
import os
import platform
import re
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path

INDEX = os.environ.get("UV_DEFAULT_INDEX", "https://pypi.org/simple")


def main() -> None:
    version, folder = sys.argv[1], Path(sys.argv[2])
    print(f"Bringing uv {version} ...", file=sys.stderr, flush=True)
    if not with_pip(version, folder):
        from_index(version, folder)
    uv = folder / "bin" / "uv"
    if not uv.is_file():
        sys.exit("uv could not be installed. Install it from https://docs.astral.sh/uv/ and try again.")


def with_pip(version: str, folder: Path) -> bool:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*pip, "--target", str(folder), "--upgrade", f"uv=={version}"], capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def from_index(version: str, folder: Path) -> None:
    try:
        page = f"{INDEX}/uv/"
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = re.findall(r'href="([^"]+)#sha256=([0-9a-f]{64})"', answer.read().decode())
        link, sha256 = next((link, sha256) for link, sha256 in links if fits(link.rpartition("/")[2], version))
        with urllib.request.urlopen(urllib.parse.urljoin(page, link), timeout=300) as answer:
            content = answer.read()
    except (OSError, StopIteration, ValueError) as error:
        sys.exit(f"uv could not be downloaded ({error}). Install it from https://docs.astral.sh/uv/ and try again.")
    if hashlib.sha256(content).hexdigest() != sha256:
        sys.exit("The downloaded uv is damaged. Try again.")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        target = folder / "bin" / "uv"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(name))
        target.chmod(0o755)


def fits(filename: str, version: str) -> bool:
    if not (filename.startswith(f"uv-{version}-") and filename.endswith(".whl")):
        return False
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        return "macosx" in filename and {"aarch64": "arm64"}.get(machine, machine) in filename
    library = "musllinux" if not platform.libc_ver()[0] else "manylinux"
    return library in filename and machine in filename


if __name__ == "__main__":
    main()
