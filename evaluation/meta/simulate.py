"""`python -m evaluation.meta.simulate`: the whole product connected to a simulated Meta, with a page to try it on.

Starts web, worker, Rasa and action server on free ports, with databases that are gone at the end. The page shows a
WhatsApp and a Messenger visitor side by side: type, tap, send a photo, react, delete, or answer as the clinic.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from evaluation.faults.product import ROOT, Product
from evaluation.meta import payloads
from evaluation.meta.payloads import Body, Someone
from evaluation.meta.simulator import Fault, GraphHandler, Meta, settings

PAGE = Path(__file__).with_name("page.html")
VISITORS = {channel: Someone.number(channel, 1) for channel in ("whatsapp", "messenger")}
_FAULTS: tuple[Fault, ...] = ("", "500", "429", "crash", "hide", "unreadable", "reject", "window", "gone", "key")


def webhook_of(channel: str, asked: dict[str, Any]) -> Body:
    """The webhook for what someone did on the page.

    Raises:
        ValueError: there is no such thing.
    """
    who, said, id_ = VISITORS[channel], str(asked.get("text", "")), str(asked.get("id", ""))
    match asked.get("do"):
        case "text":
            return payloads.text(who, said, id_=id_)
        case "choose":
            return payloads.chosen(who, id_, said, str(asked.get("kind") or "button_reply"))
        case "attach":
            return payloads.attached(who, str(asked.get("kind")), said)
        case "react":
            return payloads.reacted(who, id_, said)
        case "edit":
            return payloads.edited(who, id_, said, payloads.now())
        case "delete":
            return payloads.deleted(who, id_)
        case "staff":
            return payloads.echo(who, said)
    raise ValueError(str(asked.get("do")))


class PageHandler(GraphHandler):
    """The page and its calls, beside the Graph API."""

    def do_GET(self) -> None:  # noqa: N802 (the server looks for this name)
        if self.path == "/":
            content = PAGE.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        elif self.path.startswith("/page/seen?"):
            after = int("0" + "".join(c for c in self.path if c.isdecimal()))
            seen = self.server.seen[after:]
            parts = [
                {"channel": each.channel, "id": each.id, "text": each.text, "message": each.message} for each in seen
            ]
            self.answer(200, {"seen": parts, "signals": self.server.signals[-1:], "next": after + len(seen)})
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 (the server looks for this name)
        if not self.path.startswith("/page/"):
            super().do_POST()
            return
        try:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            if self.path == "/page/fault":
                chosen: Fault = next((fault for fault in _FAULTS if fault == asked.get("fault")), "")
                self.server.fault = lambda channel, key: chosen
                self.answer(200, {"fault": chosen})
                return
            channel = "messenger" if asked.get("channel") == "messenger" else "whatsapp"
            answer = self.server.deliver(channel, webhook_of(channel, asked))
        except (ValueError, KeyError, TypeError) as error:
            self.answer(400, {"error": type(error).__name__})
            return
        self.answer(200, {"status": answer.status_code, "milliseconds": round(self.server.latencies[-1] * 1000)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.meta.simulate", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the page; a free one by default")
    port = parser.parse_args().port
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="simulated-") as folder:
        meta = Meta(port=port, handler=PageHandler)
        product = Product(Path(folder), ROOT / "models")
        product.environment |= settings(meta.url) | {"RASA_TIMEOUT_SECONDS": "10"}
        meta.web = str(product.http.base_url).rstrip("/")
        product.environment["PUBLIC_URL"] = meta.web
        try:
            product.migrate()
            print("Starting web, worker, Rasa and action server ...", flush=True)
            product.start("actions", "rasa", "web", "worker")
            product.wait_for("database", "rasa", "actions", "worker")
            time.sleep(0.5)
            check = [sys.executable, "-m", "web", "channels", "check"]
            subprocess.run(check, cwd=ROOT, env={**os.environ, **product.environment}, check=False)
            print(f"Ready: open {meta.url} and write as a visitor of either channel. Ctrl-C ends it.", flush=True)
            stop.wait()
        finally:
            product.close()
            meta.shutdown()


if __name__ == "__main__":
    main()
