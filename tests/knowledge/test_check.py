"""The checks over guide files: every fault at once, with file and field."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from knowledge.errors import GuideFaults, UnknownGuide
from knowledge.library import GuideLibrary, catalogue, check_folder, folder_digest

DATA = Path(__file__).parent / "data"
TODAY = date(2026, 11, 24)

EXPECTED = [
    "item_type: got '什么都行', expected one of",
    "summary: has 65 characters, expected at most 60",
    "questions[4]: expected text, got true/false True",
    "questions: has 4 entries, expected at least 5",
    "conditions[0]: has both basis and verified",
    "conditions[1]: has neither basis nor verified: false",
    "materials[0].form: got '传真'",
    "fee.amount_yuan: expected a number",
    "where.place: is missing",
    "result.verified: may only be false",
    "version: expected text, got a number 2026",
    "colour: is not a known key",
    "id: is 'other-name', expected the file's name 'bad-guide'",
    "refers to 'law-9', which is not listed under basis",
    "depends on 'colour', which is no situation of this guide",
    "depends on age = 'z', which is no option",
    "situations: unused: no part depends on it",
    "related: no guide has the id 'no-such-guide'",
    "expires_on: expired on 2026-11-01",
    "expires_on: 2026-11-01 lies before effective_on 2026-11-24",
    "aliases: '坏一' stands twice in this file",
]


def test_all_faults_of_a_file_are_reported_at_once() -> None:
    report = check_folder(DATA / "broken", TODAY)
    for expected in EXPECTED:
        assert any(expected in line for line in report.faults), expected
    assert len(report.faults) == len(EXPECTED)
    assert all(line.startswith("bad-guide.yaml: ") for line in report.faults)


def test_loading_broken_guides_names_the_faults_and_the_remedy() -> None:
    with pytest.raises(GuideFaults, match="python -m knowledge check") as caught:
        GuideLibrary.load(DATA / "broken")
    assert len(caught.value.faults) == len(EXPECTED) - 1  # expiry is no fault for those who only read


def test_good_guides_have_no_faults() -> None:
    report = check_folder(DATA / "guides", TODAY)
    assert report.faults == [] and report.warnings == []
    assert set(report.guides) == {"id-card-replace", "residence-permit", "marriage"}
    assert set(report.stubs) == {"dog-licence"}
    assert "passport-first" in report.missing and "marriage" not in report.missing


@pytest.mark.parametrize(
    ("today", "faults", "warnings"),
    [
        (date(2027, 5, 30), 0, 0),
        (date(2027, 5, 31), 0, 1),
        (date(2027, 6, 30), 0, 1),
        (date(2027, 7, 1), 1, 0),
    ],
)
def test_expiry_is_announced_thirty_days_ahead(today: date, faults: int, warnings: int) -> None:
    report = check_folder(DATA / "guides", today)
    assert (len(report.faults), len(report.warnings)) == (faults, warnings)


def changed(tmp_path: Path, name: str, **values: object) -> list[str]:
    """Faults after some keys of a good guide have been replaced."""
    for path in (DATA / "guides").glob("*.yaml"):
        guide = yaml.safe_load(path.read_text("utf-8"))
        guide |= values if path.stem == name else {}
        (tmp_path / path.name).write_text(yaml.safe_dump(guide, allow_unicode=True), "utf-8")
    return check_folder(tmp_path, TODAY).faults


def test_a_question_may_stand_in_one_guide_only(tmp_path: Path) -> None:
    questions = ["身份证丢了怎么补", "甲", "乙", "丙", "丁"]
    faults = changed(tmp_path, "marriage", questions=questions)
    assert faults == ["marriage.yaml: questions: '身份证丢了怎么补' stands also in id-card-replace.yaml"]


def test_an_alias_may_not_be_the_name_of_another_guide(tmp_path: Path) -> None:
    (fault,) = changed(tmp_path, "marriage", aliases=["身份证丢失补领"])
    assert "aliases: '身份证丢失补领' stands also in" in fault


def test_every_answer_must_leave_a_step(tmp_path: Path) -> None:
    steps = {"online": [], "window": [{"text": "去。", "basis": ["law-11"], "when": {"age": ["adult"]}}]}
    faults = changed(tmp_path, "id-card-replace", steps=steps)
    assert "id-card-replace.yaml: steps: nothing is left to do for age=minor、hukou=local" in faults


def test_options_that_change_nothing_between_them_are_named(tmp_path: Path) -> None:
    options = [{"value": v, "label": v} for v in ("adult", "minor", "old", "older")]
    situations = yaml.safe_load((DATA / "guides/id-card-replace.yaml").read_text("utf-8"))["situations"]
    situations[0]["options"] = options
    faults = changed(tmp_path, "id-card-replace", situations=situations)
    assert any("situations: age: options old/older change nothing between them" in line for line in faults)


def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    text = (DATA / "guides/marriage.yaml").read_text("utf-8")
    (tmp_path / "marriage.yaml").write_text(text + "name: 又一个名字\n", "utf-8")
    (fault,) = check_folder(tmp_path, TODAY).faults
    assert "marriage.yaml: not readable" in fault and "'name' stands twice" in fault


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    (fault,) = check_folder(tmp_path / "none", TODAY).faults
    assert "no such folder" in fault and "NCZF_GUIDES_DIR" in fault


def test_unchecked_documents_do_not_verify_a_fact(library: GuideLibrary) -> None:
    guide = library.guides["id-card-replace"]
    assert guide.cross_region[0].basis == ("fee-doc",) and not guide.cross_region[0].verified
    assert guide.conditions[0].verified


def test_digest_follows_every_edit(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("id: a\n", "utf-8")
    before = folder_digest(tmp_path)
    path.write_text("id: a \n", "utf-8")
    assert folder_digest(tmp_path) != before


def test_unknown_guide_is_named_with_the_remedy(library: GuideLibrary) -> None:
    assert library.get("nothing") is None
    with pytest.raises(UnknownGuide, match="no guide with id 'nothing'; .*check --ids"):
        library.require("nothing")


def test_catalogue_has_its_153_items() -> None:
    assert len(catalogue()) == 153
    assert catalogue()["id-card-replace"] == "居民身份证丢失补领"
