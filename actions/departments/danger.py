"""Tells a work order that is an emergency by rule, from the words of nlu_data/danger.yml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Optional

from actions.departments.data import FOLDER, DataFault, read_yaml
from actions.departments.words import fold

WORDS = Path(__file__).resolve().parents[2] / "nlu_data" / "danger.yml"
NUMBERS = ("110", "119", "120")


def _pattern(raw: Any, where: str, faults: list[str]) -> re.Pattern[str]:
    try:
        return re.compile(str(raw))
    except re.error as fault:
        faults.append(f"{where}: no regular expression ({fault}); mend it")
        return re.compile("(?!)")


class DangerRule:
    """The words of danger and when they mean danger now."""

    def __init__(self, words: Path = WORDS, rule: Path = FOLDER / "emergency.yml") -> None:
        """Raises DataFault with every fault of the two files."""
        danger, table, faults = read_yaml(words), read_yaml(rule), list[str]()
        self._kinds: list[tuple[str, re.Pattern[str]]] = []
        numbers = table.get("numbers") or {}
        for kind, patterns in (danger.get("kinds") or {}).items():
            if numbers.get(kind) not in NUMBERS:
                faults.append(
                    f"{rule.name} numbers.{kind}: got {numbers.get(kind)!r}, expected one of {NUMBERS}"
                )
            pattern = _pattern("|".join(map(str, patterns)), f"{words.name} {kind}", faults)
            self._kinds.append((str(numbers.get(kind)), pattern))
        if not self._kinds:
            faults.append(f"{words.name}: has no kinds of danger; restore the file")
        self._calm = _pattern(danger.get("calm", "(?!)"), f"{words.name} calm", faults)
        self._chat_now = _pattern(danger.get("now", "(?!)"), f"{words.name} now", faults)
        self._now = _pattern(table.get("now", "(?!)"), f"{rule.name} now", faults)
        self._routine = _pattern(table.get("routine", "(?!)"), f"{rule.name} routine", faults)
        self._sizes = {}
        for key in ("short_characters", "near_characters"):
            value = table.get(key)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                faults.append(f"{rule.name} {key}: got {value!r}, expected a whole number above 0")
                value = 1
            self._sizes[key] = value
        if faults:
            raise DataFault(faults)

    def number(self, text: str) -> Optional[str]:
        """The emergency number for danger that is happening now, else None."""
        folded = fold(text)
        for number, pattern in self._kinds:
            for match in pattern.finditer(folded):
                if self._is_now(folded, match):
                    return number
        return None

    def _is_now(self, folded: str, match: re.Match[str]) -> bool:
        near = self._sizes["near_characters"]
        around = folded[max(0, match.start() - near) : match.end() + near]
        if self._now.search(around) and not self._routine.search(around):
            return True
        if len(folded) > self._sizes["short_characters"] or self._routine.search(folded):
            return False
        rest = folded[: match.start()] + "□" + folded[match.end() :]
        return not self._calm.search(folded) or self._chat_now.search(rest) is not None


@cache
def shared_rule() -> DangerRule:
    """The rule of the repository's files, read once."""
    return DangerRule()
