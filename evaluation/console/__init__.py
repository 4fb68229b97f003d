"""How fast the console is with many conversations: `make console-bench`."""

from __future__ import annotations

#: What a page may take at the 95th percentile on PostgreSQL, in milliseconds.
TARGET_MS = 200
#: The same for a year's figures, which nobody opens between two clients.
YEAR_TARGET_MS = 500
