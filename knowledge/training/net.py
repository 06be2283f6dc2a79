"""multilingual-e5-small in torch with low-rank changes (LoRA) on every matrix; only these are trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from knowledge.adapter import FACTOR
from knowledge.e5_pack import E5Pack
from knowledge.encoder_tokenizer import build_tokenizer, kept_rows

MASKED = -10000.0
PAD = 1
MATRICES = ("q", "k", "v", "ao", "fi", "fo")
"""As the pack calls them: query, key, value, attention out, feed-forward in and out."""


class Changed(nn.Module):
    """A frozen matrix and its low-rank change."""

    def __init__(self, pack: E5Pack, name: str, columns: int, rank: int) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.tensor(pack.matrix(f"{name}.w", columns)), requires_grad=False)
        self.shift = nn.Parameter(torch.tensor(pack.vector(f"{name}.b")), requires_grad=False)
        self.down = nn.Parameter(torch.randn(rank, columns) / columns**0.5)
        self.up = nn.Parameter(torch.zeros(self.kernel.shape[0], rank))

    def forward(self, x: Tensor) -> Tensor:
        """(..., columns) -> (..., rows)."""
        return functional.linear(x, self.kernel, self.shift) + FACTOR * functional.linear(
            functional.linear(x, self.down), self.up
        )


class Layer(nn.Module):
    """One transformer layer."""

    def __init__(self, pack: E5Pack, number: int, rank: int) -> None:
        super().__init__()
        self.heads = pack.heads
        name = f"l{number}"
        self.parts = nn.ModuleDict(
            {
                key: Changed(pack, f"{name}.{key}", pack.feed_forward if key == "fo" else pack.hidden, rank)
                for key in MATRICES
            }
        )
        self.first, self.second = _norm(pack, f"{name}.aln"), _norm(pack, f"{name}.oln")

    def forward(self, x: Tensor, bias: Tensor, dropout: float) -> Tensor:
        """(batch, seq, hidden) -> the same."""
        batch, seq, hidden = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, seq, self.heads, -1).transpose(1, 2)

        p = self.parts
        seen = functional.scaled_dot_product_attention(
            split(p["q"](x)), split(p["k"](x)), split(p["v"](x)), attn_mask=bias
        )
        attended = p["ao"](seen.transpose(1, 2).reshape(batch, seq, hidden))
        x = self.first(x + functional.dropout(attended, dropout, self.training))
        wide = functional.gelu(p["fi"](x))
        out: Tensor = self.second(x + functional.dropout(p["fo"](wide), dropout, self.training))
        return out


class ReaderNet(nn.Module):
    """Texts -> means of the last states (n, hidden)."""

    def __init__(self, pack: E5Pack, rank: int, dropout: float = 0.1) -> None:
        super().__init__()
        rows = kept_rows(pack.vocabulary)
        self.tokenizer = build_tokenizer(pack.vocabulary, rows)
        self.tokenizer.enable_padding(pad_id=PAD, pad_token="<pad>")  # noqa: S106  # no password
        h = pack.hidden
        self.words = nn.Embedding(len(rows), h)
        self.words.weight = nn.Parameter(torch.tensor(pack.matrix("emb.word", h, rows)), requires_grad=False)
        places = pack.vector("emb.pos").reshape(-1, h) + pack.vector("emb.type").reshape(-1, h)[0]
        self.register_buffer("places", torch.tensor(places), persistent=False)
        self.norm = _norm(pack, "emb.ln")
        self.layers = nn.ModuleList(Layer(pack, number, rank) for number in range(pack.layers))
        self.dropout = dropout

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Texts with their prompt."""
        encoded = self.tokenizer.encode_batch(list(texts))
        ids = torch.tensor([e.ids for e in encoded])
        mask = torch.tensor([e.attention_mask for e in encoded])
        x = self.norm(self.words(ids) + self.places[: ids.shape[1]])  # type: ignore[index]
        bias = ((1 - mask)[:, None, None, :] * MASKED).float()
        for layer in self.layers:
            x = layer(x, bias, self.dropout)
        weights = mask[:, :, None].float()
        out: Tensor = (x * weights).sum(1) / weights.sum(1)
        return out

    def take(self, down: dict[str, np.ndarray], up: dict[str, np.ndarray]) -> None:
        """Start from these changes instead of none."""
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            for key in MATRICES:
                part = layer.parts[key]
                assert isinstance(part, Changed)
                part.down.data = torch.tensor(down[f"l{number}.{key}"])
                part.up.data = torch.tensor(up[f"l{number}.{key}"])

    def changes(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """(down, up) by the pack's matrix names, for `knowledge.adapter.Adapter`."""
        down, up = {}, {}
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            for key in MATRICES:
                part = layer.parts[key]
                assert isinstance(part, Changed)
                down[f"l{number}.{key}"] = part.down.detach().numpy()
                up[f"l{number}.{key}"] = part.up.detach().numpy()
        return down, up


def _norm(pack: E5Pack, name: str) -> nn.LayerNorm:
    norm = nn.LayerNorm(pack.hidden, eps=pack.eps)
    norm.weight.data = torch.tensor(pack.vector(f"{name}.w"))
    norm.bias.data = torch.tensor(pack.vector(f"{name}.b"))
    for parameter in norm.parameters():
        parameter.requires_grad = False
    return norm
