"""The encoder's graph as it is served: what PyTorch exports, 8-bit, without all that one text alone has no need of.

A text is never padded, so there is no mask; it is one text, so there are no token types; shapes are known but for the
number of tokens. What is left is written with ONNX Runtime's own operators for 8-bit products and for attention. The
weights are those of the export, unchanged; docs/decisions/tuned-encoder.md has why.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from assistant.encoder import DIMENSIONS

LAYERS, HEADS = 6, 12
#: Products with a weight in each layer, in the order in which the export has them.
_PRODUCTS = ("query", "key", "value", "attention", "inner", "outer")
_OWN = "com.microsoft"
_EPSILON = 1e-12
_OPSET, _OWN_OPSET, _IR = 17, 1, 8


class UnknownGraph(ValueError):
    """It is no export of this encoder, or another exporter names its parts otherwise."""


class _Graph:
    """Nodes and weights, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], *outputs: str, domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), domain=domain, **attributes))
        return outputs[0]


def write_lean(source: Path, target: Path) -> None:
    """Write the lean graph of an 8-bit export.

    Args:
        source: what `scripts.tune_encoder` exported and quantized.
        target: with one input, `input_ids` of shape (texts, tokens), all texts of the same length; and one output,
            `vector` of shape (texts, 384), the mean of the token vectors.

    Raises:
        UnknownGraph: the source is not such an export.
    """
    exported = onnx.load(str(source))
    known = {weight.name: numpy_helper.to_array(weight) for weight in exported.graph.initializer}
    products = [node.input[1].removesuffix("_quantized") for node in exported.graph.node if _is_product(node)]
    if len(products) != LAYERS * len(_PRODUCTS):
        raise UnknownGraph(f"{source} has {len(products)} products with weights, not {LAYERS * len(_PRODUCTS)}")
    try:
        graph = _Graph()
        hidden = _embed(graph, known)
        for layer in range(LAYERS):
            of_layer = dict(zip(_PRODUCTS, products[layer * len(_PRODUCTS) :], strict=False))
            hidden = _layer(graph, known, of_layer, layer, hidden)
    except KeyError as error:
        raise UnknownGraph(f"{source} has no {error}") from error
    graph.node("ReduceMean", [hidden], "vector", axes=[1], keepdims=0)
    whole = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, ["texts", "tokens"])],
        [helper.make_tensor_value_info("vector", onnx.TensorProto.FLOAT, ["texts", DIMENSIONS])],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_OWN, _OWN_OPSET)]
    onnx.save(helper.make_model(whole, opset_imports=opsets, ir_version=_IR), str(target))


def _is_product(node: onnx.NodeProto) -> bool:
    return str(node.op_type) == "MatMulInteger"


def _embed(graph: _Graph, known: dict[str, npt.NDArray[np.generic]]) -> str:
    def table(name: str) -> npt.NDArray[np.float32]:
        prefix = f"encoder.embeddings.{name}.weight"
        zero = known[f"{prefix}_zero_point"].astype(np.float32)
        scale = known[f"{prefix}_scale"].astype(np.float32)
        scaled = (known[f"{prefix}_quantized"].astype(np.float32) - zero) * scale
        return np.asarray(scaled, dtype=np.float32)

    words = "encoder.embeddings.word_embeddings.weight"
    parts = [graph.weight(f"words{part}", known[f"{words}_{part}"]) for part in ("quantized", "scale", "zero_point")]
    graph.weight("places", table("position_embeddings") + table("token_type_embeddings")[0])
    graph.weight("first", np.array([0], np.int64))
    graph.node("Gather", [parts[0], "input_ids"], "tokens_quantized")
    graph.node("DequantizeLinear", ["tokens_quantized", *parts[1:]], "tokens")
    graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    graph.node("Slice", ["places", "first", "length", "first"], "their_places")
    return _add_and_norm(graph, known, "embedded", "encoder.embeddings.LayerNorm", "tokens", "their_places")


def _layer(
    graph: _Graph, known: dict[str, npt.NDArray[np.generic]], products: dict[str, str], number: int, hidden: str
) -> str:
    prefix, name = f"encoder.encoder.layer.{number}", f"layer{number}"
    quantized = [f"{name}.hidden{part}" for part in ("", ".scale", ".zero")]
    # Once for the three products that begin with it.
    graph.node("DynamicQuantizeLinear", [hidden], *quantized)
    read = []
    for part in ("query", "key", "value"):
        weight, scale, zero, bias = _weights(
            graph, known, f"{name}.{part}", products[part], f"{prefix}.attention.self.{part}"
        )
        inputs = [quantized[0], weight, quantized[1], scale, quantized[2], zero, bias]
        read.append(graph.node("MatMulIntegerToFloat", inputs, f"{name}.{part}", domain=_OWN))
    seen = graph.node("MultiHeadAttention", read, f"{name}.seen", domain=_OWN, num_heads=HEADS)

    def dense(part: str, source: str, weights: str) -> str:
        inputs = [source, *_weights(graph, known, f"{name}.{part}", products[part], f"{prefix}.{weights}")]
        return graph.node("DynamicQuantizeMatMul", inputs, f"{name}.{part}", domain=_OWN)

    attended = dense("attention", seen, "attention.output.dense")
    hidden = _add_and_norm(graph, known, f"{name}.attended", f"{prefix}.attention.output.LayerNorm", attended, hidden)
    inner = graph.node("Gelu", [dense("inner", hidden, "intermediate.dense")], f"{name}.active", domain=_OWN)
    outer = dense("outer", inner, "output.dense")
    return _add_and_norm(graph, known, f"{name}.out", f"{prefix}.output.LayerNorm", outer, hidden)


def _weights(
    graph: _Graph, known: dict[str, npt.NDArray[np.generic]], name: str, product: str, module: str
) -> list[str]:
    """A product's 8-bit weight, what 1 is in it, its zero, and what is added after it."""
    parts = [
        graph.weight(f"{name}.{part}", known[f"{product}_{part}"]) for part in ("quantized", "scale", "zero_point")
    ]
    return [*parts, graph.weight(f"{name}.bias", known[f"{module}.bias"])]


def _add_and_norm(
    graph: _Graph, known: dict[str, npt.NDArray[np.generic]], name: str, module: str, one: str, other: str
) -> str:
    graph.node("Add", [one, other], f"{name}.sum")
    norm = [graph.weight(f"{name}.{part}", known[f"{module}.{part}"]) for part in ("weight", "bias")]
    return graph.node("LayerNormalization", [f"{name}.sum", *norm], name, axis=-1, epsilon=_EPSILON)
