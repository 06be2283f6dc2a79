"""All tables of the embedded systems. Importing this package fills `metadata`."""

from actions.backends.tables.audit import audit_log
from actions.backends.tables.bookings import bookings, closures, slots, waits
from actions.backends.tables.cases import (
    case_events,
    case_followers,
    cases,
    lookup_budgets,
    lookup_failures,
)
from actions.backends.tables.columns import metadata
from actions.backends.tables.notices import notices
from actions.backends.tables.ratings import ratings, rectification_steps, rectifications
from actions.backends.tables.work_orders import (
    order_alerts,
    order_attachments,
    order_failures,
    order_steps,
    work_orders,
)

__all__ = [
    "audit_log",
    "bookings",
    "case_events",
    "case_followers",
    "cases",
    "closures",
    "lookup_budgets",
    "lookup_failures",
    "metadata",
    "notices",
    "order_alerts",
    "order_attachments",
    "order_failures",
    "order_steps",
    "ratings",
    "rectification_steps",
    "rectifications",
    "slots",
    "waits",
    "work_orders",
]
