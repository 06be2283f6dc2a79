"""A file on this machine as the reference that a work order keeps of it; the file stays where it is."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import Path

from actions.admin.digest_file import sha256_of
from actions.backends.ports import Attachment

ID_LENGTH = 32


def references(paths: Sequence[Path]) -> tuple[Attachment, ...]:
    """One reference for each file: its SHA-256, size and kind. Raises OSError for one that cannot be read."""
    return tuple(_reference(path) for path in paths)


def _reference(path: Path) -> Attachment:
    digest = sha256_of(path)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Attachment(digest[:ID_LENGTH], kind, path.stat().st_size, digest)
