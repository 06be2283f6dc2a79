"""Check the language data without Rasa and report every fault at once: python -m bot.nlu_check."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MANY = 40  # examples needed by an intent that carries the work
FEW = 20  # by any other
BUSY = frozenset(
    "ask_service ask_followup case_status book list_bookings cancel_booking human leave_message rate_service "
    "complaint inform out_of_scope small_talk".split()
)
STRUCTURED = frozenset({"open_guide", "set_fact"})  # sent by the gateway only: no examples, never predicted
EXTRACTORS = frozenset({"RegexEntityExtractor", "RegexFeaturizer"})

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both safe; the C one is ten times as fast
Examples = dict[str, list[tuple[str, str]]]  # intent -> (text, where)


def check(root: Path) -> tuple[list[str], list[str]]:
    """Faults and notes of a working tree (the folder that holds nlu_data/, config.yml, tests/golden/)."""
    examples: Examples = {}
    faults = list(_read_examples(root, examples))
    golden = _golden(root)
    faults += _counts(examples)
    faults += _repeats(examples, golden)
    faults += _texts(examples)
    faults += _dictionaries(root)
    faults += _phrase_lists(root)
    faults += _config(root)
    domain_faults, notes = _domain(root, examples, golden)
    return faults + domain_faults, notes


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), _LOADER)


def _read_examples(root: Path, into: Examples) -> Iterator[str]:
    for path in sorted((root / "nlu_data/nlu").iterdir()):
        where = path.relative_to(root).as_posix()
        if path.suffix != ".yml":
            yield f"{where}: got {path.suffix or 'no suffix'}, expected only .yml files here; move it"
            continue
        content = _yaml(path)
        if not isinstance(content, dict) or str(content.get("version")) != "3.1":
            yield f'{where}: no version "3.1" at the top; add it'
            continue
        blocks = content.get("nlu") or []
        if [block.get("intent") for block in blocks] != [path.stem]:
            got = [block.get("intent") for block in blocks]
            yield f"{where}: got intents {got}, expected [{path.stem!r}] like the file name"
        for block in blocks:
            for line in str(block.get("examples", "")).splitlines():
                if not line.startswith("- "):
                    yield f"{where}: got the line {line!r}, expected '- ' and an example"
                    continue
                into.setdefault(str(block.get("intent")), []).append((line[2:], where))


def _golden(root: Path) -> Examples:
    found: Examples = {}
    for path in sorted((root / "tests/golden").glob("intents_*.yml")):
        for intent, texts in _yaml(path).items():
            found.setdefault(intent, []).extend(
                (str(text), path.relative_to(root).as_posix()) for text in texts
            )
    return found


def _counts(examples: Examples) -> Iterator[str]:
    for intent, rows in sorted(examples.items()):
        needed = MANY if intent in BUSY else FEW
        if intent in STRUCTURED:
            yield f"nlu_data/nlu/{intent}.yml: only the gateway sends this intent; delete the file"
        elif len(rows) < needed:
            yield f"nlu_data/nlu/{intent}.yml: got {len(rows)} examples, expected at least {needed}; add"
    for intent in sorted(BUSY - examples.keys()):
        yield f"nlu_data/nlu/{intent}.yml: missing; expected at least {MANY} examples"


def _plain(text: str) -> str:
    kept = (c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())
    return "".join(kept)


def _repeats(examples: Examples, golden: Examples) -> Iterator[str]:
    """The same utterance twice, whatever its punctuation, in the data or in the held-out sets."""
    first: dict[str, tuple[str, str]] = {}
    for rows in (examples, golden):
        for intent, texts in rows.items():
            for text, where in texts:
                key = _plain(text)
                if not key:
                    continue
                if key in first:
                    other_intent, other = first[key]
                    yield f"{where}: {text!r} ({intent}) stands in {other} ({other_intent}) too; keep one"
                first.setdefault(key, (intent, where))


def _texts(examples: Examples) -> Iterator[str]:
    for rows in examples.values():
        for text, where in rows:
            clean = unicodedata.normalize("NFKC", text).strip()
            if clean != text:
                yield f"{where}: {text!r} is not NFKC or has spaces around it; write {clean!r}"
            if "](" in text or "{" in text:
                yield f"{where}: {text!r} holds an entity annotation; rules find entities, write plain text"


def _dictionaries(root: Path) -> Iterator[str]:
    for path in sorted((root / "nlu_data/dict").iterdir()):
        where = path.relative_to(root).as_posix()
        if path.suffix != ".txt":
            yield f"{where}: jieba loads every file of this folder as a dictionary; keep only .txt here"
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            fields = line.split(" ")
            if not fields[0] or len(fields) > 3 or (len(fields) > 1 and not fields[1].isdecimal()):
                yield f"{where}:{number}: got {line!r}, expected WORD, WORD COUNT or WORD COUNT TAG"


def _phrase_lists(root: Path) -> Iterator[str]:
    for path in sorted((root / "nlu_data/entities").glob("*.yml")):
        where = path.relative_to(root).as_posix()
        content = _yaml(path)
        seen: dict[str, str] = {}
        for item in content.get("items", []):
            for word in dict.fromkeys((str(item["name"]), *map(str, item["says"]))):
                if word in seen and seen[word] != str(item["id"]):
                    yield f"{where}: {word!r} means both {seen[word]} and {item['id']}; keep one"
                seen.setdefault(word, str(item["id"]))
                if unicodedata.normalize("NFKC", word) != word:
                    yield f"{where}: {word!r} is not NFKC"


def _config(root: Path) -> Iterator[str]:
    for step in _yaml(root / "config.yml").get("pipeline", []):
        bounded = step.get("use_word_boundaries", step["name"] in EXTRACTORS)
        if bounded:
            yield f"config.yml: {step['name']} uses word boundaries, useless in Chinese; set them False"


def _domain(root: Path, examples: Examples, golden: Examples) -> tuple[list[str], list[str]]:
    path = root / "domain.yml"
    if not path.is_file():
        return [], ["domain.yml is not there yet: names were not compared with it"]
    content = _yaml(path)
    intents = {next(iter(i)) if isinstance(i, dict) else i for i in content.get("intents", [])}
    entities = {next(iter(e)) if isinstance(e, dict) else e for e in content.get("entities", [])}
    labels = {_yaml(p)["label"] for p in (root / "nlu_data/entities").glob("*.yml")}
    faults = [
        f"nlu_data/nlu/{name}.yml: no such intent in domain.yml" for name in sorted(examples.keys() - intents)
    ]
    faults += [
        f"domain.yml: intent {name} has no examples"
        for name in sorted(intents - examples.keys() - STRUCTURED)
    ]
    faults += [
        f"tests/golden: no such intent in domain.yml: {name}" for name in sorted(golden.keys() - intents)
    ]
    faults += [
        f"nlu_data/entities: no such entity in domain.yml: {name}" for name in sorted(labels - entities)
    ]
    return faults, []


def main() -> int:
    """Print faults and notes; the exit status is 1 when there is a fault."""
    root = Path.cwd()
    faults, notes = check(root)
    for line in [*notes, *faults]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"nlu_check: faults: {len(faults)}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
