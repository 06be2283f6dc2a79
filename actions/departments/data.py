"""Reads the data of the proposal and reports every fault in it at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from actions.departments.department import Department, Topic

FOLDER = Path(__file__).resolve().parent / "data"
FEWEST_EXAMPLES = 20
"""Fewer examples of a department are not enough to learn from."""
_NUMBERS = {
    "abstain_below": (0.0, 1.0),
    "wordless_from": (0.0, 1.0),
    "runner_up_from": (0.0, 1.0),
    "runners_up": (0, 10),
    "least_characters": (1, 100),
    "longest_characters": (100, 100_000),
    "ridge": (1e-6, 1e3),
    "word_prior": (1e-6, 1e3),
}
_ID = re.compile(r"[a-z][a-z_]*")


class DataFault(ValueError):
    """The data is broken. `faults` lists every fault, each with where it is and what to do."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(faults)} faults in the data of actions/departments:\n" + "\n".join(faults))


@dataclass(frozen=True, slots=True)
class Example:
    """A text with the topic (department.topic) that it belongs to."""

    text: str
    topic: str

    @property
    def department(self) -> str:
        """The id of the department."""
        return self.topic.partition(".")[0]


@dataclass(frozen=True, slots=True)
class DepartmentData:
    """Everything a proposer is built from. `demo` says that a city still has to put its own list in place."""

    departments: tuple[Department, ...]
    examples: tuple[Example, ...]
    settings: dict[str, float]
    demo: bool


def read_yaml(path: Path) -> dict[str, Any]:
    """The table in a YAML file. Raises DataFault when it is absent, unreadable or no table."""
    try:
        table = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        problem = str(fault).replace("\n", " ")
        raise DataFault([f"{path.name}: cannot be read ({problem}); restore the file"]) from None
    if not isinstance(table, dict):
        raise DataFault(
            [f"{path.name}: got {type(table).__name__}, expected a table; see the file in the repository"]
        )
    return table


def _words(raw: Any, where: str, faults: list[str]) -> dict[str, float]:
    words: dict[str, float] = {}
    for entry in str(raw or "").split():
        word, _, weight = entry.partition("^")
        try:
            value = float(weight or 1)
        except ValueError:
            value = -1.0
        if not word or not 0 < value <= 10:
            faults.append(f"{where}: {entry!r} is no word^weight with a weight above 0 and up to 10; mend it")
        elif word.lower() in words:
            faults.append(f"{where}: {word!r} is listed twice; keep one")
        else:
            words[word.lower()] = value
    if not words:
        faults.append(f"{where}: has no words; give some, separated by blanks")
    return words


def _topics(id_: str, raw: Any, faults: list[str]) -> tuple[Topic, ...]:
    where = f"departments.yml {id_}"
    if not isinstance(raw, dict) or not raw:
        faults.append(f"{where}: has no topics; give a table of at least one")
        return ()
    topics = []
    for key, entry in raw.items():
        entry = entry if isinstance(entry, dict) else {}
        if not _ID.fullmatch(str(key)) or not entry.get("title"):
            faults.append(f"{where}.{key}: needs a lower-case id and a title")
        words = _words(entry.get("words"), f"{where}.{key}", faults)
        topics.append(Topic(f"{id_}.{key}", str(entry.get("title", "")), words))
    return tuple(topics)


def _departments(table: dict[str, Any], faults: list[str]) -> tuple[Department, ...]:
    raw = table.get("departments")
    if not isinstance(raw, dict) or len(raw) < 2:
        faults.append("departments.yml: got fewer than two departments; list them under `departments`")
        return ()
    departments, titles = [], set()
    for id_, entry in raw.items():
        entry = entry if isinstance(entry, dict) else {}
        title = str(entry.get("title", ""))
        if not _ID.fullmatch(str(id_)) or not title:
            faults.append(f"departments.yml {id_}: needs a lower-case id and a title")
        if title in titles:
            faults.append(f"departments.yml {id_}: the title {title} is taken; give each department its own")
        titles.add(title)
        departments.append(Department(str(id_), title, _topics(str(id_), entry.get("topics"), faults)))
    return tuple(departments)


def read_examples(path: Path, topics: set[str], faults: list[str]) -> tuple[Example, ...]:
    """The examples in a file of department, topic and lines of text; faults are added to `faults`."""
    examples, seen = [], set()
    for department, by_topic in read_yaml(path).items():
        if not isinstance(by_topic, dict):
            faults.append(f"{path.name} {department}: got no table of topics; see the other departments")
            continue
        for key, lines in by_topic.items():
            topic = f"{department}.{key}"
            if topic not in topics:
                faults.append(f"{path.name} {topic}: no such topic in departments.yml; add or rename it")
            for line in filter(None, map(str.strip, str(lines or "").splitlines())):
                if line in seen:
                    faults.append(f"{path.name} {topic}: {line[:12]!r} stands twice; keep one")
                seen.add(line)
                examples.append(Example(line, topic))
    return tuple(examples)


def _settings(table: dict[str, Any], faults: list[str]) -> dict[str, float]:
    settings = {}
    for key, (least, most) in _NUMBERS.items():
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            faults.append(f"settings.yml {key}: got {value!r}, expected a number from {least} to {most}")
        else:
            settings[key] = float(value)
    faults.extend(f"settings.yml {key}: unknown; remove it" for key in table if key not in _NUMBERS)
    return settings


def _check_counts(
    departments: tuple[Department, ...], examples: tuple[Example, ...], faults: list[str]
) -> None:
    for department in departments:
        count = sum(example.department == department.id for example in examples)
        if count < FEWEST_EXAMPLES:
            faults.append(
                f"examples.yml {department.id}: got {count} examples, "
                f"expected {FEWEST_EXAMPLES} or more; add some"
            )
        for topic in department.topics:
            if not any(example.topic == topic.id for example in examples):
                faults.append(f"examples.yml {topic.id}: has no example; add some or drop the topic")


def read_data(folder: Path = FOLDER) -> DepartmentData:
    """Departments, examples and settings of a folder. Raises DataFault with every fault."""
    faults: list[str] = []
    tables: dict[str, dict[str, Any]] = {"departments.yml": {}, "settings.yml": {}}
    for name in tables:
        try:
            tables[name] = read_yaml(folder / name)
        except DataFault as fault:
            faults.extend(fault.faults)
    departments = _departments(tables["departments.yml"], faults)
    topics = {topic.id for department in departments for topic in department.topics}
    try:
        examples = read_examples(folder / "examples.yml", topics, faults)
        _check_counts(departments, examples, faults)
    except DataFault as fault:
        examples = ()
        faults.extend(fault.faults)
    settings = _settings(tables["settings.yml"], faults)
    if faults:
        raise DataFault(faults)
    return DepartmentData(departments, examples, settings, bool(tables["departments.yml"].get("demo")))
