"""Place names against jieba's words."""

from __future__ import annotations

from dataclasses import dataclass

from bot.token_bounds import cuts_a_word


@dataclass
class Token:
    start: int
    end: int


def test_a_name_across_two_words_is_none() -> None:
    tokens = [Token(0, 2), Token(2, 5)]  # 江西 湖口县
    assert cuts_a_word(1, 3, tokens)  # 西湖
    assert not cuts_a_word(2, 5, tokens) and not cuts_a_word(0, 5, tokens)


def test_a_shorter_name_inside_a_known_longer_one_counts() -> None:
    tokens = [Token(0, 5)]  # 东湖区大厅
    assert cuts_a_word(0, 3, tokens)
    assert not cuts_a_word(0, 3, tokens, {(0, 5)})


def test_without_tokens_nothing_is_cut() -> None:
    assert not cuts_a_word(1, 3, [])
