"""Ask: through the real socket, the real Rasa model, the real action server and index."""

import pytest

pytestmark = pytest.mark.live


def test_lost_id_card_gives_the_right_card_with_source_basis_and_date(citizen):
    (answer,) = citizen.ask("身份证丢了怎么补")
    assert answer["kind"] == "answer"
    card = answer["card"]
    assert card["guide_id"] == "id-card-replace"
    assert card["name"] == "居民身份证丢失补领"
    sections = {s["key"]: s for s in card["sections"]}
    assert sections["materials"]["style"] == "checklist" and sections["materials"]["items"]
    assert any(key.startswith("steps") for key in sections)
    values = " ".join(h["value"] for h in card["headlines"])
    assert "40" in values
    assert any("居民身份证法" in b["title"] and b["article"] for b in card["basis"])
    assert card["reviewed_on"].startswith("2026-") and card["version"]
    assert card["unverified"], "local facts nobody could check are named as such"


def test_follow_up_is_answered_from_the_guide_at_hand(citizen):
    citizen.ask("身份证丢了怎么补")
    (fee,) = citizen.ask("要多少钱")
    assert fee["kind"] == "answer" and fee["field"] == "fee" and fee["compact"]
    assert fee["card"]["guide_id"] == "id-card-replace"
    assert "40" in fee["lead"]


def test_a_fact_said_in_words_cuts_the_card(citizen):
    citizen.ask("身份证丢了怎么补")
    (answer,) = citizen.ask("我还没满16岁")
    assert answer["card"]["guide_id"] == "id-card-replace"
    assert "未满16周岁" in answer["card"]["fits"]


def test_a_situation_button_does_the_same(citizen):
    (first,) = citizen.ask("身份证丢了怎么补")
    question = first["card"]["question"]
    option = question["options"][0]
    args = {"guide_id": "id-card-replace", "key": question["key"], "value": option["value"]}
    (second,) = citizen.act("set_fact", args, option["label"])
    assert option["label"] in second["card"]["fits"]


@pytest.mark.parametrize("text", ["今天天气怎么样", "给我讲个笑话吧", "红烧肉怎么做好吃"])
def test_outside_the_guides_is_not_answered_as_if_inside(citizen, text):
    (message,) = citizen.ask(text)
    assert message["kind"] == "text"
    assert message["status"] in {"out_of_scope", "small_talk", "unanswerable_no_guide"}


def test_a_real_service_that_is_not_covered_is_not_answered_with_another(citizen):
    (message,) = citizen.ask("我想申请外国人工作许可")
    assert message["kind"] in {"text", "clarify"}
    assert message.get("status") in {"not_handled_here", "unanswerable_no_guide", None}


def test_urgent_danger_is_answered_at_once_with_the_numbers(citizen):
    (message,) = citizen.ask("有人落水了快救命")
    assert message["status"] == "urgent"
    assert all(number in message["text"] for number in ("110", "119", "120"))


def test_a_return_a_sibling_and_a_receipt(citizen):
    (first,) = citizen.ask("居民身份证到期怎么换")
    assert first["card"]["guide_id"] == "id-card-renew" and first["card"]["answer_id"].startswith("DF")
    (lost,) = citizen.ask("那丢了呢")
    assert lost["card"]["guide_id"] == "id-card-replace"
    (other,) = citizen.ask("居住证怎么办")
    assert other["card"]["guide_id"] == "residence-permit"
    (back,) = citizen.ask("刚才那个身份证要多少钱")
    assert (back["card"]["guide_id"], back["field"]) == ("id-card-replace", "fee")
    assert len({m["card"]["answer_id"] for m in (first, lost, other, back)}) == 4


@pytest.mark.parametrize(
    ("text", "guide_id"), [("公司不干了怎么注销", "company-close"), ("新车上牌", "vehicle-register")]
)
def test_an_item_with_close_neighbours_is_answered_or_among_the_choices(citizen, text, guide_id):
    (message,) = citizen.ask(text)
    found = [message["card"]] if message["kind"] == "answer" else message.get("options", [])
    assert guide_id in [item["guide_id"] for item in found]
