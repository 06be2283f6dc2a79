"""Ports to the systems behind the assistant. One Protocol per system, plain dataclasses across.

All methods are synchronous and short (one transaction); async callers use `asyncio.to_thread`.
Times are timezone-aware, Asia/Shanghai. Every method may raise `BackendUnavailable`.
"""

from actions.backends.ports.bookings import Booking, BookingSystem, Hall, Slot
from actions.backends.ports.cases import CaseStatus, CaseStep, CaseSystem, StepState
from actions.backends.ports.errors import (
    AlreadyRated,
    BackendError,
    BackendUnavailable,
    BookingNotFound,
    CaseNotFound,
    DuplicateBooking,
    SlotFull,
    TooManyAttempts,
    WorkOrderNotFound,
)
from actions.backends.ports.notices import Notice, NoticeBoard
from actions.backends.ports.ratings import Rating, RatingSystem
from actions.backends.ports.work_orders import WorkOrder, WorkOrderSystem

__all__ = [
    "AlreadyRated",
    "BackendError",
    "BackendUnavailable",
    "Booking",
    "BookingNotFound",
    "BookingSystem",
    "CaseNotFound",
    "CaseStatus",
    "CaseStep",
    "CaseSystem",
    "DuplicateBooking",
    "Hall",
    "Notice",
    "NoticeBoard",
    "Rating",
    "RatingSystem",
    "Slot",
    "SlotFull",
    "StepState",
    "TooManyAttempts",
    "WorkOrder",
    "WorkOrderNotFound",
    "WorkOrderSystem",
]
