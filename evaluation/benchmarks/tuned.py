"""The encoder tuned on a benchmark's own examples, by the command that tunes the product's on ours."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.encoder import Encoder
from scripts.lint_content import ROOT

#: What decides, beside the examples, what comes out.
_RECIPE = (ROOT / "scripts" / "tune_encoder.py", ROOT / "scripts" / "encoder_graph.py")


def tuned_encoder(texts: Sequence[str], labels: Sequence[str], folder: Path) -> Encoder:
    """Tune it; minutes for thousands of examples. One that was tuned before, in the same way, is taken from the folder.

    Args:
        texts: as the features read them.
        labels: the intent of each.
        folder: where encoders are kept, 23 MB each.

    Raises:
        SystemExit: it could not be tuned; what went wrong stands above.
    """
    rows = "".join(f"{json.dumps([text, str(label)])}\n" for text, label in zip(texts, labels, strict=True))
    digest = hashlib.sha256(rows.encode() + b"".join(part.read_bytes() for part in _RECIPE)).hexdigest()[:16]
    target = folder / f"{digest}.onnx"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        examples, unfinished = target.with_suffix(".jsonl"), target.with_suffix(".part")
        examples.write_text(rows, encoding="utf-8")
        # By make, which knows what has to be brought for it.
        command = ["make", "--no-print-directory", "tune-encoder", f"EXAMPLES={examples}", f"TARGET={unfinished}"]
        if subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode:
            sys.exit(f"The encoder could not be tuned on {examples}.")
        unfinished.rename(target)
        examples.unlink()
    return Encoder(target)
