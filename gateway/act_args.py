"""What a structured act may carry on: known names, short plain values, identifiers masked.

The page sends what the bot's own buttons held; anything else was made by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.characters import normal
from gateway.masking import mask

KNOWN: Mapping[str, frozenset[str]] = {
    "open_guide": frozenset({"guide_id"}),
    "set_fact": frozenset({"key", "value", "guide_id"}),
    "rate": frozenset({"subject", "level", "reasons", "comment", "phone"}),
    "cancel_booking": frozenset({"booking_no"}),
}
AS_GIVEN = frozenset({"phone", "subject"})
"""A phone for a call-back after a bad rating: the services need it, and seal it.

A subject was checked to be the one that was asked about.
"""
LONGEST, MOST = 500, 16


def cleaned(action: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The args of `action` that go on to the bot; the rest is left out."""
    known = KNOWN.get(action, frozenset())
    return {name: _value(value, name) for name, value in args.items() if name in known and _plain(value)}


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST and all(isinstance(one, str) for one in value)
    return value is None or isinstance(value, str | int | float)


def _value(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_value(one, name) for one in value]
    if not isinstance(value, str):
        return _number(value)
    text = normal(value[:LONGEST], "NFC").strip()
    return text if name in AS_GIVEN else mask(text, places=False)


def _number(value: Any) -> Any:
    """Numbers of acts are small; a phone sent as a number is none of them."""
    return value if value is None or abs(value) < 10**6 else 0
