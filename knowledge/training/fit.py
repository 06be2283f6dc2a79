"""Train the reader: fields and intents together, low-rank changes only; 15 minutes on two idle cores."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.slips import Slips
from knowledge.adapter import Adapter
from knowledge.encode import QUERY_PROMPT
from knowledge.encoder_build import weights
from knowledge.guide import FIELDS
from knowledge.training.lessons import Lesson, view
from knowledge.training.net import ReaderNet

RANK, EPOCHS, BATCH, RATE, WARM_UP = 8, 4, 48, 1.5e-3, 100
HEAD_RATE = 3.0
"""Times the rate of the low-rank parts."""
SCALE = 4.0
"""Of the vectors before the heads; folded into the heads when they are stored."""
SMOOTHING, SHARE, LEAST, SEED = 0.05, 0.4, 0.02, 0
"""SHARE: of the texts that carry a slip in a round."""


def train(
    found: Sequence[Lesson],
    threads: int,
    say: Callable[[str], None] = print,
    *,
    epochs: int = EPOCHS,
    start: Adapter | None = None,
) -> Adapter:
    """Fit; returns the adapter with its field head. Deterministic but for the number of threads.

    `start`: an adapter to go on from, with new lessons; half the epochs are enough then.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    rng = random.Random(SEED)  # noqa: S311  # no secret
    intents = sorted({lesson.intent for lesson in found if lesson.intent})
    net, slips = ReaderNet(weights(), RANK), Slips((lesson.text for lesson in found), rng, SHARE)
    field_head = nn.Linear(net.words.embedding_dim, len(FIELDS))
    intent_head = nn.Linear(net.words.embedding_dim, len(intents))
    if start is not None:
        net.take(start.down, start.up)
        field_head.weight.data = torch.tensor(start.field_weights / SCALE)
        field_head.bias.data = torch.tensor(start.field_bias)
    changed = [p for p in net.parameters() if p.requires_grad]
    heads = [*field_head.parameters(), *intent_head.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": changed, "lr": RATE}, {"params": heads, "lr": RATE * HEAD_RATE}], weight_decay=0.01
    )
    steps = epochs * (len(found) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * max(LEAST, 1 - step / steps)
    )
    net.train()
    step = 0
    for epoch in range(epochs):
        for batch in _batches(found, rng):
            texts = [QUERY_PROMPT + slips(view(lesson.text)) for lesson in batch]
            loss = _loss(net(texts) * SCALE, batch, field_head, intent_head, intents)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(changed, 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            if step % 25 == 0:
                say(f"  第 {epoch + 1}/{epochs} 轮，{step}/{steps} 步，损失 {float(loss.detach()):.3f}")
    down, up = net.changes()
    weight, bias = field_head.weight.detach().numpy() * SCALE, field_head.bias.detach().numpy()
    return Adapter(down, up, weight.astype(np.float32), bias.astype(np.float32), tuple(FIELDS), "")


def _batches(found: Sequence[Lesson], rng: random.Random) -> list[list[Lesson]]:
    """Shuffled, then texts of like length together: padding costs time."""
    order = list(range(len(found)))
    rng.shuffle(order)
    block = BATCH * 20
    order = [i for at in range(0, len(order), block) for i in _by_length(found, order[at : at + block])]
    batches = [[found[i] for i in order[at : at + BATCH]] for at in range(0, len(order), BATCH)]
    rng.shuffle(batches)
    return batches


def _by_length(found: Sequence[Lesson], places: Sequence[int]) -> list[int]:
    return sorted(places, key=lambda place: len(found[place].text))


def _loss(
    vectors: Tensor,
    batch: Sequence[Lesson],
    field_head: nn.Linear,
    intent_head: nn.Linear,
    intents: list[str],
) -> Tensor:
    total = torch.zeros(())
    rows = [row for row, lesson in enumerate(batch) if lesson.fields is not None]
    if rows:
        truth = torch.tensor([[float(f in (batch[row].fields or ())) for f in FIELDS] for row in rows])
        weight = torch.tensor([batch[row].weight for row in rows])
        each = functional.binary_cross_entropy_with_logits(field_head(vectors[rows]), truth, reduction="none")
        total = total + (each.sum(1) * weight).sum()
    rows = [row for row, lesson in enumerate(batch) if lesson.intent is not None]
    if rows:
        wanted = torch.tensor([intents.index(str(batch[row].intent)) for row in rows])
        total = total + functional.cross_entropy(
            intent_head(vectors[rows]), wanted, label_smoothing=SMOOTHING, reduction="sum"
        )
    return total / len(batch)
