"""Signing in and out as a citizen, from the chat and back to it; and who a ticket stands for."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from gateway import wire
from gateway.citizen import Person
from gateway.citizen_chat import NO_STORE, Chat, ChatDep
from gateway.citizen_cookies import set_conversation
from gateway.identity import SESSION_COOKIE, TASKS, Begun, Identity
from gateway.oidc import OidcRefused, OidcUnavailable

log = logging.getLogger(__name__)
PENDING_COOKIE, PATH, PENDING_COOKIE_S = "nczf_citizen_oidc", "/api/citizen", 600
KNOWN_REASONS = frozenset({"cancelled", "no_identity"})
citizen_api = APIRouter(prefix=PATH)
internal = APIRouter(prefix="/internal")


class SignIn(BaseModel):
    """Body of POST /api/citizen/sign-in: sending it is the consent."""

    task: Literal["", "cases"] = ""
    """What for."""


class Ticket(BaseModel):
    """Body of POST /internal/identity."""

    ticket: Annotated[str, Field(max_length=1000)]
    conversation_id: Annotated[str, Field(max_length=64)]


@citizen_api.get("/me")
async def me(chat: ChatDep, response: Response) -> dict[str, Any]:
    """Whether one can sign in here, and who is signed in: `signed_in` is null or {name 王*明, until}."""
    response.headers.update(NO_STORE)
    identity, found = chat.identity, None
    if identity is not None and chat.session:
        conversation = await chat.conversation()
        if conversation is not None:
            found = await identity.database(identity.sessions.signed_in, chat.session, conversation.id)
    return {
        "offered": identity is not None and identity.offered,
        "signed_in": {"name": found.name, "until": found.until} if found else None,
    }


@citizen_api.post("/sign-in")
async def sign_in(body: SignIn, chat: ChatDep) -> Response:
    """Record the consent and say where to sign in: {"url"}."""
    identity, conversation = chat.identity, await chat.conversation()
    if identity is None or not identity.offered:
        return chat.fail("not_found", 404)
    if conversation is None:
        return chat.fail("no_conversation", 409)
    if not await chat.hub.message_limits.allow(conversation.id):
        return chat.fail("rate_limited", 429)
    try:
        url, token = await identity.start(f"{chat.base()}{PATH}/back", conversation.id, body.task)
    except OidcUnavailable as error:
        log.error("citizens' provider away: %s", error)
        await chat.explain(conversation.id, "unavailable", body.task)
        return chat.fail("provider_unavailable", 503, "sign_in_unavailable")
    await chat.hub.live.append(conversation.id, chat.event("consented", body.task, "oidc"))
    response = JSONResponse({"url": url}, headers=NO_STORE)
    chat.cookie(response, PENDING_COOKIE, token, PATH, PENDING_COOKIE_S)
    return response


@citizen_api.get("/back")
async def back(
    chat: ChatDep, code: str = "", state: str = "", iss: str | None = None, error: str = ""
) -> Response:
    """The browser comes back from the provider; whatever happened, it goes on in its conversation."""
    response = RedirectResponse("/", 303, headers=NO_STORE)
    response.delete_cookie(PENDING_COOKIE, path=PATH)
    identity, conversation = chat.identity, await chat.conversation()
    if identity is None or conversation is None:
        return response
    begun = await identity.began(chat.request.cookies.get(PENDING_COOKIE) or "")
    if begun is None or begun.conversation_id != conversation.id:
        await chat.explain(conversation.id, "refused", begun.task if begun else "")
        return response
    try:
        if error or not code:
            raise OidcRefused("cancelled" if error == "access_denied" else "no_code")
        person, id_token = await begun.finish(code, state, iss)
    except OidcUnavailable as away:
        log.error("citizens' provider away: %s", away)
        await chat.explain(conversation.id, "unavailable", begun.task)
    except OidcRefused as refused:
        log.warning("conversation=%s sign-in refused: %s", conversation.id, refused.reason)
        reason = refused.reason if refused.reason in KNOWN_REASONS else "refused"
        await chat.explain(conversation.id, reason, begun.task)
    else:
        await _signed_in(chat, identity, response, begun, person, id_token)
    return response


async def _signed_in(
    chat: Chat, identity: Identity, response: Response, begun: Begun, person: Person, id_token: str
) -> None:
    """Begin the session and go on with what it was for, in a conversation that is this person's."""
    conversation_id = begun.conversation_id
    if chat.session:
        await identity.sign_out(chat.session, "")
    if await identity.database(identity.sessions.is_another_s, conversation_id, person):
        fresh, secret = await chat.hub.begin("portal")
        conversation_id = fresh.id
        set_conversation(response, fresh.id, secret, secure=chat.hub.settings.secure_cookies)
        moved = wire.TextMessage(text=chat.hub.phrases.say("sign_in_moved"), status="sign_in_moved")
        await chat.hub.live.append(conversation_id, wire.BotSaid(messages=[moved]))
    token = await identity.sign_in(conversation_id, person, "oidc", id_token)
    chat.set_session(response, token)
    told = chat.event("signed_in", begun.task, "oidc")
    if TASKS[begun.task]:
        await chat.hub.resume(conversation_id, told, TASKS[begun.task], token)
    else:
        await chat.hub.live.append(conversation_id, told)


@citizen_api.post("/sign-out")
async def sign_out(chat: ChatDep, response: Response) -> dict[str, str]:
    """End the session: {"url"} is where the provider's own one ends, or empty."""
    response.headers.update(NO_STORE)
    response.delete_cookie(SESSION_COOKIE)
    identity, conversation = chat.identity, await chat.conversation()
    if identity is None or not chat.session:
        return {"url": ""}
    alive, url = await identity.sign_out(chat.session, f"{chat.base()}/")
    if alive and conversation is not None:
        await chat.hub.live.append(conversation.id, chat.event("signed_out", ""))
    return {"url": url}


@internal.post("/identity")
async def redeem(
    body: Ticket, chat: ChatDep, authorization: Annotated[str | None, Header()] = None
) -> Response:
    """For the action server alone: who a ticket stands for; 410: nobody any more."""
    identity = chat.identity
    if identity is None or not identity.believes(authorization or ""):
        return chat.fail("not_found", 404)
    person = await identity.database(identity.sessions.redeem, body.ticket, body.conversation_id)
    if person is None:
        return chat.fail("not_signed_in", 410)
    known = {"name": person.name, "phone": person.phone, "id_no": person.id_no}
    return JSONResponse(known, headers=NO_STORE)
