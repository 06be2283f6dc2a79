"""The embedded booking system: slots by rule, capacity by constraint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from actions.backends.clock import SHANGHAI
from actions.backends.database import hold, insert_new
from actions.backends.halls import HallPlan
from actions.backends.numbers import BOOKING, new_number
from actions.backends.ports import Booking, BookingNotFound, DuplicateBooking, Hall, Slot, SlotFull
from actions.backends.store import Store
from actions.backends.tables import bookings, slots


class LocalBookings:
    """Extended-hours bookings in the services database. See `BookingSystem`."""

    def __init__(self, store: Store, plan: HallPlan) -> None:
        self._store = store
        self._plan = plan
        self._halls = {hall.id: hall for hall in plan.halls}

    def halls(self) -> Sequence[Hall]:
        """See `BookingSystem.halls`."""
        return self._plan.halls

    def free_slots(self, hall_id: str, day: date) -> Sequence[Slot]:
        """See `BookingSystem.free_slots`. Opens the day's slots on first sight."""
        now = self._store.clock()
        ahead = (day - now.date()).days
        if hall_id not in self._halls or not 0 <= ahead <= self._plan.horizon_days:
            return []
        with self._store.begin() as db:
            self._open_day(db, hall_id, day)
            rows = db.execute(
                select(slots).where(slots.c.hall_id == hall_id, slots.c.day == day).order_by(slots.c.start)
            ).mappings()
            found = [_slot(row) for row in rows]
        return [s for s in found if datetime.combine(s.day, s.start, SHANGHAI) > now]

    def _open_day(self, db: Connection, hall_id: str, day: date) -> None:
        for session, start, end, capacity in self._plan.slots(hall_id, day):
            row = {
                "id": f"{hall_id}-{day:%Y%m%d}-{start:%H%M}",
                "hall_id": hall_id,
                "day": day,
                "start": f"{start:%H:%M}",
                "end": f"{end:%H:%M}",
                "session": session,
                "capacity": capacity,
                "taken": 0,
            }
            insert_new(db, slots, [row])

    def book(
        self, slot_id: str, *, item_id: str, item: str, name: str, phone: str, owner: str, key: str
    ) -> Booking:
        """See `BookingSystem.book`."""
        now = self._store.clock()
        with self._store.begin() as db:
            hold(db, f"booking-key:{key}", f"slot:{slot_id}")
            first = self._find(db, bookings.c.key == key)
            if first:
                return first
            slot = self._take(db, slot_id, phone, now)
            number = self._insert(
                db,
                {
                    "key": key,
                    "slot_id": slot_id,
                    "item_id": item_id,
                    "item": item,
                    "name": name,
                    "phone": phone,
                    "status": "booked",
                    "owner": owner,
                    "created_at": now.isoformat(),
                },
                slot["day"],
            )
            booked = self._find(db, bookings.c.booking_no == number)
        assert booked is not None, f"booking {number} vanished inside its own transaction"
        return booked

    @staticmethod
    def _insert(db: Connection, values: dict[str, object], day: date) -> str:
        for _ in range(20):
            number = new_number(BOOKING, day)
            try:
                with db.begin_nested():
                    db.execute(insert(bookings).values(booking_no=number, **values))
                return number
            except IntegrityError as clash:
                if "booking_no" not in str(clash.orig):
                    raise
        raise RuntimeError(f"no free booking number for {day} after 20 tries; widen the number")

    def bookings(self, owner: str) -> Sequence[Booking]:
        """See `BookingSystem.bookings`."""
        today = self._store.clock().date()
        with self._store.begin() as db:
            rows = db.execute(
                select(bookings, slots.c.hall_id, slots.c.day, slots.c.start, slots.c.end)
                .join(slots, slots.c.id == bookings.c.slot_id)
                .where(bookings.c.owner == owner, bookings.c.status == "booked", slots.c.day >= today)
                .order_by(slots.c.day, slots.c.start)
            ).mappings()
            return [self._booking(row) for row in rows]

    def find(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.find`."""
        with self._store.begin() as db:
            found = self._allowed(db, booking_no, owner, phone_last4)
        if found.status != "booked":
            raise BookingNotFound
        return found

    def change(self, booking_no: str, slot_id: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.change`."""
        now = self._store.clock()
        with self._store.begin() as db:
            found = self._allowed(db, booking_no, owner, phone_last4)
            if found.status != "booked":
                raise BookingNotFound
            mine = bookings.c.booking_no == booking_no
            before = db.execute(select(bookings.c.slot_id).where(mine)).scalar_one()
            if before == slot_id:
                return found
            self._take(db, slot_id, found.phone, now)
            db.execute(update(slots).where(slots.c.id == before).values(taken=slots.c.taken - 1))
            db.execute(update(bookings).where(mine).values(slot_id=slot_id))
            moved = self._find(db, mine)
        assert moved is not None, f"booking {booking_no} vanished inside its own transaction"
        return moved

    def _take(self, db: Connection, slot_id: str, phone: str, now: datetime) -> RowMapping:
        """Take one place of a slot for a phone. Raises SlotFull, DuplicateBooking."""
        slot = db.execute(select(slots).where(slots.c.id == slot_id)).mappings().first()
        if slot is None or _starts(slot) <= now:
            raise SlotFull
        same = self._find(
            db,
            (bookings.c.slot_id == slot_id) & (bookings.c.phone == phone) & (bookings.c.status == "booked"),
        )
        if same:
            raise DuplicateBooking(same.booking_no)
        took = db.execute(
            update(slots)
            .where(slots.c.id == slot_id, slots.c.taken < slots.c.capacity)
            .values(taken=slots.c.taken + 1)
        )
        if took.rowcount != 1:
            raise SlotFull
        return slot

    def _allowed(self, db: Connection, booking_no: str, owner: str, phone_last4: str | None) -> Booking:
        """The booking, for its owner or whoever knows the phone. Raises BookingNotFound."""
        found = self._find(db, bookings.c.booking_no == booking_no)
        known = found is not None and phone_last4 is not None and found.phone[-4:] == phone_last4
        if found is None or not (found.owner == owner or known):
            raise BookingNotFound
        return found

    def cancel(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.cancel`."""
        with self._store.begin() as db:
            self._allowed(db, booking_no, owner, phone_last4)
            changed = db.execute(
                update(bookings)
                .where(bookings.c.booking_no == booking_no, bookings.c.status == "booked")
                .values(status="cancelled")
            )
            if changed.rowcount == 1:
                slot_id = select(bookings.c.slot_id).where(bookings.c.booking_no == booking_no)
                db.execute(
                    update(slots)
                    .where(slots.c.id == slot_id.scalar_subquery())
                    .values(taken=slots.c.taken - 1)
                )
            cancelled = self._find(db, bookings.c.booking_no == booking_no)
        assert cancelled is not None, f"booking {booking_no} vanished inside its own transaction"
        return cancelled

    def _find(self, db: Connection, where: object) -> Booking | None:
        row = (
            db.execute(
                select(bookings, slots.c.hall_id, slots.c.day, slots.c.start, slots.c.end)
                .join(slots, slots.c.id == bookings.c.slot_id)
                .where(where)  # type: ignore[arg-type]
            )
            .mappings()
            .first()
        )
        return self._booking(row) if row else None

    def _booking(self, row: RowMapping) -> Booking:
        return Booking(
            booking_no=row["booking_no"],
            item_id=row["item_id"],
            item=row["item"],
            hall=self._halls[row["hall_id"]],
            day=row["day"],
            start=time.fromisoformat(row["start"]),
            end=time.fromisoformat(row["end"]),
            name=row["name"],
            phone=row["phone"],
            status=row["status"],
            owner=row["owner"],
            demo=True,
        )


def _slot(row: RowMapping) -> Slot:
    return Slot(
        id=row["id"],
        hall_id=row["hall_id"],
        day=row["day"],
        start=time.fromisoformat(row["start"]),
        end=time.fromisoformat(row["end"]),
        session=row["session"],
        capacity=row["capacity"],
        free=row["capacity"] - row["taken"],
    )


def _starts(row: RowMapping) -> datetime:
    return datetime.combine(row["day"], time.fromisoformat(row["start"]), SHANGHAI)
