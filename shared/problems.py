"""What a check found: where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One finding, for whoever has to correct it."""

    path: Path
    line: int
    message: str

    def text(self, root: Path) -> str:
        """`data/topics/mri.yml:12: what is wrong and what to do`."""
        path = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        return f"{path}:{self.line}: {self.message}"
