"""Talks of citizens and an officer in which identifiers of every kind are typed; for test_leaks.py."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.live import seeds
from tests.live.clients import Citizen, Officer
from tests.live.test_book import fill
from tests.live.test_person import accept


def by_citizens(stack, said) -> str:
    """Asking, booking, complaining, looking up, rating; returns the code of the anonymous work order."""
    asking = Citizen(stack.base)
    for raw in [*seeds.examples(), seeds.EVERYTHING, f"我叫{seeds.FREE_NAME}，怎么办居住证"]:
        asking.ask(raw)
    asking.act("set_fact", {"key": "age", "value": seeds.PHONES[1], seeds.PHONES[1]: 1}, seeds.PHONES[1])
    asking.act("open_guide", {"guide_id": seeds.PHONES[1]}, f"打开{seeds.PHONES[1]}")
    said.append(("act rate", json.dumps(asking.act("rate", {"subject": seeds.PHONES[1]}, "满意"))))
    asking.close()

    booking = Citizen(stack.base)
    fill(booking, seeds.BOOKED_NAME, seeds.PHONES[2], time="10点半")
    (booked,) = booking.ask("确认")
    assert booked["kind"] == "bookings"
    booking.ask(f"改约，我电话{seeds.PHONES[2]}")
    booking.ask("算了")
    booking.close()
    told = Citizen(stack.base)
    phone = seeds.PHONES[12]
    fill(told, f"我叫{seeds.ASKED_NAME}", f"{phone[:3]} {phone[3:7]} {phone[7:]}", time="10点半")
    told.ask("不约了")
    told.close()

    complaint = Citizen(stack.base)
    complaint.ask(f"我要投诉，{seeds.ADDRESS}楼下的路灯坏了，{seeds.PHONES[3]}")
    rows = until_confirm(complaint, seeds.PHONES[3])
    assert any(seeds.HOUSE in row["value"] for row in rows), "one's own place is shown to oneself"
    (filed,) = complaint.ask("确认")
    assert filed["kind"] == "work_order"
    complaint.ask("我要补充工单")
    complaint.ask(f"联系{seeds.FREE_NAME}，{seeds.PHONES[4]}，{seeds.ADDRESS}")
    (rated, *_) = complaint.ask("非常不满意")
    if rated["kind"] == "rated":
        complaint.ask(f"没人打{seeds.PHONES[4]}，我住{seeds.ADDRESS}")
    complaint.ask("我的工单到哪一步了")
    complaint.close()

    case = Citizen(stack.base)
    case.ask("查一下办件进度")
    case.ask(seeds.ID_NO)
    case.ask("NC202611030000175")
    case.ask(seeds.PHONES[5])
    case.close()
    return anonymously(stack)


def anonymously(stack) -> str:
    """A complaint without a name, looked up with its code from another conversation; returns the code."""
    hidden = Citizen(stack.base)
    hidden.ask(f"我要匿名举报，{seeds.ADDRESS}有人用地沟油")
    until_confirm(hidden, "匿名")
    (filed,) = hidden.ask("确认")
    code = filed["query_code"]
    assert re.fullmatch(r"\d{6}", code) and code not in filed["text"]
    other = Citizen(stack.base)
    (asked,) = other.ask(f"查一下工单{filed['order_no']}")
    assert asked["asking"] == "phone_last4"
    (seen,) = other.ask(code)
    assert seen["kind"] == "work_order" and seen["order_no"] == filed["order_no"]
    for one in (hidden, other):
        one.close()
    return code


def until_confirm(citizen, contact) -> list[dict[str, Any]]:
    """Answer a complaint's questions up to its read-back; its rows."""
    answers = {"phone": contact, "message": f"{seeds.ADDRESS}路灯坏了"}
    asked = [f for f in citizen.seen if f["type"] == "event"][-1]["payload"]["messages"][-1]
    for _ in range(4):
        if asked.get("asking") == "confirm":
            return asked["rows"]
        asked = citizen.ask(answers[asked["asking"]])[-1]
    raise AssertionError(f"no read-back; asked for {asked.get('asking')}")


def by_an_officer(stack) -> None:
    """Words, notes, drafts, reasons and ids of an officer, beside a citizen's."""
    citizen, officer = Citizen(stack.base), Officer(stack.base, *stack.logins()[0])
    citizen.ask(f"我叫{seeds.FREE_NAME}，{seeds.EVERYTHING}")
    citizen.ask("转人工")
    accept(officer, citizen)
    of = citizen.conversation_id
    citizen.send({"type": "typing", "draft": f"我的电话是{seeds.PHONES[6]}，身份证丢了"})
    citizen.tell(f"身份证丢了怎么补，{seeds.EVERYTHING}", f"id-{seeds.PHONES[6]}")
    offered = officer.event("suggestion_offered")["payload"]["suggestions"][0]["suggestion_id"]
    number = seeds.PHONES[7]
    officer.command("dismiss", conversation_id=of, suggestion_id=offered, reason=f"回电{number}")
    officer.command("dismiss", conversation_id=of, suggestion_id=number, reason=number)
    officer.command("check", conversation_id=of, text=f"费用请打{number}问{seeds.BOOKED_NAME}")
    officer.command("note", conversation_id=of, text=f"他的证{seeds.ID_NO}，电话{number}")
    officer.send({"type": "say", "id": number, "conversation_id": of, "text": f"您的电话{number}对吗"})
    citizen.event("agent_said")
    officer.command("transfer", conversation_id=of, to=number, note=f"请{number}接着办")
    officer.command("close", conversation_id=number, reason="solved")
    officer.command("close", conversation_id=of, reason=f"已回电{number}")
    officer.command("close", conversation_id=of, reason="solved")
    subject = citizen.event("bot_said")["payload"]["messages"][0]["subject"]
    args = {"subject": subject, "level": 1, "reasons": [f"等{number}"], "comment": seeds.EVERYTHING}
    citizen.act("rate", args, f"非常不满意{number}")
    officer.quiet(0.3)
    free = seeds.secrets() - {seeds.FREE_NAME}
    shown = json.dumps([{**f, "ref": None} for f in officer.seen], ensure_ascii=False)
    assert seeds.look(shown, "officer", free) == set(), "the desk reads the masked form"
    citizen.close()
    officer.close()
