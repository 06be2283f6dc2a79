"""Entering from the city's app (赣服通): its ticket becomes a conversation with somebody signed in."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.app_tickets import TicketRefused
from gateway.citizen import Person
from gateway.citizen_chat import NO_STORE, Chat, ChatDep
from gateway.citizen_cookies import set_conversation
from gateway.conversation import Conversation
from gateway.errors import error_body
from gateway.identity import USES, Identity
from gateway.oidc import OidcUnavailable
from gateway.refusals import Refused

log = logging.getLogger(__name__)
CHANNEL = "app"
BUSY_RETRY_S = 30
app_api = APIRouter(prefix="/api/app")


class Entry(BaseModel):
    """Body of POST /api/app/session."""

    ticket: Annotated[str, Field(min_length=1, max_length=4096)]


@app_api.post("/session")
async def enter(body: Entry, chat: ChatDep) -> Response:
    """Begin or go on: {"conversation_id", "last_seq", "signed_in": {name, until}}; sets both cookies."""
    identity = chat.identity
    if identity is None or identity.tickets is None:
        return chat.fail("not_found", 404)
    try:
        chat.hub.check_channel(CHANNEL)
        if chat.hub.full:
            said = chat.hub.phrases.say("error_busy", seconds=BUSY_RETRY_S)
            return error_body("busy", said, 503)
        person = await identity.tickets.redeem(body.ticket)
    except Refused as refused:
        return chat.fail(refused.code, 503)
    except TicketRefused as refused:
        log.warning("ticket of the app refused: %s", refused.reason)
        return chat.fail("ticket_refused", 401)
    except OidcUnavailable as away:
        log.error("keys of the app away: %s", away)
        return chat.fail("provider_unavailable", 503, "sign_in_unavailable")
    if chat.session:
        await identity.sign_out(chat.session, "")
    talk, secret = await _talk(chat, identity, person)
    token = await identity.sign_in(talk.id, person, "app")
    told = chat.event("signed_in", "", "app").model_copy(update={"uses": list(USES)})
    stored = await chat.hub.live.append(talk.id, told)
    found = await identity.database(identity.sessions.signed_in, token, talk.id)
    until = found.until if found else 0.0
    response = JSONResponse(
        {
            "conversation_id": talk.id,
            "last_seq": stored.seq,
            "signed_in": {"name": person.shown, "until": until},
        },
        headers=NO_STORE,
    )
    if secret:
        set_conversation(response, talk.id, secret, secure=chat.hub.settings.secure_cookies)
    chat.set_session(response, token)
    return response


async def _talk(chat: Chat, identity: Identity, person: Person) -> tuple[Conversation, str]:
    """The app's own conversation of this device if it is this person's or nobody's, else a new one."""
    now = await chat.conversation()
    if now is not None and now.channel == CHANNEL:
        if not await identity.database(identity.sessions.is_another_s, now.id, person):
            return now, ""
    return await chat.hub.begin(CHANNEL)
