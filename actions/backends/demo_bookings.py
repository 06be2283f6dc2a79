"""Demo bookings: kept, cancelled, not used; then those that lost their place, and a line."""

from __future__ import annotations

from datetime import timedelta

from actions.backends.demo_run import ACTOR, ITEMS, Filling
from actions.backends.demo_waits import make_displaced, make_line
from actions.backends.halls import load as load_halls
from actions.backends.local_bookings import LocalBookings
from actions.backends.no_shows import mark_no_show
from actions.backends.ports import BackendError, BackendUnavailable

LEAST_FOR_MORE = 10
"""From so many bookings on there is a line, and a closure with displaced bookings."""


def make_bookings(run: Filling, amount: int) -> list[str]:
    """The numbers of the bookings; fewer than `amount` where the halls are full."""
    system = LocalBookings(run.store, load_halls())
    halls = system.halls()
    booked = []
    for number in range(amount):
        dice = run.dice(f"booking:{number}")
        name, phone, owner = run.person(number)
        missed, hall = number % 10 == 9, halls[dice.randrange(len(halls))]
        run.clock.at = run.today - timedelta(days=12) if missed else run.today
        first = dice.randrange(1, 8)
        for ahead in range(first, first + 10):
            day = run.clock.at.date() + timedelta(days=ahead)
            if missed and day >= run.today.date():
                break
            free = [slot for slot in system.free_slots(hall.id, day) if slot.free]
            item = next((i for i in ITEMS if not hall.items or i[0] in hall.items), None)
            if not free or item is None:
                continue
            key = f"{owner}:booking"
            try:
                made = system.book(
                    dice.choice(free).id,
                    item_id=item[0],
                    item=item[1],
                    name=name,
                    phone=phone,
                    owner=owner,
                    key=key,
                )
            except BackendUnavailable:
                raise
            except BackendError:
                continue  # this slot is not for this invented citizen; the next day may be
            state = str(made.status)
            if missed and state == "booked":
                run.clock.at = run.today
                state = mark_no_show(system.desk, made.booking_no, actor=ACTOR).status
            elif number % 6 == 5 and state == "booked":
                state = system.cancel(made.booking_no, owner=owner).status
            run.made[f"bookings.{state}"] += 1
            booked.append(made.booking_no)
            break
    if amount >= LEAST_FOR_MORE:
        booked += make_line(run, system)
        make_displaced(run, system)
    return booked
