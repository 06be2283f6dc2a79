"""The data of the department proposal: valid as shipped, and every fault of a broken copy told at once."""

from __future__ import annotations

import shutil

import pytest
import yaml

from actions.departments.data import FOLDER, DataFault, read_data, read_examples, read_yaml


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "data")


def _edit(path, change):
    table = yaml.safe_load(path.read_text("utf-8"))
    change(table)
    path.write_text(yaml.safe_dump(table, allow_unicode=True), "utf-8")


def test_shipped_data_is_whole_and_marked_demo():
    data = read_data()
    assert data.demo
    assert len(data.departments) >= 30
    assert all(len(department.topics) >= 3 for department in data.departments)


def test_dev_split_shares_no_text_with_the_examples():
    data = read_data()
    faults: list[str] = []
    topics = {topic.id for department in data.departments for topic in department.topics}
    dev = read_examples(FOLDER / "dev.yml", topics, faults)
    assert faults == []
    assert {example.department for example in dev} == {department.id for department in data.departments}
    assert not {example.text for example in dev} & {example.text for example in data.examples}


def test_letters_map_names_every_department_and_only_known_topics():
    data, table = read_data(), read_yaml(FOLDER / "letters_map.yml")
    assert set(table["departments"]) == {department.id for department in data.departments}
    topics = {topic.id for department in data.departments for topic in department.topics}
    assert set(table["topics"]) <= topics


def test_every_fault_is_reported_at_once(folder):
    def break_departments(table):
        table["departments"]["tax"]["title"] = "市公安局"
        table["departments"]["gas"]["topics"]["bill"]["words"] = "气费 气费^2 燃气^x"
        table["departments"]["post"]["topics"]["moon"] = {"title": "月亮", "words": "月亮"}

    _edit(folder / "departments.yml", break_departments)
    _edit(folder / "settings.yml", lambda table: table.update(abstain_below=7, colour="red"))
    _edit(folder / "examples.yml", lambda table: table["police"].update(nowhere="去哪里\n"))
    with pytest.raises(DataFault) as caught:
        read_data(folder)
    told = "\n".join(caught.value.faults)
    for part in (
        "tax: the title 市公安局 is taken",
        "gas.bill: '气费' is listed twice",
        "gas.bill: '燃气^x' is no word^weight",
        "post.moon: has no example",
        "abstain_below: got 7",
        "colour: unknown",
        "police.nowhere: no such topic",
    ):
        assert part in told


@pytest.mark.parametrize("name", ["departments.yml", "examples.yml", "settings.yml"])
def test_a_missing_or_unreadable_file_is_a_fault(folder, name):
    (folder / name).write_text("a: [", "utf-8")
    with pytest.raises(DataFault, match=f"{name}: cannot be read"):
        read_data(folder)
    (folder / name).unlink()
    with pytest.raises(DataFault, match=f"{name}: cannot be read"):
        read_data(folder)


def test_too_few_examples_and_a_text_given_twice_are_faults(folder):
    def break_examples(table):
        table["tax"] = {"invoice": "不给开发票\n"}
        table["gas"]["bill"] += "不给开发票\n"

    _edit(folder / "examples.yml", break_examples)
    with pytest.raises(DataFault) as caught:
        read_data(folder)
    told = "\n".join(caught.value.faults)
    assert "tax: got 1 examples" in told
    assert "stands twice" in told
