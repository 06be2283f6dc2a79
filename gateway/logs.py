"""Log lines for people or for a collector: text, or one JSON object a line. Ids only, never words.

Of an exception only its kind and place are written: its message may hold what somebody said. Libraries write
lines too (uvicorn each socket with its query), so every line goes through `safe` at last.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType

from gateway.masking import mask

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


FRAMES = 8
"""Places of a traceback that are written, the innermost."""
ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def place(error: BaseException) -> str:
    """Kind and place of an error and of what caused it, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    at = " > ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    cause = error.__cause__ or error.__context__
    return f"{type(error).__name__} at {at}" + (f", from {place(cause)}" if cause else "")


QUERY = re.compile(r"(?<=[^\s?\"'])\?[^\s\"']+")
OUR_ID = re.compile(r"((?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
"""Conversations and gateways: what looks like a number in one is none."""


def safe(message: str) -> str:
    """A log message without queries of addresses, and with identifiers masked."""
    parts = OUR_ID.split(QUERY.sub("?…", message))
    return "".join(part if place % 2 else mask(part) for place, part in enumerate(parts))


class Lines(logging.Formatter):
    """Text lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.formatMessage`."""
        record.message = safe(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: ExcInfo) -> str:
        """See `logging.Formatter.formatException`; no message."""
        return place(ei[1]) if ei[1] is not None else ""


class JsonLines(Lines):
    """One JSON object a line: at, level, logger, message, and where an exception was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": safe(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str, form: str) -> None:
    """Send all log lines to stderr in `form`: text or json."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else Lines(TEXT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start otherwise
