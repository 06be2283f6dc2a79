"""All tables of the embedded systems. Importing this package fills `metadata`."""

from actions.backends.tables.audit import audit_log
from actions.backends.tables.bookings import bookings, slots
from actions.backends.tables.cases import cases, lookup_failures
from actions.backends.tables.columns import metadata
from actions.backends.tables.notices import notices
from actions.backends.tables.ratings import ratings
from actions.backends.tables.work_orders import work_order_marks, work_orders

__all__ = [
    "audit_log",
    "bookings",
    "cases",
    "lookup_failures",
    "metadata",
    "notices",
    "ratings",
    "slots",
    "work_order_marks",
    "work_orders",
]
