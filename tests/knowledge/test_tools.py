"""Batch, receipts, evaluation and what the development files may hold."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from knowledge.answerer import Answerer
from knowledge.baselines import Bm25, pairs
from knowledge.batch import run_batch
from knowledge.errors import KnowledgeError
from knowledge.evaluate import errors, evaluate, field_numbers, numbers, outside_numbers, table
from knowledge.examples import dev_questions, field_examples, stay_examples
from knowledge.heldout import HeldOut, leaks, read_heldout
from knowledge.library import catalogue
from knowledge.receipts import ZONE, ReceiptBook, UnknownReceipt
from knowledge.record import answer_record
from knowledge.talk import Talk, moved


def test_a_batch_is_answered_line_by_line(answerer: Answerer, tmp_path: Path) -> None:
    source, target = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    lines = [
        {"q": "身份证丢了怎么补", "id": 7},
        {"q": "要多少钱", "context": ["身份证丢了怎么补"]},
        {"q": "养狗要办狗证吗"},
        {"q": "今天天气怎么样"},
        {"q": "要多少钱"},
    ]
    source.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n", "utf-8")
    assert run_batch(answerer, source, target) == 0
    found = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [row["outcome"] for row in found] == ["answered", "answered", "redirect", "refuse", "clarify"]
    assert found[0]["guide_id"] == found[1]["guide_id"] == "id-card-replace" and found[0]["id"] == 7
    assert found[1]["fields"][0] == "fee" and found[1]["followup"] and "40元" in found[1]["text"]
    assert found[0]["sources"][0]["version"] == "2026-11-24" and found[0]["ms"] > 0
    assert found[0]["candidates"][0]["guide_id"] == "id-card-replace"
    assert found[2]["guide_id"] == "dog-licence" and found[3]["why"] in ("no_service", "no_guide")
    assert found[4]["why"] == "no_item_named"


def test_bad_batch_lines_are_named_and_the_rest_answered(answerer: Answerer, tmp_path: Path) -> None:
    source, target = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    source.write_text('{"q": 5}\nnot json\n{"q": "办居住证", "context": "x"}\n{"q": "办居住证"}\n', "utf-8")
    said: list[str] = []
    assert run_batch(answerer, source, target, said.append) == 1
    found = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [row.get("line") for row in found] == [1, 2, 3, None]
    assert "expected an object" in found[0]["error"] and found[3]["outcome"] == "answered"
    with pytest.raises(KnowledgeError, match="cannot be read"):
        run_batch(answerer, tmp_path / "none.jsonl", None)


def test_a_receipt_shows_exactly_what_was_said(answerer: Answerer, tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path / "data" / "answers.db")
    found = answerer.answer("未满16岁，身份证丢了怎么补，我叫张三")
    record = answer_record(found, answerer.library, answerer.snapshot)
    keys = {book.issue(record, datetime(2026, 11, 24, 9, tzinfo=ZONE)) for _ in range(300)}
    assert len(keys) == 300 and all(key.startswith("DF20261124-") for key in keys)
    key = keys.pop()
    stored = book.get(key.lower())
    assert stored["text"] == record["text"] and stored["lead"] == found.lead
    assert stored["sources"][0]["version"] == "2026-11-24" and stored["snapshot"] == answerer.snapshot
    assert stored["at"] == "2026-11-24T09:00:00+08:00" and "张三" not in json.dumps(
        stored, ensure_ascii=False
    )
    book.close()
    again = ReceiptBook(tmp_path / "data" / "answers.db")
    assert again.get(key)["text"] == record["text"]
    with pytest.raises(UnknownReceipt, match="no answer with id 'DF1'"):
        again.get("DF1")
    again.close()


def test_receipts_on_the_command_line(
    answerer: Answerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from knowledge.__main__ import main

    monkeypatch.setenv("NCZF_DATA_DIR", str(tmp_path))
    assert main(["receipt", "DF20261124-AAAAAAAA"]) == 1
    assert "no answers were ever stored" in capsys.readouterr().err
    book = ReceiptBook(tmp_path / "answers.db")
    found = answerer.answer("补办身份证要多少钱")
    key = book.issue(answer_record(found, answerer.library, answerer.snapshot))
    book.close()
    assert main(["receipt", key]) == 0
    out = capsys.readouterr().out
    assert "id-card-replace" in out and found.lead in out and "2026-11-24版" in out


def test_a_talk_remembers_items_situations_and_fields(answerer: Answerer) -> None:
    talk = Talk(answerer)
    talk.ask("小孩身份证丢了怎么补")
    assert (talk.guide_id, talk.facts) == ("id-card-replace", {"age": "minor"})
    talk.ask("那办居住证要多少钱")
    assert (talk.guide_id, talk.recent, talk.asked[0]) == ("residence-permit", ("id-card-replace",), "fee")
    back = talk.ask("刚才那个多久能好")
    assert (back.guide_id, back.field) == ("id-card-replace", "time_limit")
    assert talk.recent == ("residence-permit",)


def test_words_that_were_asked_back_about_are_read_with_the_next_ones(answerer: Answerer) -> None:
    talk = Talk(answerer)
    assert talk.ask("要多少钱").why == "no_item_named"
    found = talk.ask("补办身份证")
    assert (found.outcome, found.guide_id) == ("answered", "id-card-replace")
    assert talk.pending == ""


def test_moving_keeps_four_items_and_none_twice() -> None:
    assert moved((), None, "a") == () and moved(("b",), "a", "b") == ("a",)
    assert moved(("b", "c", "d", "e"), "a", "x") == ("a", "b", "c", "d")


def test_evaluation_counts_what_it_says(answerer: Answerer) -> None:
    asked = [
        HeldOut("身份证丢了怎么补", "id-card-replace", "plain"),
        HeldOut("补办身份证要多少钱", "id-card-replace", "plain", ("fee",)),
        HeldOut("结婚登记", "residence-permit", "typo"),
        HeldOut("要多少钱", "id-card-replace", "ellipsis", ("fee",), ("身份证丢了怎么补",)),
        HeldOut("今天天气怎么样", None, "chat"),
    ]
    found = evaluate(answerer, asked, say=lambda line: None)
    inside = numbers(found[:3])
    assert (inside["hit@1"], inside["wrong"], inside["answered"]) == (2 / 3, 1 / 3, 1.0)
    assert field_numbers(found[:3])["first"] == 1.0 and outside_numbers(found[4:])["refuse"] == 1.0
    shown = table(found, {"by length": lambda text: sorted(answerer.library.guides)})
    assert "by length" in shown and "ellipsis" in shown and "p95" in shown
    assert "want residence-permit" in errors(found) and "身份证丢了怎么补" not in errors(found)


def test_held_out_files_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "held.yaml"
    path.write_text(
        "- {question: 甲, kind: nonsense}\n- {question: 乙, kind: plain, fields: [price]}\n- 丙\n", "utf-8"
    )
    with pytest.raises(KnowledgeError) as caught:
        read_heldout(path)
    assert all(
        what in str(caught.value) for what in ("[0]: kind 'nonsense'", "[1]: fields ['price']", "[2]:")
    )


def test_leaks_are_found_by_words_and_by_likeness() -> None:
    asked = [HeldOut(q, "x", "plain") for q in ("请问身份证丢了怎么补？", "孩子上学要带什么材料")]
    found = leaks(asked, ["身份证丢了怎么补", "我想结婚"])
    assert [question for question, _, _ in found] == ["请问身份证丢了怎么补？"]


def test_bm25_ranks_by_words() -> None:
    ranking = Bm25(["a", "b"], ["身份证丢失补领", "结婚登记"], pairs)
    assert ranking.rank("结婚证怎么领")[0] == "b" and ranking.rank("xyz") == ["a", "b"]


def test_development_files_name_only_items_of_the_catalogue() -> None:
    known = set(catalogue())
    questions = dev_questions()
    assert {q.guide_id for q in questions if q.guide_id} == known
    assert len(questions) > 1200 and len(field_examples()) > 3000
    stays = stay_examples()
    assert sum(e.stays for e in stays) > 400 and sum(not e.stays for e in stays) > 400


def test_blind_files_can_be_read() -> None:
    golden = Path(__file__).parent.parent / "golden"
    rows = [
        q for name in ("retrieval_blind.yaml", "retrieval_blind_2.yaml") for q in read_heldout(golden / name)
    ]
    assert sum(q.guide_id is not None for q in rows) >= 400
    assert {q.guide_id for q in rows if q.guide_id} == set(catalogue())
    assert len(read_heldout(golden / "context_test.yaml")) >= 100
