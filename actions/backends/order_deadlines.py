"""Days of a work order on the working-day calendar. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from actions.backends.clock import add_workdays, is_workday
from actions.backends.order_policy import OrderPolicy
from actions.backends.ports.errors import OrderRefused

EMERGENCY = "emergency_referral"


def due_on(policy: OrderPolicy, kind: str, urgency: str, filed: date) -> date:
    """The day by which somebody answers. A referred emergency is looked at the same day."""
    return filed if kind == EMERGENCY else add_workdays(filed, policy.workdays[kind, urgency])


def extended(policy: OrderPolicy, due: date, until: date) -> date:
    """`until`, if a deadline of `due` may be moved there. Raises OrderRefused."""
    last = add_workdays(due, policy.number("extension.most_workdays"))
    if not due < until <= last or not is_workday(until):
        raise OrderRefused(
            "until", f"a working day after {due.isoformat()}, {last.isoformat()} at the latest"
        )
    return until


def alerts_on(policy: OrderPolicy, due: date, today: date) -> tuple[str, ...]:
    """Every alert that an order due on `due` must have had by `today`, the mildest first.

    "reminder" once the policy's working days before the deadline begin; "overdue_1" the first day after it
    (plus the policy's working days), then "overdue_2" and so on.
    """
    before = _back(due, policy.number("reminder.workdays_before"))
    reached = ["reminder"] if today >= before else []
    for level, days in enumerate(policy.escalation, 1):
        if today > add_workdays(due, days):
            reached.append(f"overdue_{level}")
    return tuple(reached)


def cutoffs(policy: OrderPolicy, today: date) -> dict[str, date]:
    """Each kind of alert -> the latest deadline that must have had it by `today`."""
    kinds = ["reminder", *(f"overdue_{level}" for level in range(1, len(policy.escalation) + 1))]
    day = add_workdays(today, policy.number("reminder.workdays_before"))
    found: dict[str, date] = {}
    while len(found) < len(kinds):
        for kind in alerts_on(policy, day, today):
            found.setdefault(kind, day)
        day -= timedelta(days=1)
    return found


@lru_cache(maxsize=65536)
def workdays_between(first: date, last: date) -> int:
    """Working days after `first` up to and with `last`; 0 for the same day or an earlier one."""
    count, day = 0, first
    while day < last:
        day += timedelta(days=1)
        count += is_workday(day)
    return count


def _back(day: date, count: int) -> date:
    while count > 0:
        day -= timedelta(days=1)
        count -= is_workday(day)
    return day
