"""The tokenizer of the rebuilt encoder: XLM-R's unigram pieces, cut to what Nanchang's citizens type."""

from __future__ import annotations

import unicodedata

import numpy as np
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from knowledge.e5_pack import Vocabulary

META = "\u2581"
LATIN_LETTERS = 4
"""Latin pieces with more letters than this are dropped (they cover foreign words)."""
MAX_TOKENS = 256
PROMPT_WORDS = (META + "query", META + "passage")
"""Every piece inside these stays: both prompts must be cut as the full model cuts them."""
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def kept_rows(vocabulary: Vocabulary) -> np.ndarray:
    """Rows of the vocabulary to keep, (n,) int64, the four special pieces first."""
    special = [vocabulary.bos, vocabulary.pad, vocabulary.eos, vocabulary.unk]
    others = [
        row
        for row, piece in enumerate(vocabulary.pieces)
        if row not in special and piece and _is_useful(piece)
    ]
    return np.array(special + others, np.int64)


def _is_useful(piece: str) -> bool:
    if any(piece in word for word in PROMPT_WORDS):
        return True
    body = piece.replace(META, "")
    latin = sum(ch.isascii() and ch.isalpha() for ch in body)
    return latin <= LATIN_LETTERS and all(_is_kept_character(ch) for ch in body)


def _is_kept_character(ch: str) -> bool:
    code = ord(ch)
    if code < 0x80:
        return True
    if 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF:  # Han
        return True
    if 0x2000 <= code <= 0x206F or 0x3000 <= code <= 0x303F or 0xFF00 <= code <= 0xFFEF:  # punctuation
        return True
    return unicodedata.category(ch) in {"Sc", "Sm", "Po", "Pd", "Ps", "Pe"}


def build_tokenizer(vocabulary: Vocabulary, rows: np.ndarray) -> Tokenizer:
    """Unigram over `rows`; adds <s> and </s>, cuts at MAX_TOKENS, pads nothing."""
    unk_score = float(vocabulary.scores.min())
    pieces = [(name, 0.0 if row < 3 else unk_score) for row, name in enumerate(SPECIAL)]
    pieces += [(vocabulary.pieces[row], float(vocabulary.scores[row])) for row in rows[len(SPECIAL) :]]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex("[\\t\\r\\n]"), " "),
            normalizers.Replace(Regex("[\\u200b-\\u200f\\ufeff\\u0000-\\u001f]"), ""),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=META, prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer
