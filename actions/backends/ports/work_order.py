"""What a work order is made of: plain values, as they cross the port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

OrderKind = Literal["consultation", "complaint", "report", "call_back", "emergency_referral"]
FiledKind = Literal["consultation", "complaint", "report", "call_back"]
Urgency = Literal["normal", "urgent"]
OrderState = Literal[
    "accepted",
    "transferred",
    "handling",
    "returned",
    "answered",
    "called_back",
    "rated",
    "closed",
    "refused",
    "withdrawn",
    "merged",
    "referred",
]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is kept elsewhere. `size` in bytes, `sha256` as 64 hex digits."""

    id: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A 12345 work order. `due_on`: the day by which somebody answers.

    `contact` and `phone` are empty in an anonymous or confidential order, and masked for staff.
    """

    order_no: str
    kind: OrderKind
    text: str
    contact: str
    phone: str
    state: OrderState
    created_at: datetime
    due_on: date
    owner: str
    urged: int = 0
    """How often the citizen has urged it (催办)."""
    urgency: Urgency = "normal"
    channel: str = "portal"
    place: str = ""
    department: str = ""
    """Who has it; "" before the first transfer."""
    round: int = 1
    """Grows with each return; a transfer, an answer and a call-back happen once in a round."""
    answer: str = ""
    """What the department answered, or why it was refused and what else one can do."""
    answered_at: datetime | None = None
    main: str = ""
    """In a merged order the number of the order that it follows; `answer` is that one's."""
    main_state: str = ""
    anonymous: bool = False
    confidential: bool = False
    code: str = ""
    """Six digits that open an anonymous order; only in what `create` returns."""
    emergency_number: str = ""
    """In a referred order the number that the citizen was told to call."""
    topic: str = ""
    district: str = ""
    proposed_department: str = ""
    proposed_confidence: float = 0.0
    confirmed_by: str = ""
    level: int | None = None
    """The citizen's rating, 1 to 5."""
    attachments: tuple[Attachment, ...] = ()
    """Files of the citizen."""
    evidence: tuple[Attachment, ...] = ()
    """Files of the department for its answer, those of this round."""
    reopened: bool = False
    """It was sent back because the citizen said at the call-back that it is not solved; happens once."""


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One row of an order's history. For the citizen internal reasons and notes are empty."""

    seq: int
    round: int
    step: str
    from_state: str
    to_state: str
    actor: str
    at: datetime
    reason: str = ""
    note: str = ""
    department: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class OrderAlert:
    """Something that staff must look at.

    `kind` is "reminder", "overdue_1", "overdue_2" …, "referred", or "unresolved": for the supervisor, an
    order whose citizen said a second time that it is not solved.
    """

    order_no: str
    kind: str
    state: str
    department: str
    due_on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderIdentity:
    """Who filed an order; see `OrderDesk.reveal`."""

    contact: str
    phone: str


@dataclass(frozen=True, slots=True)
class DuplicateCandidate:
    """Another order that may be about the same. `because`: "same_citizen", "same_place" or "same_topic"."""

    order_no: str
    state: str
    created_at: datetime
    similarity: float
    because: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One line of the figures; `by` is "all", "department", "topic" or "district", `name` which one."""

    by: str
    name: str
    count: int
    answered: int
    in_time: int
    """Answered on the day of the deadline or before."""
    overdue: int
    """Answered late, or not answered and past the deadline."""
    returned: int
    """Orders that a department sent back at least once."""
    rated: int
    satisfied: int
    """Rated 3, 4 or 5 (基本满意 or better)."""
    average_workdays: float | None
    """Working days from filing to the answer; None when nothing was answered."""
    reopened: int = 0
    """Orders that were sent back because their citizen was not satisfied with the answer."""
