"""Signing in and out as a citizen, from the chat and back to it; and who a ticket stands for."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from gateway import wire
from gateway.citizen import Person
from gateway.citizen_cookies import CITIZEN_COOKIE, set_conversation
from gateway.conversation import Conversation, ConversationNotFound, Mode, ModeConflict
from gateway.errors import error_body
from gateway.hub import Hub
from gateway.identity import SESSION_COOKIE, TASKS, USES, Begun, Identity
from gateway.oidc import OidcRefused, OidcUnavailable

log = logging.getLogger(__name__)
PENDING_COOKIE, PATH, PENDING_COOKIE_S = "nczf_citizen_oidc", "/api/citizen", 600
NO_STORE = {"Cache-Control": "no-store"}
Step = Literal["consented", "signed_in", "signed_out", "joined", "revoked"]
How = Literal["", "oidc", "app"]
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


class Chat:
    """What these routes work with, for one request."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.hub: Hub = request.app.state.hub
        self.session = request.cookies.get(SESSION_COOKIE) or ""
        self.by_key = False
        """Set by `conversation`: this is another device than the first."""

    @property
    def identity(self) -> Identity | None:
        """None: nobody signs in here."""
        return self.hub.identity

    def base(self) -> str:
        """Our own address as browsers know it."""
        url = urlsplit(str(self.request.base_url))
        return self.hub.settings.public_url.rstrip("/") or f"{url.scheme}://{url.netloc}"

    def fail(self, code: str, status: int, phrase: str = "") -> JSONResponse:
        """A refusal with its sentence."""
        return error_body(code, self.hub.phrases.say(phrase or f"error_{code}"), status)

    async def conversation(self) -> Conversation | None:
        """The conversation of this browser."""
        try:
            found, self.by_key = await self.hub.let_in(self.request.cookies.get(CITIZEN_COOKIE))
        except ConversationNotFound:
            return None
        return found

    def cookie(self, response: Response, name: str, value: str, path: str, max_age: int) -> None:
        """`lax`: the way back begins on the provider's page."""
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path=path,
            httponly=True,
            samesite="lax",
            secure=self.hub.settings.secure_cookies,
        )

    def set_session(self, response: Response, token: str) -> None:
        """Hand the session to the browser."""
        self.cookie(response, SESSION_COOKIE, token, "/", int(self.hub.settings.citizen_session_s))

    def event(self, step: Step, task: str, how: How = "") -> wire.IdentityChanged:
        """The event that the conversation keeps: what, for what, when. Nothing of who it is."""
        say = self.hub.phrases.say
        minutes = int(self.hub.settings.citizen_session_s // 60)
        phrase = "identity_signed_in_only" if step == "signed_in" and not task else f"identity_{step}"
        return wire.IdentityChanged(
            text=say(phrase, task=say(f"task_{task}"), minutes=minutes),
            step=step,
            task=task,
            uses=list(USES) if step == "consented" else [],
            how=how,
        )

    async def explain(self, conversation_id: str, reason: str, task: str) -> None:
        """Say in the chat why nobody is signed in, and the other way; not while an officer talks there."""
        say = self.hub.phrases.say
        replies = [
            wire.QuickReply(label=say("sign_in_by_number"), say=say("sign_in_by_number")),
            wire.QuickReply(label=say("sign_in_again"), action="sign_in", args={"task": task}),
            wire.QuickReply(label="转人工", action="handoff"),
        ]
        told = wire.TextMessage(text=say(f"sign_in_{reason}"), status=f"sign_in_{reason}", replies=replies)
        try:
            await self.hub.live.append(conversation_id, wire.BotSaid(messages=[told]), expect=Mode.BOT)
        except (ModeConflict, ConversationNotFound):
            log.info("conversation=%s sign-in %s not told", conversation_id, reason)


ChatDep = Annotated[Chat, Depends(Chat)]


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
        return chat.fail("not_signed_in", 401)
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
