"""How long things are kept, as the environment says: for the answers that tell it, in whatever process says them."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class Keeping(BaseSettings):
    """Each field is the environment variable of its name in capitals; web enforces them."""

    retention_days: int = Field(default=90, ge=1, le=3650)
    request_retention_days: int = Field(default=30, ge=1, le=3650)
    backup_days: int = Field(default=30, ge=0, le=3650)

    def variables(self) -> dict[str, str]:
        """What `{...}` in an answer stands for."""
        return {
            "conversations_kept": _days(self.retention_days),
            "requests_kept": _days(self.request_retention_days),
            "backups_kept": f"Backups age out within {_days(self.backup_days)}." if self.backup_days else "",
        }


def _days(count: int) -> str:
    return "one day" if count == 1 else f"{count} days"
