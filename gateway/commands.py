"""Carrying out one incoming frame, for both sockets: whatever goes wrong becomes a named fault."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gateway.conversation import ConversationNotFound
from gateway.database import StorageUnavailable
from gateway.errors import invalid
from gateway.refusals import Refused

log = logging.getLogger(__name__)
Fault = tuple[str, str | None]
"""(code of `gateway.wire.ErrorFrame`, name of the field or None)"""


async def carry_out(
    frame: Any, adapter: TypeAdapter[Any], do: Callable[[Any], Awaitable[None]], who: str
) -> Fault | None:
    """Decode `frame` and `do` it; return what went wrong, or None.

    Args:
        frame: a decoded JSON object, or a str error code for what was none (`gateway.sockets.frames`).
        adapter: the frames that this socket takes.
        do: what to do with the decoded frame.
        who: conversation or officer, for the log; never the frame itself.
    """
    try:
        if isinstance(frame, str):
            raise Refused(frame)
        await do(adapter.validate_python(frame))
    except ValidationError as error:
        return invalid(error)
    except Refused as refused:
        return refused.code, refused.field
    except ConversationNotFound:
        return "not_found", None
    except StorageUnavailable as error:
        log.error("%s frame not stored: %s", who, error)
        return "unavailable", None
    except Exception:
        log.exception("%s frame failed", who)
        return "internal", None
    return None
