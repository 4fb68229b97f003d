"""Ports for processes that are started here."""

from __future__ import annotations

import random
import socket

#: Below the ports the kernel gives to outgoing connections: one of those may take a port before its process does.
_FIRST, _LAST = 20_000, 32_000
_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on; never the same twice in one process."""
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - guards nothing
        if port in _given:
            continue
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
