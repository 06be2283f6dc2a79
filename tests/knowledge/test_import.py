"""A city's list: all rows or none, nothing twice, every bad row by its number."""

import csv
import json
from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge.__main__ import main
from knowledge.errors import KnowledgeError
from knowledge.importing.mapping import load_mapping
from knowledge.importing.run import import_list
from knowledge.importing.template import write_template
from knowledge.library import GuideLibrary, check_folder
from knowledge.wording import DATA
from tests.knowledge.conftest import DATA as SMALL

MAPPING = load_mapping(DATA / "import_mapping.yaml")
HEADER = ["实施编码", "事项名称", "实施主体", "申请材料", "到办事现场次数", "设定依据"]
GOOD = ["A-001", "渔业船舶登记", "农业农村局", "船舶图纸；购置发票", "1", "渔业船舶登记办法"]


def as_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def guides(tmp_path: Path) -> Path:
    folder = tmp_path / "guides"
    folder.mkdir()
    for path in (SMALL / "guides").glob("*.yaml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    return folder


def test_a_row_becomes_a_guide_in_which_nothing_is_verified(tmp_path: Path) -> None:
    folder = guides(tmp_path)
    report = import_list(as_csv(tmp_path / "list.csv", [GOOD]), MAPPING, folder, "demo")
    assert (report.rows, report.taken, report.bad, report.changed) == (1, 1, [], True)
    assert check_folder(folder, None).faults == []
    guide = GuideLibrary.load(folder).guides["item-a-001"]
    assert guide.imported and guide.name == "渔业船舶登记" and guide.department == "农业农村局"
    assert [m.name for m in guide.materials] == ["船舶图纸", "购置发票"] and guide.visits.count == 1
    assert not any(part.verified for part in guide.parts())
    assert guide.basis[0].title == "渔业船舶登记办法" and not guide.basis[0].checked


@pytest.mark.parametrize("kind", ["csv", "gb", "xlsx", "json", "jsonl"])
def test_every_kind_of_file_gives_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"list.{'csv' if kind == 'gb' else kind}"
    if kind in ("csv", "gb"):
        as_csv(path, [GOOD], "gb18030" if kind == "gb" else "utf-8")
    elif kind == "xlsx":
        book = Workbook()
        for row in (HEADER, GOOD):
            book.active.append(row)
        book.save(path)
    else:
        row = dict(zip(HEADER, GOOD, strict=True))
        text = json.dumps([row] if kind == "json" else row, ensure_ascii=False)
        path.write_text(text, "utf-8")
    folder = guides(tmp_path)
    assert import_list(path, MAPPING, folder, "demo").taken == 1
    assert "item-a-001" in GuideLibrary.load(folder).guides


def test_one_bad_row_stops_all_unless_asked_otherwise(tmp_path: Path) -> None:
    folder = guides(tmp_path)
    rows = [
        GOOD,
        ["", "无编码", "局", "", "", ""],
        ["A-003", "次数", "局", "", "许多", ""],
        ["A-001", "重复", "局", "", "", ""],
    ]
    source = as_csv(tmp_path / "list.csv", rows)
    report = import_list(source, MAPPING, folder, "demo")
    assert [number for number, _ in report.bad] == [3, 4, 5] and report.path is None
    reasons = [reason for _, reason in report.bad]
    assert (
        "code: is empty" in reasons[0]
        and "visits: got '许多'" in reasons[1]
        and "the same as in row 2" in reasons[2]
    )
    assert not (folder / "imported").exists()
    report = import_list(source, MAPPING, folder, "demo", partial=True)
    assert report.taken == 1 and report.path is not None


def test_importing_again_changes_nothing_and_replaces_the_whole_list(tmp_path: Path) -> None:
    folder = guides(tmp_path)
    source = as_csv(tmp_path / "list.csv", [GOOD])
    first = import_list(source, MAPPING, folder, "demo")
    before = first.path.read_bytes()
    assert not import_list(source, MAPPING, folder, "demo").changed and first.path.read_bytes() == before
    as_csv(source, [["A-002", *GOOD[1:]]])
    assert import_list(source, MAPPING, folder, "demo").changed
    assert set(GuideLibrary.load(folder).guides) >= {"item-a-002"}
    assert "item-a-001" not in GuideLibrary.load(folder).guides


def test_written_guides_win_and_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    folder = guides(tmp_path)
    source = as_csv(tmp_path / "list.csv", [GOOD, ["B-1", "结婚登记", "民政局", "", "", ""]])
    report = import_list(source, MAPPING, folder, "demo", dry_run=True)
    assert report.covered == [(3, "marriage")] and report.taken == 1 and not (folder / "imported").exists()


def test_templates_can_be_imported_as_they_are(tmp_path: Path) -> None:
    for kind in ("csv", "xlsx", "json"):
        path = tmp_path / f"template.{kind}"
        write_template(path, MAPPING)
        report = import_list(path, MAPPING, tmp_path / "none", "demo", dry_run=True)
        assert (report.rows, report.bad) == (1, []), kind
    with pytest.raises(KnowledgeError, match="expected .csv, .xlsx or .json"):
        write_template(tmp_path / "template.doc", MAPPING)


def test_bad_files_and_mappings_are_named(tmp_path: Path) -> None:
    (tmp_path / "list.doc").write_text("x", "utf-8")
    (tmp_path / "list.xlsx").write_text("no spreadsheet", "utf-8")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    (tmp_path / "list.jsonl").write_text('{"a": 1}\n{broken\n', "utf-8")
    for name, what in (
        ("list.doc", "expected one of .csv"),
        ("list.xlsx", "cannot be read as .xlsx"),
        ("empty.csv", "has no header"),
        ("list.jsonl", "line 2 is no JSON"),
        ("none.csv", "cannot be read"),
    ):
        with pytest.raises(KnowledgeError, match=what):
            import_list(tmp_path / name, MAPPING, tmp_path, "demo")
    with pytest.raises(KnowledgeError, match="lower-case letters"):
        import_list(tmp_path / "list.jsonl", MAPPING, tmp_path, "../evil")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns: {colour: 颜色, name: 名称}\nmore: 1\nseparator: '['\n", "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_mapping(mapping)
    for what in (
        "colour: is no target",
        "code is needed",
        "department is needed",
        "more: is not",
        "separator:",
    ):
        assert what in str(caught.value)


def test_the_program_reports_bad_rows_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = guides(tmp_path)
    monkeypatch.setenv("NCZF_GUIDES_DIR", str(folder))
    source = as_csv(tmp_path / "list.csv", [GOOD, ["", "无编码", "局", "", "", ""]])
    assert main(["import", str(source), "--report", str(tmp_path / "bad.txt")]) == 1
    out = capsys.readouterr()
    assert "第3行 code: is empty" in out.out and "没有写入" in out.out and "导入 2/2" in out.err
    assert "第3行" in (tmp_path / "bad.txt").read_text("utf-8")
    assert main(["import", str(source), "--partial"]) == 1 and "写入" in capsys.readouterr().out
    assert main(["import"]) == 2
