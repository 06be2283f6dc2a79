"""The BERT encoder of multilingual-e5-small as an ONNX graph, written node by node.

Inputs ``input_ids`` and ``attention_mask`` (int64, [batch, seq]); output ``last_hidden_state``
([batch, seq, hidden] float32). Opset 17, so that onnxruntime from 1.14 on can run it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from knowledge.adapter import AdaptedPack
from knowledge.e5_pack import E5Pack

Pack = E5Pack | AdaptedPack

OPSET = 17
IR_VERSION = 8
MASKED = -10000.0


class _Graph:
    """Collects nodes and weights; each call returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401
        out = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=f"n_{out}", **attributes))
        return out


def build_graph(pack: Pack, rows: np.ndarray) -> onnx.ModelProto:
    """The float32 model with the word table cut to `rows` (n,) of the pack's vocabulary."""
    g, h = _Graph(), pack.hidden
    _constants(g, h, pack.heads)
    words = g.op("Gather", g.weight("word_embeddings", pack.matrix("emb.word", h, rows)), "input_ids")
    places = pack.vector("emb.pos").reshape(-1, h) + pack.vector("emb.type").reshape(-1, h)[0]
    length = g.op("Slice", g.op("Shape", "input_ids"), "one_list", "two_list", "zero_list")
    placed = g.op("Slice", g.weight("position_embeddings", places), "zero_list", length, "zero_list")
    x = _norm(g, pack, g.op("Add", words, placed), "emb.ln")
    mask = g.op("Cast", g.op("Unsqueeze", "attention_mask", "one_two"), to=TensorProto.FLOAT)
    bias = g.op("Mul", g.op("Sub", "one", mask), "masked")
    for layer in range(pack.layers):
        x = _layer(g, pack, x, bias, f"l{layer}")
    g.op("Identity", x, out="last_hidden_state")
    shape = ["batch", "seq"]
    graph = helper.make_graph(
        g.nodes,
        "multilingual_e5_small",
        [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, h])],
        g.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    return model


def _constants(g: _Graph, hidden: int, heads: int) -> None:
    for name, whole in (("zero_list", 0), ("one_list", 1), ("two_list", 2)):
        g.weight(name, np.array([whole], np.int64))
    g.weight("one_two", np.array([1, 2], np.int64))
    g.weight("split", np.array([0, 0, heads, hidden // heads], np.int64))
    g.weight("merge", np.array([0, 0, hidden], np.int64))
    for name, value in (("one", 1.0), ("half", 0.5), ("root_two", 2**0.5), ("masked", MASKED)):
        g.weight(name, np.array(value, np.float32))


def _norm(g: _Graph, pack: Pack, x: str, name: str) -> str:
    scale = g.weight(f"{name}.w", pack.vector(f"{name}.w"))
    shift = g.weight(f"{name}.b", pack.vector(f"{name}.b"))
    return g.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=pack.eps)


def _dense(g: _Graph, pack: Pack, x: str, name: str, *, columns: int = 0, factor: float = 1.0) -> str:
    kernel = pack.matrix(f"{name}.w", columns or pack.hidden).T * np.float32(factor)
    shift = pack.vector(f"{name}.b") * np.float32(factor)
    return g.op("Add", g.op("MatMul", x, g.weight(f"{name}.w", kernel)), g.weight(f"{name}.b", shift))


def _layer(g: _Graph, pack: Pack, x: str, bias: str, name: str) -> str:
    factor = (pack.hidden // pack.heads) ** -0.5
    order = {"q": [0, 2, 1, 3], "k": [0, 2, 3, 1], "v": [0, 2, 1, 3]}
    part = {
        key: g.op(
            "Transpose",
            g.op(
                "Reshape", _dense(g, pack, x, f"{name}.{key}", factor=factor if key == "q" else 1.0), "split"
            ),
            perm=perm,
        )
        for key, perm in order.items()
    }
    scores = g.op("Softmax", g.op("Add", g.op("MatMul", part["q"], part["k"]), bias), axis=-1)
    seen = g.op("Transpose", g.op("MatMul", scores, part["v"]), perm=[0, 2, 1, 3])
    attended = _dense(g, pack, g.op("Reshape", seen, "merge"), f"{name}.ao")
    x = _norm(g, pack, g.op("Add", x, attended), f"{name}.aln")
    wide = _dense(g, pack, x, f"{name}.fi")
    curve = g.op("Add", g.op("Erf", g.op("Div", wide, "root_two")), "one")
    active = g.op("Mul", g.op("Mul", wide, curve), "half")
    narrow = _dense(g, pack, active, f"{name}.fo", columns=pack.feed_forward)
    return _norm(g, pack, g.op("Add", x, narrow), f"{name}.oln")
