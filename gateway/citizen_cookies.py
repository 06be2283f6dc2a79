"""The cookie of a citizen's conversation."""

from __future__ import annotations

from starlette.responses import Response

CITIZEN_COOKIE = "nczf_citizen"
CITIZEN_COOKIE_S = 30 * 24 * 3600


def set_conversation(response: Response, conversation_id: str, secret: str, *, secure: bool) -> None:
    """Hand the conversation to this browser; who holds its secret takes part in it."""
    response.set_cookie(
        CITIZEN_COOKIE,
        f"{conversation_id}.{secret}",
        max_age=CITIZEN_COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
