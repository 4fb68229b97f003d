"""`python -m evaluation.meta.conformance`: recorded-shape payloads against the real server and a simulated Meta.

Ends with an error when a case does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from evaluation.faults.product import ROOT, Product
from evaluation.meta import report
from evaluation.meta.case import Case
from evaluation.meta.cases import CASES, WHATSAPP_CASES
from evaluation.meta.simulator import Meta, settings

CHANNELS = ("whatsapp", "messenger")
HEAD = ("case", "WhatsApp", "Messenger")


def play(product: Product, meta: Meta, only: str = "") -> list[tuple[str, ...]]:
    """Every case on every channel it is of; each row is printed when it is known."""
    rows: list[tuple[str, ...]] = []
    for place, (name, run) in enumerate((*CASES, *WHATSAPP_CASES), start=1):
        if only not in name:
            continue
        results = []
        for channel in CHANNELS:
            if channel == "messenger" and (name, run) in WHATSAPP_CASES:
                results.append("has none")
                continue
            try:
                run(Case(product, meta, channel, place))
                results.append("holds")
            except (AssertionError, TimeoutError, KeyError, IndexError, StopIteration) as error:
                results.append(f"FAILS: {error}")
        rows.append((name, *results))
        print(f"| {' | '.join(rows[-1])} |", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.meta.conformance", description=__doc__)
    parser.add_argument("--only", default="", help="only the cases whose name holds this; writes nothing")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        meta = Meta()
        meta.reports_after = 0.03
        product = Product(Path(folder), ROOT / "models")
        product.environment |= settings(meta.url) | {"RASA_TIMEOUT_SECONDS": "10"}
        meta.web = str(product.http.base_url).rstrip("/")
        try:
            product.migrate()
            product.start("actions", "rasa", "web", "worker")
            product.wait_for("database", "rasa", "actions", "worker")
            rows = play(product, meta, arguments.only)
            problems = sorted(set(meta.refused))
            latencies = sorted(meta.latencies)
        finally:
            product.close()
            meta.shutdown()
        failed = [row for row in rows if any(each.startswith("FAILS") for each in row)]
        if failed:
            for log in sorted(Path(folder).glob("w*.log")):
                print(f"-- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}", file=sys.stderr)
    held = sum(each == "holds" for row in rows for each in row)
    summary = (
        f"{held} of {held + len(failed)} hold in {time.monotonic() - started:.0f} s; the simulated Meta refused "
        f"{len(problems)} kinds of content; {len(latencies)} webhooks acknowledged, median "
        f"{latencies[len(latencies) // 2] * 1000:.0f} ms."
    )
    print(f"\n{summary}")
    if not arguments.only:
        report.write(report.CONFORMANCE, f"{report.table(HEAD, rows)}\n\n{summary}")
    if failed or problems:
        sys.exit("Not everything holds.")


if __name__ == "__main__":
    main()
