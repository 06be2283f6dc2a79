"""The proposal: right often enough, sure only with ground, the same every time."""

from __future__ import annotations

import csv
import json
import time

import pytest

from actions.departments import Proposer
from actions.departments.__main__ import main
from actions.departments.measure import calibration_error, measure_letters, measure_own, read_letters


@pytest.fixture(scope="module")
def proposer():
    return Proposer()


def test_clear_text_gets_its_department_and_topic(proposer):
    proposal = proposer.propose("小区的物业费涨价了，电梯坏了物业公司也不修，业主委员会选不出来")
    assert (proposal.department, proposal.topic) == ("housing", "housing.property_service")
    assert proposal.title == "市住房和城乡建设局"
    assert proposal.confidence >= proposer.data.settings["abstain_below"]


def test_runners_up_are_ordered_and_never_the_proposal(proposer):
    proposal = proposer.propose("小区门口的饭店油烟和垃圾影响我们")
    shares = [share.confidence for share in proposal.runners_up]
    assert shares and shares == sorted(shares, reverse=True)
    assert proposal.department not in {share.department for share in proposal.runners_up}
    assert proposal.confidence + sum(shares) <= 1 + 1e-9


SAYS_NOTHING = ["", "   ", "你好", "？？！！", "abc 123", "\x00\ud83d", "哈哈哈哈哈哈哈", "我要反映一个情况"]


@pytest.mark.parametrize("text", SAYS_NOTHING)
def test_says_nothing_where_the_text_does(proposer, text):
    assert proposer.propose(text).department is None


def test_emergency_takes_the_place_of_a_department(proposer):
    proposal = proposer.propose("快来人，楼下有人拿刀追人")
    assert (proposal.emergency, proposal.department, proposal.runners_up) == ("110", None, ())


def test_very_long_text_is_read_quickly(proposer):
    text = "我们这里的路灯坏了很久没人修，" * 20_000
    started = time.process_time()
    assert proposer.propose(text).department == "city_management"
    assert time.process_time() - started < 2


def test_two_proposers_agree(proposer):
    text = "公司拖欠工资三个月"
    assert Proposer().propose(text).as_json() == proposer.propose(text).as_json()


def test_mixture_is_fitted_on_texts_the_model_has_not_seen(proposer):
    truth = proposer.model.truth
    linear_right = (proposer.model.unseen.argmax(axis=1) == truth).mean()
    assert 0.6 < linear_right < 0.95  # scores of a model that had seen its texts would be near 1
    assert proposer.mixture.loss < 0.7
    assert proposer.mixture.linear > 0 and proposer.mixture.words > 0


def test_own_held_out_texts(proposer):
    result = measure_own(proposer)
    assert result["departments"].accuracy >= 0.85
    assert result["departments"].accuracy_covered >= 0.85
    assert result["departments"].calibration_error <= 0.1
    assert result["topic_accuracy"] >= 0.8
    assert result["off_topic_abstained"] >= 0.9


def test_calibration_error():
    assert calibration_error([], []) == 0
    assert calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)
    assert calibration_error([0.5, 0.5], [True, False]) == pytest.approx(0.0)


def _letters(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["tokens", "label"])
        table.writerows(rows)
    return path


def test_letters_are_split_by_their_text_and_measured(proposer, tmp_path):
    rows = [(f"第 {place} 次 学校 老师 乱 收费", "教育文体") for place in range(60)]
    rows += [(f"第 {place} 次 工厂 废气 污染", "环境保护") for place in range(60)]
    path = _letters(tmp_path / "letters.csv", rows)
    dev, test = read_letters(path)
    assert len(dev) + len(test) == 120 and 5 < len(dev) < 45
    result = measure_letters(proposer, path)
    assert result["letters"].accuracy > 0.9
    assert result["upper_bound"] > 0.9
    assert 0.3 < result["majority_baseline"] < 0.7


def test_command_line(capsys, tmp_path):
    assert main(["propose", "自来水公司乱收水费，水表不准", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["department"] == "water_supply"
    assert main(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["demo"] is True
    assert main(["measure", "--letters", str(tmp_path / "absent.csv")]) == 2
    assert "absent.csv" in capsys.readouterr().err
