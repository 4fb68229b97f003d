"""Numbers for Prometheus, at an address of each process's own that is not public.

Each process counts for itself and is scraped by itself; what all of them share, such as the depth of the inbox, is
read from the database by the worker. No label holds anything of a visitor's.
"""

from __future__ import annotations

from typing import Annotated

from prometheus_client import start_http_server
from pydantic import Field

#: 0 for none.
Port = Annotated[int, Field(ge=0, le=65535)]
#: Seconds: an answer is usually there in hundredths of one, and an outage takes up to a time-out of ten.
TURN_BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def serve(host: str, port: int) -> None:
    """Answer `GET /metrics` there, in a thread; not at all when the port is 0.

    Raises:
        SystemExit: the address can't be had.
    """
    if not port:
        return
    try:
        start_http_server(port, addr=host)
    except OSError as error:
        raise SystemExit(
            f"Metrics can't be served on {host}:{port} ({error.strerror}). Choose another port."
        ) from error
