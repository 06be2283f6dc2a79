"""Fits what is learned (classifier, domain model, two heads, thresholds) when the index is built.

Only the guides' own questions, each scored as if it did not stand in its guide (leave-one-out), and the
out-of-scope lines of knowledge/data are used.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from knowledge.answerable import Judge, Thresholds, features
from knowledge.encode import Encoder
from knowledge.examples import DevQuestion
from knowledge.heads import fit_head
from knowledge.homophone import HomophoneLexicon
from knowledge.index import ABSENT, PassageIndex
from knowledge.lexical import LexicalIndex
from knowledge.names import ItemNames
from knowledge.outside import OutsideIndex
from knowledge.ranker import SAME_WORDS, UNTRAINED, Evidence, LinearModel, Weights, nearest, total, views
from knowledge.wording import data

EVERY = 500
MOST = 400
"""Of the guides' own questions so many are tried, drawn by lot: enough for two heads of some 20 weights."""
ENOUGH = 100
"""Development questions from which the thresholds rest on them alone."""
FOLDS = 5
CLASSIFIER_C = 100.0
DOMAIN_C = 10.0
HEAD_C = 0.3
SEED = 20261124
UNKNOWN_DROP = 3
"""Every second line out of scope is scored as if the list of distractors did not know its service."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Questions with the column of their guide; -1 for out of scope."""

    texts: list[str]
    owner: np.ndarray
    kinds: list[str]
    """question, alias, dev (a development question), or chat, other, near_miss."""
    vectors: np.ndarray
    """(n, dim) query vectors of the main view."""

    @property
    def about_a_service(self) -> np.ndarray:
        """(n,) bool: about a service, of ours or of others."""
        return np.asarray((self.owner >= 0) | (np.array(self.kinds) == "near_miss"))


@dataclass(frozen=True, slots=True)
class Trial:
    """What one example met; the evidence itself is not kept (it grows with the guides)."""

    example: int
    """Its place among the examples."""
    row: np.ndarray
    """(features,)"""
    first: int
    """Column of the first guide."""
    foreign: bool
    """Whether the question has a word of outside services that the guide never uses."""


def collect(
    index: PassageIndex,
    encoder: Encoder,
    lexicon: HomophoneLexicon,
    dev: Sequence[DevQuestion],
    written: Set[str],
) -> Examples:
    """Questions and aliases of what people wrote, development questions, lines out of scope.

    Nothing is learned from imported lists (`written` leaves them out): 20,000 classes with one name each.
    """
    held = {q.question for q in dev}
    rows: list[tuple[str, int, str]] = []
    for place, passage in enumerate(index.passages):
        if passage.kind in ("question", "alias") and passage.guide_id in written:
            kind = "dev" if passage.text in held else passage.kind
            rows.append((passage.text, int(index.owner[place]), kind))
    rows += [(q.question, -1, q.kind) for q in dev if q.guide_id is None]
    rows += [(line, -1, kind) for kind, lines in data("out_of_scope_dev").items() for line in lines]
    texts, owner, kinds = zip(*rows, strict=True)
    main = [views(text, lexicon)[0] for text in texts]
    return Examples(list(texts), np.array(owner), list(kinds), encoder.queries(main))


def fit_classifier(vectors: np.ndarray, owner: np.ndarray, classes: int) -> LinearModel:
    """Multinomial logistic regression over guides on centred vectors; one without examples scores lowest."""
    from sklearn.linear_model import LogisticRegression

    mean = vectors.mean(axis=0)
    weights = np.zeros((classes, vectors.shape[1]), np.float32)
    bias = np.full(classes, UNTRAINED, np.float32)
    model = LogisticRegression(C=CLASSIFIER_C, max_iter=45, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(vectors - mean, owner)
    if len(model.classes_) == 2:
        weights[model.classes_[1]], bias[model.classes_] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        weights[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return LinearModel(weights, bias, mean.astype(np.float32))


def fit_domain(examples: Examples, use: np.ndarray) -> LinearModel:
    """Logistic regression: about any service of any office, or small talk and other topics."""
    return _fit_two(examples.vectors[use], examples.about_a_service[use])


def fit_ours(examples: Examples, use: np.ndarray) -> LinearModel:
    """Logistic regression: about a service of ours, or of others."""
    use = use & examples.about_a_service
    return _fit_two(examples.vectors[use], examples.owner[use] >= 0)


def _fit_two(vectors: np.ndarray, inside: np.ndarray) -> LinearModel:
    from sklearn.linear_model import LogisticRegression

    mean = vectors.mean(axis=0)
    model = LogisticRegression(C=DOMAIN_C, max_iter=500, class_weight="balanced").fit(vectors - mean, inside)
    return LinearModel(
        model.coef_.astype(np.float32), model.intercept_.astype(np.float32), mean.astype(np.float32)
    )


def leave_one_out(
    index: PassageIndex,
    lexical: LexicalIndex,
    lexicon: HomophoneLexicon,
    outside: OutsideIndex,
    encoder: Encoder,
    examples: Examples,
    weights: Weights,
    say: Callable[[str], None],
) -> list[Trial]:
    """What a stranger's question would meet: own passage hidden, models fitted on other folds."""
    folds = np.random.default_rng(SEED).permutation(len(examples.texts)) % FOLDS
    logits = np.zeros((len(examples.texts), len(index.ids)), np.float32)
    domain, ours = np.zeros((2, len(examples.texts)), np.float32)
    inside = examples.owner >= 0
    for fold in range(FOLDS):
        test, train = folds == fold, folds != fold
        model = fit_classifier(
            examples.vectors[train & inside], examples.owner[train & inside], len(index.ids)
        )
        logits[test] = model.log_shares(examples.vectors[test])
        domain[test] = fit_domain(examples, train).scores(examples.vectors[test])[:, 0]
        ours[test] = fit_ours(examples, train).scores(examples.vectors[test])[:, 0]
    place_of = {(p.guide_id, p.text): place for place, p in enumerate(index.passages)}
    names = ItemNames.of(index.passages)
    tried = sampled(examples)
    encoder.queries([view for row in tried for view in views(examples.texts[row], lexicon)])  # all at once
    found = []
    for done, row in enumerate(tried, 1):
        evidence = _as_stranger(
            row,
            examples,
            index,
            lexical,
            lexicon,
            outside,
            encoder,
            logits[row],
            (float(domain[row]), float(ours[row])),
            place_of,
            names,
        )
        first = int(total(evidence, weights).argmax())
        found.append(Trial(row, features(evidence, weights), first, bool(evidence.foreign[first])))
        if done % EVERY == 0:
            say(f"  {done}/{len(tried)}")
    return found


def sampled(examples: Examples) -> list[int]:
    """Places that are tried: all development questions and lines out of scope, MOST of the guides' own."""
    own = [place for place, kind in enumerate(examples.kinds) if kind == "question"]
    few = np.random.default_rng(SEED + 2).permutation(own)[:MOST]
    rest = [place for place, kind in enumerate(examples.kinds) if kind not in ("question", "alias")]
    return sorted([*(int(place) for place in few), *rest])


def _as_stranger(
    row: int,
    examples: Examples,
    index: PassageIndex,
    lexical: LexicalIndex,
    lexicon: HomophoneLexicon,
    outside: OutsideIndex,
    encoder: Encoder,
    logits: np.ndarray,
    scope: tuple[float, float],
    place_of: dict[tuple[str, str], int],
    names: ItemNames,
) -> Evidence:
    text, owner = examples.texts[row], int(examples.owner[row])
    seen = views(text, lexicon)
    vectors = encoder.queries(seen[1:]) if len(seen) > 1 else np.zeros((0, index.dim), np.float32)
    vectors = np.concatenate([examples.vectors[row : row + 1], vectors])
    cosines = index.cosines(vectors)
    drop = UNKNOWN_DROP if owner < 0 and row % 2 else 0
    outside_cosine, outside_lexical = outside.nearness(vectors, seen, text, drop)
    asked, said = np.max([lexical.scores(view) for view in seen], axis=0)
    own = place_of.get((index.ids[owner], text)) if owner >= 0 else None
    if own is not None:
        cosines[:, own] = ABSENT
        asked[owner] = max(lexical.asked_without(view, owner, text) for view in seen)
    hidden = owner if own is not None else -1
    shares, known = zip(*(lexical.coverage(view, hidden, text) for view in seen[:SAME_WORDS]), strict=True)
    return Evidence(
        cosine=index.by_guide(cosines).max(axis=0),
        said_cosine=index.by_guide(cosines, "said").max(axis=0),
        lexical=asked,
        said_lexical=said,
        logit=logits,
        coverage=np.max(shares, axis=0),
        known=max(known),
        domain=scope[0],
        ours=scope[1],
        single=index.best_by_guide(cosines),
        outside=outside_cosine,
        outside_lexical=outside_lexical,
        foreign=outside.foreign(seen[0]) if not drop else np.zeros(len(index.ids), bool),
        nearest=nearest(cosines.max(axis=0), index.owner, len(index.ids)),
        named=index.marked(names.mentioned(seen[0], without=text if owner >= 0 else "")),
    )


def fit_judge(trials: list[Trial], examples: Examples, stubs: np.ndarray) -> tuple[Judge, dict[str, float]]:
    """The two heads and their thresholds, from cross-validated probabilities; also what was measured.

    Args:
        trials: of each example, in order.
        examples: with their owners.
        stubs: (guides,) bool, columns that are stubs; a near miss that lands on a stub is no mistake.

    """
    tried = [trial.example for trial in trials]
    rows = np.stack([trial.row for trial in trials])
    first = np.array([trial.first for trial in trials])
    owner = examples.owner[tried]
    kinds = np.array([examples.kinds[place] for place in tried])
    inside = owner >= 0
    right = inside & (first == owner)
    fair = inside | ~stubs[first]
    p_right, p_scope = _crossed(rows, right, fair), _crossed(rows, inside, fair)
    foreign = np.array([trial.foreign for trial in trials])
    p_right = np.where(foreign, 0.0, p_right)  # never answered straight
    dev = kinds == "dev"
    use = fair & (~inside | dev | (dev.sum() < ENOUGH))
    every = {kind: int((kinds == kind).sum()) for kind in data("out_of_scope_dev")}
    outside = {kind: ((kinds == kind)[use], count) for kind, count in every.items()}
    rules = data("thresholds")
    thresholds = Thresholds(
        answer=_answer_threshold(p_right[use], right[use], inside[use], outside, rules),
        refuse=_refuse_threshold(p_scope[use], inside[use], rules),
    )
    judge = Judge(
        fit_head(rows[fair], right[fair], HEAD_C), fit_head(rows[fair], inside[fair], HEAD_C), thresholds
    )
    return judge, _measured(p_right[use], p_scope[use], right[use], inside[use], list(kinds[use]), thresholds)


def _answer_threshold(
    p: np.ndarray,
    right: np.ndarray,
    inside: np.ndarray,
    outside: dict[str, tuple[np.ndarray, int]],
    rules: dict[str, Any],
) -> float:
    """The lowest value that keeps all promises: how few are answered wrongly, how few out of scope at all."""
    for candidate in np.arange(0.2, 0.991, 0.01):
        answered = p >= candidate
        wrong = (answered & inside & ~right).sum() / max(int(inside.sum()), 1)
        precise = wrong <= rules["wrong_at_most"]
        kept = all(
            answered[rows].sum() <= rules["answered_at_most"][kind] * count
            for kind, (rows, count) in outside.items()
        )
        if precise and kept:
            return round(float(candidate), 2)
    return 0.99


def _refuse_threshold(p: np.ndarray, inside: np.ndarray, rules: dict[str, Any]) -> float:
    """The highest value that refuses no more than the allowed share of real questions."""
    return round(float(np.quantile(p[inside], rules["in_scope_refused"])), 4) if inside.any() else 0.5


def _crossed(rows: np.ndarray, truth: np.ndarray, fair: np.ndarray) -> np.ndarray:
    """(n,) probabilities, each from a head fitted on the other folds' `fair` rows."""
    folds = np.random.default_rng(SEED + 1).permutation(len(rows)) % FOLDS
    out = np.zeros(len(rows))
    for fold in range(FOLDS):
        train = (folds != fold) & fair
        out[folds == fold] = fit_head(rows[train], truth[train], HEAD_C).probability(rows[folds == fold])
    return out


def _measured(
    p_right: np.ndarray,
    p_scope: np.ndarray,
    right: np.ndarray,
    inside: np.ndarray,
    kinds: list[str],
    thresholds: Thresholds,
) -> dict[str, float]:
    answered = p_right >= thresholds.answer
    refused = ~answered & (p_scope < thresholds.refuse)
    found = {
        "questions": float(inside.sum()),
        "hit_at_1": right[inside].mean(),
        "answered": answered[inside].mean(),
        "answered_precision": right[answered & inside].mean() if (answered & inside).any() else 0.0,
        "refused_in_scope": refused[inside].mean(),
    }
    for kind in sorted({kind for kind, own in zip(kinds, inside, strict=True) if not own}):
        mask = np.array([k == kind for k in kinds])
        found[f"{kind}_lines"] = float(mask.sum())
        found[f"{kind}_answered"] = answered[mask].mean()
        found[f"{kind}_refused"] = refused[mask].mean()
    return {key: round(float(value), 4) for key, value in found.items()}
