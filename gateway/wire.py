"""The wire protocol, version 1: every frame that crosses a citizen or desk socket.

These models are the single source: `python -m gateway.schema` exports JSON Schema, the pages'
TypeScript types are generated from it, and docs/protocol.md is checked against it.

Times are UTC, ISO 8601. ``seq`` counts from 1 per conversation and has no gaps.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

VERSION = 1
TEXT_LIMIT = 500
"""Characters in one citizen or officer message."""
FRAME_LIMIT = 16 * 1024
"""Bytes in one incoming frame; larger frames get `error frame_too_large`."""


class Wire(BaseModel):
    """Base of all frames: unknown keys are refused, so that typing errors are seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Short = Annotated[str, Field(max_length=64)]
ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
Mode = Literal["bot", "waiting", "agent", "closed"]


# --------------------------------------------------------------------------- parts of bot messages


class QuickReply(Wire):
    """A button. Plain ones say their text; ones with an action send an `act` frame instead."""

    label: str
    say: str | None = None
    """Text to send as the citizen's own words; None: send `act`."""
    action: str | None = None
    args: dict[str, Any] = {}
    hint: str = ""
    """Second line on the button, e.g. 余 3 位."""
    disabled: bool = False


class CardItem(Wire):
    """One line of a card section."""

    text: str
    note: str = ""
    tag: str = ""
    """Short badge, e.g. 可用电子证照."""
    when: str = ""
    """Condition in words if it applies only in some situations and the situation is not yet known."""
    verified: bool = True


class CardSection(Wire):
    """`style` says how to draw it: checklist (tickable), steps (numbered), list (bullets)."""

    key: str
    title: str
    style: Literal["checklist", "steps", "list"] = "list"
    items: list[CardItem]


class Headline(Wire):
    """One of the two to three big facts at the top of a card."""

    label: str
    value: str
    note: str = ""
    verified: bool = True


class SituationOption(Wire):
    """One answer to a `SituationQuestion`."""

    value: str
    label: str


class SituationQuestion(Wire):
    """One question that changes the result (情形导办). Answer by typing or by `act set_fact`."""

    key: str
    ask: str
    options: list[SituationOption]


class Basis(Wire):
    """A law or document that a guide rests on."""

    title: str
    article: str = ""
    number: str = ""


class GuideCard(Wire):
    """A guide, cut to the citizen's situation."""

    guide_id: str
    name: str
    department: str
    summary: str
    fits: str = ""
    """Why it fits: the situation facts already known, e.g. 本人、年满16周岁."""
    question: SituationQuestion | None = None
    headlines: list[Headline]
    sections: list[CardSection]
    basis: list[Basis]
    reviewed_on: str
    version: str
    unverified: list[str]
    """Names of the parts nobody could check; shown in the footer."""
    answer_id: str = ""
    """答复凭证: what was said stays resolvable under it; "" for a card that nobody was given as an answer."""


class GuideOption(Wire):
    """One guide to choose from."""

    guide_id: str
    name: str
    department: str
    summary: str = ""


class TimelineStep(Wire):
    """One station of a case or of a work order."""

    title: str
    at: str | None = None
    """ISO date-time, Asia/Shanghai; None for a step that has not happened."""
    note: str = ""
    state: Literal["done", "current", "next"]


class CaseView(Wire):
    """How far an application has got; nothing that names the applicant in full."""

    case_no: str
    item: str
    applicant: str
    """Masked, e.g. 王**."""
    department: str
    status: str
    submitted_on: str
    due_on: str | None
    steps: list[TimelineStep]
    next_step: str
    citizen_must: str = ""
    """What the citizen has to do now; empty: nothing."""
    must_items: list[str] = []
    """The materials to hand in now (补正材料), one an entry."""
    holder: str = ""
    """Who has it now: department, and desk if known."""
    statutory_due: str | None = None
    """ISO date by which the law wants it decided; `due_on` is the promised day."""
    result: str = ""
    """How the result is collected or posted; empty while there is none."""
    as_of: str
    source: str
    demo: bool


class BookingView(Wire):
    """One booked visit, as on its voucher."""

    booking_no: str
    item: str
    hall: str
    address: str
    address_verified: bool
    day: str
    """ISO date."""
    start: str
    """HH:MM"""
    end: str
    name: str
    """Masked."""
    phone: str
    """Masked."""
    status: Literal["booked", "cancelled", "displaced", "no_show"]
    """displaced: its slot was closed, it can be moved; no_show: nobody came."""
    demo: bool
    calendar: str = ""
    """Path of the calendar file on this server, with a secret in it; empty: none."""
    qr: str = ""
    """Path of the QR code (SVG) that the hall scans; empty: none."""
    note: str = ""
    """What its state means and what to do next, in words; empty: nothing to add."""


class Row(Wire):
    """One line of a read-back: label and value."""

    label: str
    value: str


# --------------------------------------------------------------------------- bot messages


class TextMessage(Wire):
    """Plain words."""

    kind: Literal["text"] = "text"
    text: str
    status: str = ""
    """Named outcome for the dashboard, e.g. unanswerable_no_guide, small_talk, urgent."""
    effect: Literal["", "elder_on", "elder_off"] = ""
    """What the page does beside showing it: switch to the large, simple look or back."""
    replies: list[QuickReply] = []


class AnswerMessage(Wire):
    """An answer out of a guide, with its card."""

    kind: Literal["answer"] = "answer"
    lead: str
    """One or two sentences before the card; for a follow-up, the asked fact itself."""
    field: str = ""
    """The asked field (a section or headline key), or empty for the whole card."""
    card: GuideCard
    compact: bool = False
    """True for a follow-up: show lead, the asked part and the footer; the rest folds away."""
    replies: list[QuickReply] = []


class ClarifyMessage(Wire):
    """Several guides may be meant: which one?"""

    kind: Literal["clarify"] = "clarify"
    text: str
    options: list[GuideOption]
    replies: list[QuickReply] = []


class AskMessage(Wire):
    """A form's question. Options are optional help: typing always works."""

    kind: Literal["ask"] = "ask"
    text: str
    asking: str
    """Slot: case_no, phone_last4, item, hall, day, slot, name, phone, message, confirm..."""
    options: list[QuickReply] = []
    rows: list[Row] = []
    """Read-back before anything is done (asking == confirm)."""
    title: str = ""
    replies: list[QuickReply] = []


class CaseMessage(Wire):
    """The state of one case."""

    kind: Literal["case_status"] = "case_status"
    text: str
    case: CaseView
    replies: list[QuickReply] = []


class BookedMessage(Wire):
    """One or more bookings: a fresh voucher, a list, or a cancelled one."""

    kind: Literal["bookings"] = "bookings"
    text: str
    bookings: list[BookingView]
    replies: list[QuickReply] = []


class WorkOrderMessage(Wire):
    """The receipt for a message that was left."""

    kind: Literal["work_order"] = "work_order"
    text: str
    order_no: str
    summary: str
    due_on: str
    status: str = ""
    """Its state in words; empty for the receipt of a new one."""
    department: str = ""
    """Who handles it, once a person has decided that."""
    steps: list[TimelineStep] = []
    """What has happened to it, oldest first."""
    query_code: str = ""
    """For an anonymous one, given once: with it and the number one can ask again."""
    code_given: bool = False
    """There is a code, and it was shown when it was given; it is not here any more."""
    replies: list[QuickReply] = []


class RatingMessage(Wire):
    """Ask for a 好差评. Sent back as `act rate {subject, level, reasons, comment}`."""

    kind: Literal["rating"] = "rating"
    text: str
    subject: str
    """booking:NO, case:NO:CONVERSATION, handoff:ID, work_order:NO, work_order:NO:filing, guide:ID"""
    levels: list[QuickReply]
    """Five, best first; args hold `level` 5..1."""
    reasons_good: list[str]
    reasons_bad: list[str]
    replies: list[QuickReply] = []


class RatedMessage(Wire):
    """Thanks for a rating."""

    kind: Literal["rated"] = "rated"
    text: str
    subject: str
    level: int
    replies: list[QuickReply] = []


class FailureMessage(Wire):
    """Something behind the bot did not work; says so plainly and offers a person."""

    kind: Literal["failure"] = "failure"
    text: str
    status: str
    replies: list[QuickReply] = []


class HandoffMessage(Wire):
    """From the action server to the gateway only: the citizen asked for a person."""

    kind: Literal["handoff"] = "handoff"
    reason: str
    summary: dict[str, str] = {}
    """Known facts, label -> masked value."""


class RepeatMessage(Wire):
    """From the action server to the gateway only: say the bot's last words again."""

    kind: Literal["repeat"] = "repeat"


BotMessage = Annotated[
    TextMessage
    | AnswerMessage
    | ClarifyMessage
    | AskMessage
    | CaseMessage
    | BookedMessage
    | WorkOrderMessage
    | RatingMessage
    | RatedMessage
    | FailureMessage
    | HandoffMessage
    | RepeatMessage,
    Field(discriminator="kind"),
]
bot_message: TypeAdapter[BotMessage] = TypeAdapter(BotMessage)


# --------------------------------------------------------------------------- citizen -> gateway


class Say(Wire):
    """The citizen's own words."""

    v: Literal[1] = 1
    type: Literal["say"] = "say"
    id: ClientId
    text: str
    """1 to TEXT_LIMIT characters after trimming."""


class Act(Wire):
    """A structured choice. `label` is what the transcript shows as the citizen's words."""

    v: Literal[1] = 1
    type: Literal["act"] = "act"
    id: ClientId
    action: Literal["open_guide", "set_fact", "rate", "cancel_booking", "handoff", "leave_queue"]
    args: dict[str, Any] = {}
    label: Annotated[str, Field(max_length=200)]


class Typing(Wire):
    """The citizen is typing; `draft` is used only to prepare suggestions while an officer holds the talk."""

    v: Literal[1] = 1
    type: Literal["typing"] = "typing"
    draft: Annotated[str, Field(max_length=TEXT_LIMIT)] = ""


class Ping(Wire):
    """Keep-alive; answered with `pong`."""

    v: Literal[1] = 1
    type: Literal["ping"] = "ping"


CitizenFrame = Annotated[Say | Act | Typing | Ping, Field(discriminator="type")]
citizen_frame: TypeAdapter[CitizenFrame] = TypeAdapter(CitizenFrame)


# --------------------------------------------------------------------------- desk -> gateway


class DeskAccept(Wire):
    """Take a waiting conversation; answered with `transcript` or `error mode_conflict`."""

    v: Literal[1] = 1
    type: Literal["accept"] = "accept"
    id: ClientId
    conversation_id: Short


class DeskOpen(Wire):
    """Show a conversation that this officer holds or that waits: answered with `transcript`."""

    v: Literal[1] = 1
    type: Literal["open"] = "open"
    id: ClientId
    conversation_id: Short
    after: int = 0


class DeskSay(Wire):
    """The officer's words to the citizen."""

    v: Literal[1] = 1
    type: Literal["say"] = "say"
    id: ClientId
    conversation_id: Short
    text: str
    suggestion_id: Short | None = None
    """Set when the text began as a suggestion."""
    edited: bool = False


class DeskDismiss(Wire):
    """A suggestion does not fit; answered with `done`."""

    v: Literal[1] = 1
    type: Literal["dismiss"] = "dismiss"
    id: ClientId
    conversation_id: Short
    suggestion_id: Short
    reason: Annotated[str, Field(max_length=100)] = ""


class DeskClose(Wire):
    """End the officer's part; answered with `done`."""

    v: Literal[1] = 1
    type: Literal["close"] = "close"
    id: ClientId
    conversation_id: Short
    reason: Literal["solved", "citizen_left", "referred", "other"] = "solved"


class DeskCheck(Wire):
    """Hold what the officer is typing against the guide at hand; answered with `warnings`, never stored."""

    v: Literal[1] = 1
    type: Literal["check"] = "check"
    id: ClientId
    conversation_id: Short
    text: Annotated[str, Field(max_length=TEXT_LIMIT)]
    guide_id: Annotated[str, Field(max_length=80)] = ""
    """Empty: the guide that the citizen's words led to."""


class DeskNote(Wire):
    """A note for colleagues; the citizen never sees it."""

    v: Literal[1] = 1
    type: Literal["note"] = "note"
    id: ClientId
    conversation_id: Short
    text: str


class DeskTransfer(Wire):
    """Hand the conversation on; answered with `done`."""

    v: Literal[1] = 1
    type: Literal["transfer"] = "transfer"
    id: ClientId
    conversation_id: Short
    to: Annotated[str, Field(max_length=40)] = ""
    """User name of a colleague who is there; empty: back to the front of the queue."""
    note: Annotated[str, Field(max_length=TEXT_LIMIT)] = ""
    """For the colleague, beside what was said."""


class DeskTyping(Wire):
    """The officer is writing."""

    v: Literal[1] = 1
    type: Literal["typing"] = "typing"
    conversation_id: Short


DeskFrame = Annotated[
    DeskAccept
    | DeskOpen
    | DeskSay
    | DeskDismiss
    | DeskClose
    | DeskCheck
    | DeskNote
    | DeskTransfer
    | DeskTyping
    | Ping,
    Field(discriminator="type"),
]
desk_frame: TypeAdapter[DeskFrame] = TypeAdapter(DeskFrame)


# --------------------------------------------------------------------------- gateway -> both


class CitizenSaid(Wire):
    """What the citizen said."""

    kind: Literal["citizen_said"] = "citizen_said"
    text: str
    """Masked."""


class BotSaid(Wire):
    """What the bot said: one or more messages."""

    kind: Literal["bot_said"] = "bot_said"
    messages: list[BotMessage]
    reply_to: int | None = None
    """seq of the citizen's message this answers."""


class AgentSaid(Wire):
    """What the officer said."""

    kind: Literal["agent_said"] = "agent_said"
    text: str
    agent_name: str
    source: str = ""
    """Guide name and version when sent from a suggestion."""


class HandoffRequested(Wire):
    """The conversation waits for an officer from now on."""

    kind: Literal["handoff_requested"] = "handoff_requested"
    text: str
    reason: str


class HandoffAccepted(Wire):
    """An officer has taken the conversation."""

    kind: Literal["handoff_accepted"] = "handoff_accepted"
    text: str
    agent_name: str


class HandoffEnded(Wire):
    """Closed by the officer, given up by the citizen, or expired because nobody accepted in time."""

    kind: Literal["handoff_ended"] = "handoff_ended"
    text: str
    outcome: Literal["closed", "left", "expired", "agent_lost", "transferred"]
    reason: Literal["", "solved", "citizen_left", "referred", "other"] = ""
    """Why the officer closed it."""


class IdentityChanged(Wire):
    """The citizen agreed to sign in, is signed in or out; another device joined, or may no longer.

    Says nothing of who they are.
    """

    kind: Literal["identity_changed"] = "identity_changed"
    text: str
    step: Literal["consented", "signed_in", "signed_out", "joined", "revoked"]
    task: str = ""
    """What it is for, e.g. cases; empty: nothing yet."""
    uses: list[str] = []
    """What of the person was agreed to be used: name, phone, id_no."""
    how: Literal["", "oidc", "app"] = ""


class NoteAdded(Wire):
    """Desk only: what an officer wrote for colleagues."""

    kind: Literal["note_added"] = "note_added"
    text: str
    """Masked."""
    agent_name: str


class SuggestionOffered(Wire):
    """Desk only."""

    kind: Literal["suggestion_offered"] = "suggestion_offered"
    for_seq: int
    """Last seq the suggestion has seen; stale once the citizen has said more."""
    draft: bool
    """Made from what the citizen is still typing."""
    suggestions: list[Suggestion]


class SuggestionUsed(Wire):
    """Desk only: feeds the acceptance rate."""

    kind: Literal["suggestion_used"] = "suggestion_used"
    suggestion_id: str
    outcome: Literal["sent", "edited", "dismissed"]
    reason: str = ""


class Suggestion(Wire):
    """One answer offered to the officer."""

    suggestion_id: str
    text: str
    guide_id: str
    source: str
    """e.g. 临时居民身份证办理 · 2026-11-24 版"""
    basis: str
    confidence: Literal["high", "fair"]
    unverified: bool = False


EventPayload = Annotated[
    CitizenSaid
    | BotSaid
    | AgentSaid
    | HandoffRequested
    | HandoffAccepted
    | HandoffEnded
    | IdentityChanged
    | NoteAdded
    | SuggestionOffered
    | SuggestionUsed,
    Field(discriminator="kind"),
]
event_payload: TypeAdapter[EventPayload] = TypeAdapter(EventPayload)

CITIZEN_KINDS = frozenset(
    {
        "citizen_said",
        "bot_said",
        "agent_said",
        "handoff_requested",
        "handoff_accepted",
        "handoff_ended",
        "identity_changed",
    }
)
"""What a citizen channel may show; everything else is for the desk alone."""


class EventFrame(Wire):
    """One stored event. `ref` is the sender's own id: seeing it back is the acknowledgement."""

    v: Literal[1] = 1
    type: Literal["event"] = "event"
    conversation_id: str
    seq: int
    at: str
    ref: str | None = None
    payload: EventPayload


class QueuePlace(Wire):
    """Where a waiting citizen stands."""

    place: int
    """1 is next."""
    waited_s: int
    minutes: int | None = None
    """Honest estimate, None when there is no basis for one."""


class StateFrame(Wire):
    """The live state of the conversation; sent on connect and on each change. Not stored."""

    v: Literal[1] = 1
    type: Literal["state"] = "state"
    conversation_id: str
    mode: Mode
    queue: QueuePlace | None = None
    agent_name: str | None = None
    thinking: bool = False
    ahead: int = 0
    """Bot turns that come before this one while the bot is busy; 0 when it is not."""
    agent_typing: bool = False
    citizen_typing: bool = False
    """Desk only."""
    last_seq: int


class ErrorFrame(Wire):
    """`message` is a plain Chinese sentence with the next step; `code` is for programs."""

    v: Literal[1] = 1
    type: Literal["error"] = "error"
    code: Literal[
        "bad_frame",
        "unknown_type",
        "frame_too_large",
        "text_empty",
        "text_too_long",
        "rate_limited",
        "mode_conflict",
        "not_yours",
        "forbidden",
        "not_found",
        "not_rateable",
        "channel_off",
        "unavailable",
        "internal",
    ]
    message: str
    field: str | None = None
    ref: str | None = None


class Pong(Wire):
    """Answer to `ping`."""

    v: Literal[1] = 1
    type: Literal["pong"] = "pong"


class Bye(Wire):
    """The server is going away on purpose: come back in `retry_in_s` seconds."""

    v: Literal[1] = 1
    type: Literal["bye"] = "bye"
    retry_in_s: int


class NoticeFrame(Wire):
    """The emergency notice: sent on connect where there is one, and on every change. Empty: none any more."""

    v: Literal[1] = 1
    type: Literal["notice"] = "notice"
    text: str


class QueueEntry(Wire):
    """One conversation in an officer's lists."""

    conversation_id: str
    title: str
    """e.g. 访客 3F2A"""
    mode: Mode
    preview: str
    reason: str
    waiting_since: str | None
    agent_name: str | None
    mine: bool
    channel: str


class QueueFrame(Wire):
    """Desk only: the whole list, sent on connect and on every change."""

    v: Literal[1] = 1
    type: Literal["queue"] = "queue"
    waiting: list[QueueEntry]
    active: list[QueueEntry]
    """Mine first."""
    closed: list[QueueEntry]
    """My last 20."""
    colleagues: list[Colleague] = []
    """Others who are there."""


class TranscriptFrame(Wire):
    """Desk only: answer to `open` and `accept`."""

    v: Literal[1] = 1
    type: Literal["transcript"] = "transcript"
    conversation_id: str
    ref: str | None = None
    facts: dict[str, str]
    """Known facts, label -> masked value."""
    state: StateFrame
    events: list[EventFrame]


class AssistFrame(Wire):
    """Desk only: the guide that the citizen's words lead to, cut to their situation. Not stored."""

    v: Literal[1] = 1
    type: Literal["assist"] = "assist"
    conversation_id: str
    for_seq: int
    """Last seq it has seen; stale once the citizen has said more."""
    card: GuideCard | None
    """None: nothing fits."""


class GuideWarning(Wire):
    """One thing in the officer's words that the guide does not bear out."""

    field: Literal["fee", "time_limit", "materials"]
    said: str
    guide_says: str


class WarningsFrame(Wire):
    """Desk only: answer to `check`; empty when nothing contradicts."""

    v: Literal[1] = 1
    type: Literal["warnings"] = "warnings"
    conversation_id: str
    ref: str
    warnings: list[GuideWarning]


class Colleague(Wire):
    """An officer who is there now."""

    username: str
    name: str
    talks: int
    """Conversations held."""


class DoneFrame(Wire):
    """Desk only: a command without an event of its own has been carried out."""

    v: Literal[1] = 1
    type: Literal["done"] = "done"
    ref: str


ServerFrame = Annotated[
    EventFrame
    | StateFrame
    | ErrorFrame
    | Pong
    | Bye
    | NoticeFrame
    | QueueFrame
    | TranscriptFrame
    | AssistFrame
    | WarningsFrame
    | DoneFrame,
    Field(discriminator="type"),
]
SuggestionOffered.model_rebuild()
EventFrame.model_rebuild()
TranscriptFrame.model_rebuild()
server_frame: TypeAdapter[ServerFrame] = TypeAdapter(ServerFrame)
