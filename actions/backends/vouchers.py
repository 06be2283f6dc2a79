"""Vouchers: what the citizen keeps. Pure: a booking in; lines, QR code and calendar entry out."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import segno
from icalendar import Calendar, Event

from actions.backends.clock import SHANGHAI
from actions.backends.ports import Booking, Voucher
from actions.backends.reminders import when
from actions.masking import mask_name

STATES = {"booked": "有效", "cancelled": "已取消", "displaced": "原时段已停办，请改约", "no_show": "未到"}
PRODUCT = "-//nczf//bookings//ZH"


def voucher(booked: Booking, *, sequence: int, at: datetime) -> Voucher:
    """`sequence`: how often the booking was changed; `at`: now, the calendar entry's stamp."""
    return Voucher(
        booking_no=booked.booking_no,
        token=booked.voucher,
        lines=lines(booked),
        ics=calendar(booked, sequence=sequence, at=at),
        qr_svg=qr_svg(booked.booking_no),
    )


def lines(booked: Booking) -> tuple[tuple[str, str], ...]:
    """(label, value), in the order to print them."""
    place = booked.hall.address if booked.hall.address_verified else ""
    all_of_them = (
        ("预约号", booked.booking_no),
        ("状态", STATES[booked.status]),
        ("办理事项", booked.item),
        ("办事大厅", booked.hall.name),
        ("地址", place),
        ("时间", f"{when(booked.day, f'{booked.start:%H:%M}')}-{booked.end:%H:%M}"),
        ("办事人", mask_name(booked.name)),
    )
    return tuple((label, value) for label, value in all_of_them if value)


def qr_svg(booking_no: str) -> str:
    """The number as a QR code, for the hall's scanner; about 2 kB of SVG."""
    out = io.BytesIO()
    segno.make(booking_no, micro=False, error="m").save(
        out, kind="svg", scale=6, xmldecl=False, title=booking_no, svgns=True
    )
    return out.getvalue().decode()


def calendar(booked: Booking, *, sequence: int, at: datetime) -> str:
    """RFC 5545, times in UTC. The UID stays, SEQUENCE rises; a booking that no longer holds is cancelled."""
    holds = booked.status in ("booked", "no_show")
    event = Event()
    event.add("uid", f"{booked.booking_no}@nczf")
    event.add("dtstamp", at.astimezone(UTC))
    event.add("sequence", sequence)
    for name, clock_time in (("dtstart", booked.start), ("dtend", booked.end)):
        event.add(name, datetime.combine(booked.day, clock_time, SHANGHAI).astimezone(UTC))
    event.add("status", "CONFIRMED" if holds else "CANCELLED")
    event.add("summary", f"{booked.item}（预约号 {booked.booking_no}）")
    event.add("location", booked.hall.name)
    event.add("description", "\n".join(f"{label}：{value}" for label, value in lines(booked)))
    entry = Calendar()
    entry.add("prodid", PRODUCT)
    entry.add("version", "2.0")
    entry.add("method", "PUBLISH" if holds else "CANCEL")
    entry.add_component(event)
    return str(entry.to_ical().decode())
