"""Going on with a conversation on another device, and ending that."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.citizen_chat import NO_STORE, Chat, ChatDep
from gateway.citizen_cookies import set_conversation
from gateway.continuing import CODE_S, DIGITS, REVOKED
from gateway.conversation import Conversation
from gateway.log import digest
from gateway.staff_limits import network

log = logging.getLogger(__name__)
EVERYBODY = "*"
continue_api = APIRouter(prefix="/api/conversations")


class Join(BaseModel):
    """Body of POST /api/conversations/join."""

    code: Annotated[str, Field(max_length=40)]
    """Spaces between the digits do not count."""


def address(chat: Chat) -> str:
    """Where the request comes from, as limits count it."""
    client = chat.request.client
    return network(client.host if client else "")


@continue_api.post("/code")
async def make_code(chat: ChatDep) -> Response:
    """A code for another device: {"code", "minutes"}. Only the first device can make one."""
    conversation = await _first_device(chat)
    if conversation is None:
        return chat.fail("no_conversation", 409)
    if not await chat.hub.message_limits.allow(conversation.id):
        return chat.fail("rate_limited", 429)
    code = await chat.hub.database(chat.hub.continuing.code, conversation.id)
    return JSONResponse({"code": code, "minutes": int(CODE_S // 60)}, headers=NO_STORE)


@continue_api.post("/join")
async def join(body: Join, chat: ChatDep) -> Response:
    """Go on here with the conversation of the code: {"conversation_id", "last_seq"}; sets the cookie."""
    hub, code = chat.hub, "".join(body.code.split())
    if not (await hub.join_limits.allow(address(chat)) and await hub.all_joins.allow(EVERYBODY)):
        return chat.fail("code_locked", 429)
    if len(code) != DIGITS or not code.isdecimal():
        return chat.fail("code_wrong", 404)
    found = await hub.database(hub.continuing.join, code)
    if found is None:
        log.warning("a code of another device was refused")
        return chat.fail("code_wrong", 404)
    conversation_id, secret = found
    stored = await hub.live.append(conversation_id, chat.event("joined", ""))
    response = JSONResponse(
        {"conversation_id": conversation_id, "last_seq": stored.seq}, headers=NO_STORE
    )
    set_conversation(response, conversation_id, secret, secure=hub.settings.secure_cookies)
    return response


@continue_api.post("/revoke")
async def revoke(chat: ChatDep) -> Any:
    """End what other devices may: {"ended"}. Their pages close at once."""
    conversation = await _first_device(chat)
    if conversation is None:
        return chat.fail("no_conversation", 409)
    ended = await chat.hub.database(chat.hub.continuing.revoke, conversation.id)
    if ended:
        await chat.hub.live.append(conversation.id, chat.event("revoked", ""))
        chat.hub.bus.publish(f"conversation.{conversation.id}", {"type": REVOKED})
    return {"ended": ended}


@continue_api.post("/mine")
async def go_on(chat: ChatDep) -> Response:
    """For who is signed in: go on here with their latest other conversation, signed in; sets both cookies."""
    identity, conversation = chat.identity, await chat.conversation()
    if identity is None or conversation is None or not chat.session:
        return chat.fail("sign_in_needed", 409)
    hub, sessions = chat.hub, identity.sessions
    person = await hub.database(sessions.person, digest(chat.session), conversation.id)
    if person is None:
        return chat.fail("sign_in_needed", 409)
    earlier = await hub.database(sessions.talk_of, person, conversation.id)
    if earlier is None:
        return chat.fail("not_found", 404)
    secret = await hub.database(hub.continuing.key, earlier)
    await identity.sign_out(chat.session, "")
    token = await identity.sign_in(earlier, person, "oidc")
    stored = await hub.live.append(earlier, chat.event("joined", ""))
    response = JSONResponse({"conversation_id": earlier, "last_seq": stored.seq}, headers=NO_STORE)
    set_conversation(response, earlier, secret, secure=hub.settings.secure_cookies)
    chat.set_session(response, token)
    return response


async def _first_device(chat: Chat) -> Conversation | None:
    conversation = await chat.conversation()
    return None if chat.by_key else conversation
