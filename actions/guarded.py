"""One net under every action: an unexpected error becomes a plain sentence and the offer of a person.

Unguarded, the SDK would answer 500 with the whole tracker in the body, and Rasa would fall silent.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions import messages
from actions.backends.ports import BackendUnavailable
from actions.phrases import Phrases

log = logging.getLogger(__name__)
Run = Callable[[CollectingDispatcher, Tracker, dict[str, Any]], Awaitable[list[dict[str, Any]]]]


def _place(error: BaseException) -> str:
    """Kind and place of an error and of what caused it; its words may be the citizen's and stay out."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    at = " > ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    cause = f", from {_place(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__} at {at}{cause}"


def guarded(action: Action, phrases: Phrases) -> Run:
    """Return `action.run`, caught. Rejections pass through: they belong to Rasa's forms."""

    async def run(
        dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        said = len(dispatcher.messages)
        try:
            return list(await action.run(dispatcher, tracker, domain))
        except ActionExecutionRejection:
            raise
        except BackendUnavailable as down:
            log.error("action=%s system=%s unavailable: %s", action.name(), down.system, down.reason)
            key = "backend_unavailable"
        except Exception as error:
            # The conversation id, the action and the place, never the citizen's words.
            log.error("action=%s conversation=%s failed: %s", action.name(), tracker.sender_id, _place(error))
            key = "failure"
        del dispatcher.messages[said:]
        dispatcher.utter_message(
            json_message=messages.failure(
                phrases.say(key), status=f"error_{key}", replies=phrases.replies("replies_failure")
            )
        )
        return []

    return run
