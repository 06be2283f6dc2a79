"""Book: item, hall, day, slot, name, phone, read back, confirmed; listed; cancelled."""

import pytest

from tests.live.clients import Citizen

pytestmark = pytest.mark.live


def fill(citizen, name: str, phone: str, time: str = "9点"):
    """From the first sentence to the read-back."""
    (hall,) = citizen.ask("周六上午想去办居住证")
    assert hall["asking"] == "hall"
    messages = citizen.ask("市民中心")
    if (
        messages[-1]["asking"] == "day"
    ):  # a Saturday without a session (public holiday): take the first day offered
        messages = citizen.ask(messages[-1]["options"][-1]["say"])
    assert messages[-1]["asking"] == "slot"
    (asked_name,) = citizen.ask(time)
    assert asked_name["asking"] == "name"
    (asked_phone,) = citizen.ask(name)
    assert asked_phone["asking"] == "phone"
    (confirm,) = citizen.ask(phone)
    assert confirm["asking"] == "confirm"
    return confirm


def test_book_list_cancel(citizen):
    confirm = fill(citizen, "王小明", "13812345678")
    rows = {r["label"]: r["value"] for r in confirm["rows"]}
    assert rows["办理事项"] == "居住证申领" and "周六" in rows["日期"]
    assert "王小明" not in str(rows) and "13812345678" not in str(rows)
    (booked,) = citizen.ask("确认")
    booking = booked["bookings"][0]
    assert booking["booking_no"].startswith("YY") and booking["status"] == "booked"
    (listed,) = citizen.ask("我的预约")
    assert [b["booking_no"] for b in listed["bookings"]] == [booking["booking_no"]]
    (sure,) = citizen.ask("取消预约")
    assert sure["asking"] == "confirm"
    (cancelled,) = citizen.ask("确定")
    assert cancelled["bookings"][0]["status"] == "cancelled"
    (none,) = citizen.ask("我的预约")
    assert none["status"] == "bookings_none"


def test_correction_at_the_read_back(citizen):
    fill(citizen, "李华", "13800001111")
    messages = citizen.ask("改成十点")
    rows = {r["label"]: r["value"] for r in messages[-1]["rows"]}
    assert rows["时段"].startswith("10:00")


def test_the_same_phone_cannot_take_two_places_in_one_slot(stack, citizen):
    fill(citizen, "赵六", "13700002222", time="11点")
    (booked,) = citizen.ask("确认")
    assert booked["kind"] == "bookings"
    other = Citizen(stack.base)
    fill(other, "赵六", "13700002222", time="11点")
    (again,) = other.ask("确认")
    assert again["status"] == "booking_duplicate"
    other.close()
