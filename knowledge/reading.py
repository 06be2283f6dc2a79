"""Reads plain YAML values into typed ones; notes every fault instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    """Refuses a mapping that names a key twice."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:  # noqa: ANN401
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} stands twice", key_node.start_mark
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_yaml(path: Path) -> Any:  # noqa: ANN401
    """The file's value. Raises yaml.YAMLError or UnicodeDecodeError."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506


class Reader:
    """A mapping of one file and its place; shares faults and unchecked basis keys with its children."""

    def __init__(
        self, value: object, place: str, faults: list[str], unchecked: frozenset[str] = frozenset()
    ) -> None:
        self.place = place
        self.faults = faults
        self.unchecked = unchecked
        """Keys of basis entries whose text could not be opened."""
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.seen: set[str] = set()
        if not isinstance(value, dict):
            self.fault("", f"expected a mapping, got {_kind(value)}")

    def fault(self, name: str, what: str) -> None:
        """Note a fault at `name` below this place ("" for the place itself)."""
        at = f"{self.place}.{name}" if name and not self.place.endswith(": ") else f"{self.place}{name}"
        self.faults.append(f"{at}: {what}" if at and not at.endswith(": ") else f"{at}{what}")

    def has(self, name: str) -> bool:
        """Whether the key stands here at all."""
        return name in self.value

    def raw(self, name: str) -> Any:  # noqa: ANN401
        """The value as read, marked as asked for."""
        self.seen.add(name)
        return self.value.get(name)

    def text(self, name: str, *, required: bool = True, choices: Iterable[str] = ()) -> str:
        """A trimmed string; "" with a fault when it is none."""
        value = self.raw(name)
        if value is None:
            if required:
                self.fault(name, "is missing")
            return ""
        if not isinstance(value, str):
            self.fault(name, f"expected text, got {_kind(value)} {value!r} (quote it)")
            return ""
        text = value.strip()
        if required and not text:
            self.fault(name, "is empty")
        if text and choices and text not in choices:
            self.fault(name, f"got {text!r}, expected one of {'/'.join(choices)}")
        return text

    def texts(self, name: str, *, at_least: int = 0) -> tuple[str, ...]:
        """A list of non-empty strings."""
        value = self.raw(name)
        if value is None:
            value = []
        if not isinstance(value, list):
            self.fault(name, f"expected a list, got {_kind(value)}")
            return ()
        found = []
        for place, item in enumerate(value):
            if isinstance(item, str) and item.strip():
                found.append(item.strip())
            else:
                self.fault(f"{name}[{place}]", f"expected text, got {_kind(item)} {item!r} (quote it)")
        if len(found) < at_least:
            self.fault(name, f"has {len(found)} entries, expected at least {at_least}")
        return tuple(found)

    def number(self, name: str) -> float | None:
        """A number of at least 0, or None."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            self.fault(name, f"expected a number of at least 0 or null, got {value!r}")
            return None
        return value

    def flag(self, name: str) -> bool | None:
        """True, false or None."""
        value = self.raw(name)
        if value is not None and not isinstance(value, bool):
            self.fault(name, f"expected true or false, got {value!r}")
            return None
        return value

    def day(self, name: str, *, required: bool = True) -> date | None:
        """A date, or None."""
        value = self.raw(name)
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                pass
        if value is None:
            if required:
                self.fault(name, "is missing, expected a date such as 2026-11-24")
            return None
        if type(value) is not date:
            self.fault(name, f"expected a date such as 2026-11-24, got {value!r}")
            return None
        return value

    def child(self, name: str) -> Reader:
        """The mapping below `name`."""
        place = f"{self.place}.{name}" if self._nested else f"{self.place}{name}"
        return Reader(self.raw(name), place, self.faults, self.unchecked)

    def children(self, name: str) -> list[Reader]:
        """The mappings of the list below `name`; none when it is missing."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(name, f"expected a list, got {_kind(value)}")
            return []
        base = f"{self.place}.{name}" if self._nested else f"{self.place}{name}"
        return [
            Reader(item, f"{base}[{place}]", self.faults, self.unchecked) for place, item in enumerate(value)
        ]

    def each(self, name: str, make: Callable[[Reader], Any]) -> tuple[Any, ...]:
        """What `make` makes of each child."""
        return tuple(make(reader) for reader in self.children(name))

    def close(self) -> None:
        """Note the keys that nobody asked for."""
        for key in self.value:
            if key not in self.seen:
                self.fault(str(key), "is not a known key")

    @property
    def _nested(self) -> bool:
        return not self.place.endswith(": ")


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return {dict: "a mapping", list: "a list", bool: "true/false", int: "a number", float: "a number"}.get(
        type(value), type(value).__name__
    )
