"""What the citizens' routes work with: the browser's conversation, its session, and what is told there."""

from __future__ import annotations

import logging
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from gateway import wire
from gateway.citizen_cookies import CITIZEN_COOKIE
from gateway.conversation import Conversation, ConversationNotFound, Mode, ModeConflict
from gateway.errors import error_body
from gateway.hub import Hub
from gateway.identity import SESSION_COOKIE, USES, Identity

log = logging.getLogger(__name__)
NO_STORE = {"Cache-Control": "no-store"}
Step = Literal["consented", "signed_in", "signed_out", "joined", "revoked"]
How = Literal["", "oidc", "app"]


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
