"""What may enter a work order: checked before the database sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.backends.order_policy import OrderPolicy
from actions.backends.ports import Attachment, OrderRefused

ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
SHA256 = re.compile(r"[0-9a-f]{64}")
LABEL = 60
"""Characters of a department's name."""


def text(field: str, value: str, most: int, *, least: int = 0) -> str:
    """`value` without blanks around it. Raises OrderRefused: too short, too long, or with a NUL."""
    plain = value.strip()
    if "\0" in plain:
        raise OrderRefused(field, "text without NUL characters")
    if not least <= len(plain) <= most:
        raise OrderRefused(field, f"{least} to {most} characters, got {len(plain)}")
    try:
        plain.encode()
    except UnicodeEncodeError:
        raise OrderRefused(field, "whole characters, no half of a pair") from None
    return plain


def key(value: str) -> str:
    """An idempotency key. Raises OrderRefused."""
    return text("key", value, 150, least=1)


def actor(value: str) -> str:
    """The name of a member of staff. Raises OrderRefused."""
    return text("actor", value, 64, least=1)


def one_of(field: str, value: str, known: Sequence[str]) -> str:
    """`value`, if it is known. Raises OrderRefused."""
    if value not in known:
        raise OrderRefused(field, f"one of {', '.join(known)}")
    return value


def attachments(policy: OrderPolicy, files: Sequence[Attachment], already: int = 0) -> tuple[Attachment, ...]:
    """The files, if they are within the policy's limits. Raises OrderRefused."""
    most, size = policy.number("attachments.most"), policy.number("attachments.bytes")
    if already + len(files) > most:
        raise OrderRefused("attachments", f"{most} at most, got {already + len(files)}")
    for file in files:
        if not ID.fullmatch(file.id):
            raise OrderRefused("attachments.id", "8 to 64 letters, digits, - or _")
        if file.media_type not in policy.media_types:
            raise OrderRefused("attachments.media_type", f"one of {', '.join(sorted(policy.media_types))}")
        if not 0 < file.size <= size:
            raise OrderRefused("attachments.size", f"1 to {size} bytes, got {file.size}")
        if not SHA256.fullmatch(file.sha256):
            raise OrderRefused("attachments.sha256", "64 lower-case hex digits")
    if len({file.id for file in files}) < len(files):
        raise OrderRefused("attachments", "each file once")
    return tuple(files)
