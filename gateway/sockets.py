"""What both sockets share: origin check, reading JSON frames, one writer task."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from gateway import wire
from gateway.bus import BusOverflow, Subscription
from gateway.database import StorageUnavailable

CLOSE_RESUME = 4408
"""The reader was too slow; reconnect with the last seq."""
CLOSE_BUSY = 4429
"""As many citizens as this process takes are here; come back later."""
CLOSE_SIGN_IN = 4401
CLOSE_ORIGIN = 4403
CLOSE_ROLE = 4405
"""Signed in, but the desk is not for this role."""


def origin_allowed(socket: WebSocket, allowed: str) -> bool:
    """Pages of our own host, and those listed, may open sockets; clients without an Origin too."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    if origin in {o.strip() for o in allowed.split(",") if o.strip()}:
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")


async def send(socket: WebSocket, frame: dict[str, Any]) -> None:
    """Send one frame as compact UTF-8 JSON."""
    await socket.send_text(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))


async def frames(socket: WebSocket) -> AsyncIterator[Any]:
    """Yield decoded JSON of each incoming frame; a str error code for what is no usable JSON object."""
    while True:
        try:
            message = await socket.receive()
        except (WebSocketDisconnect, RuntimeError):
            return
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            yield "bad_frame"
            continue
        if len(text.encode()) > wire.FRAME_LIMIT:
            yield "frame_too_large"
            continue
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            yield "bad_frame"
            continue
        yield frame if isinstance(frame, dict) else "bad_frame"


async def write(
    socket: WebSocket,
    subscription: Subscription,
    wanted: Callable[[Any], Awaitable[list[dict[str, Any]]]],
) -> None:
    """Send what the bus brings, through `wanted`, until the socket or the subscription ends."""
    try:
        while True:
            for frame in await wanted(await subscription.next()):
                await send(socket, frame)
    except (BusOverflow, StorageUnavailable):
        await close(socket, CLOSE_RESUME)
    except (WebSocketDisconnect, RuntimeError):
        return


async def close(socket: WebSocket, code: int) -> None:
    """Close once; a socket that is gone already is fine."""
    if socket.application_state != WebSocketState.DISCONNECTED:
        with contextlib.suppress(RuntimeError):
            await socket.close(code)


async def stop(task: asyncio.Task[None]) -> None:
    """Cancel a writer and wait for it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
