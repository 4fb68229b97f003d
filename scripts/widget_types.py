"""`python -m scripts.widget_types`: TypeScript judges the JSDoc types of `widget/`. It needs npm, which may be missing.

Without npm it says loudly that nothing was judged; with `CI=true` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WIDGET = Path(__file__).resolve().parent.parent / "widget"


def has_tools(widget: Path) -> bool:
    """Whether what package-lock.json pins is installed."""
    installed, pinned = widget / "node_modules" / ".package-lock.json", widget / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= pinned.stat().st_mtime


def main(widget: Path = WIDGET) -> None:
    npm = shutil.which("npm")
    if npm is None:
        message = "NOT CHECKED: there is no npm. `apt-get install nodejs npm` brings it."
        if os.environ.get("CI") == "true":
            sys.exit(message)
        print(message)
        return
    if not has_tools(widget):
        subprocess.run([npm, "ci", "--no-fund", "--no-audit", "--loglevel=error"], cwd=widget, check=True)
    done = subprocess.run([widget / "node_modules" / ".bin" / "tsc", "--project", widget], check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
