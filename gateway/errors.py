"""Error frames and error bodies: a code for programs, a plain sentence for people."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse
from pydantic import ValidationError

from gateway import wire
from gateway.phrases import Phrases

REF_LIMIT = 64


def error_frame(
    phrases: Phrases, code: str, *, ref: str | None = None, field: str | None = None
) -> dict[str, Any]:
    """Return an `ErrorFrame` as a dict, with the sentence for `code`."""
    frame = wire.ErrorFrame(code=code, message=phrases.say(f"error_{code}"), ref=ref, field=field)  # type: ignore[arg-type]
    return frame.model_dump()


def error_body(code: str, message: str, status: int) -> JSONResponse:
    """The one shape of all REST errors: {"error": {"code", "message"}}."""
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


def ref_of(frame: Any) -> str | None:
    """The sender's id of a frame that may be anything; None unless it can be sent back as it is."""
    ref = frame.get("id") if isinstance(frame, dict) else None
    if not isinstance(ref, str) or len(ref) > REF_LIMIT or not ref.isprintable():
        return None
    return ref


def invalid(error: ValidationError) -> tuple[str, str | None]:
    """Name what is wrong with a frame: (code, field). Values are never repeated: they may be personal."""
    first = error.errors()[0]
    # The name of a field that we do not know was made up by the sender: it may say anything.
    ours = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    field = ".".join(str(part) for part in ours) or None
    if first["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return "unknown_type", "type"
    return "bad_frame", field
