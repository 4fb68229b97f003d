"""`python -m evaluation.faults`: really stop each part during conversations, and print what became of them.

Runs beside a running product: free ports, databases in a temporary folder. Ends with an error when anything was lost or
done twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evaluation.faults.postgres import Postgres, programs
from evaluation.faults.product import ROOT, Product
from evaluation.faults.scenarios import POSTGRES_SCENARIOS, SCENARIOS, Row, Scenario, play

REPORT = ROOT / "docs" / "faults.md"
_BEGIN, _END = "<!-- written by `make faults-handoff` -->", "<!-- end of what `make faults-handoff` writes -->"
_HEAD = ("what breaks", "the visitor sees", "kept", "resumed", "lost", "doubled")


def table(rows: list[Row]) -> str:
    """The rows as a table of Markdown."""
    lines = [_HEAD, tuple("---" for _ in _HEAD)]
    lines += [(row.fault, row.seen, row.kept, row.resumed, str(row.lost), str(row.doubled)) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def run(scenarios: Sequence[Scenario], folder: Path, postgres: Postgres | None = None) -> list[Row]:
    """Play every scenario on one product, each with a visitor of its own; each row is printed when it is known."""
    product = Product(folder, ROOT / "models", postgres)
    try:
        product.migrate()
        product.start("actions", "rasa", "web", "worker")
        product.wait_for("database", "rasa", "actions", "worker")
        rows = []
        for number, scenario in enumerate(scenarios, start=1):
            started = time.monotonic()
            row = play(scenario, product, number)
            print(table([row]).splitlines()[-1], f"({time.monotonic() - started:.0f} s)", flush=True)
            rows.append(row)
        return rows
    finally:
        product.close()


def run_on_postgres(scenarios: Sequence[Scenario], folder: Path) -> list[Row]:
    """The same with PostgreSQL as web's database; where none is installed the table says so."""
    installed = programs()
    if installed is None:
        return [Row(scenario.fault, "not tried: PostgreSQL is not installed", "", "", 0, 0) for scenario in scenarios]
    postgres = Postgres(folder, installed)
    postgres.start()
    try:
        return run(scenarios, folder, postgres)
    finally:
        postgres.stop()


def write(rows: list[Row], *, keep_others: bool = False) -> None:
    """Put the table into docs/faults.md, between its marks; the rows of faults that were not played may stay."""
    text = REPORT.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    written, _, after = rest.partition(_END)
    if keep_others:
        rows = _with_others(rows, written)
    today = datetime.now(UTC).date().isoformat()
    REPORT.write_text(f"{before}{_BEGIN}\n\n{today}:\n\n{table(rows)}\n\n{_END}{after}", encoding="utf-8")


def _with_others(rows: list[Row], written: str) -> list[Row]:
    """These rows and those of the faults that the document has already, in the order in which they are played."""
    known = {row.fault: row for row in rows}
    for line in written.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(_HEAD) and cells[-1].isdigit() and cells[0] not in known:
            fault, seen, kept, resumed, lost, doubled = cells
            known[fault] = Row(fault, seen, kept, resumed, int(lost), int(doubled))
    order = [scenario.fault for scenario in (*SCENARIOS, *POSTGRES_SCENARIOS)]
    return [known[fault] for fault in order if fault in known]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only what needs no second start of Rasa; writes nothing")
    parser.add_argument("--only", default="", help="only the faults whose name holds one of these, with | between")
    parser.add_argument("--write", action="store_true", help="with --only: put their rows into the document")
    arguments = parser.parse_args()

    only = arguments.only.lower().split("|")

    def wanted(scenarios: Sequence[Scenario]) -> list[Scenario]:
        named = [each for each in scenarios if any(part in each.fault.lower() for part in only)]
        return [each for each in named if each.is_quick or not arguments.quick]

    started = time.monotonic()
    print(table([]), flush=True)
    rows: list[Row] = []
    for play_all, scenarios in ((run, wanted(SCENARIOS)), (run_on_postgres, wanted(POSTGRES_SCENARIOS))):
        if not scenarios:
            continue
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            try:
                rows += play_all(scenarios, Path(folder))
            except (TimeoutError, AssertionError) as error:
                for log in sorted(Path(folder).glob("*.log")):
                    print(
                        f"-- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}", file=sys.stderr
                    )
                sys.exit(f"Failed: {error}")
    lost, doubled = sum(row.lost for row in rows), sum(row.doubled for row in rows)
    print(f"\n{len(rows)} faults in {time.monotonic() - started:.0f} s: lost {lost}, doubled {doubled}")
    if len(rows) == len(SCENARIOS) + len(POSTGRES_SCENARIOS):
        write(rows)
    elif arguments.write:
        write(rows, keep_others=True)
    if lost or doubled or any("WITHOUT" in row.seen for row in rows):
        sys.exit("Something was lost, done twice, or left without a way to the clinic.")


if __name__ == "__main__":
    main()
