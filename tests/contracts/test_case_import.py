"""Import of cases: all or nothing, every fault by row and column, the same file twice is one import."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import event, func, select

from actions.admin.frame import main
from actions.backends.case_events import read_event
from actions.backends.case_feed import LocalCaseFeed
from actions.backends.case_import import import_cases
from actions.backends.case_rows import Titles
from actions.backends.case_sheets import rows_of, write_template
from actions.backends.numbers import check_digit
from actions.backends.tables import cases
from actions.settings import ActionSettings
from tests.fakes import HeldClock

TITLES = Titles.load()


def number(n):
    """A case number with its check digit."""
    digits = f"20261120{n:06}"
    return f"NC{digits}{check_digit(digits)}"


def line(n=1, **changes):
    """One row by title."""
    return {
        "办件编号": number(n), "手机号后四位": "0123", "申请人": "张三丰", "证件号码": "36010219900307001X",
        "事项名称": "测试事项", "受理部门": "测试局", "状态": "审核中", "提交日期": "2026-11-20",
        "法定工作日": "20", "承诺工作日": "5", "暂停原因": "", "暂停开始": "", "暂停结束": "",
        "当前部门": "审批处",
        "当前经办人或窗口": "5号窗口", "补正材料": "照片；申请表", "办理结果": "", "取件方式": "邮寄",
        "取件地点或单号": "单号1", "数据时间": "",
        "办理过程": "2026-11-20 9:05 已提交；2026-11-21 审核中：材料齐全；发证",
        **changes,
    }


def sheet(folder, *rows, encoding="utf-8-sig", name="cases.csv"):
    """A CSV file."""
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def shown(stand, n=1):
    return stand.systems.cases.status(number(n), phone_last4="0123", client="c-1")


def counted(stand):
    with stand.store.begin() as db:
        return db.execute(select(func.count()).select_from(cases)).scalar_one()


def counts(report):
    return report.rows, report.new, report.changed, report.unchanged


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_a_row_becomes_a_case(stand, tmp_path, encoding):
    report = import_cases(stand.store, sheet(tmp_path, line(), encoding=encoding), TITLES)
    assert counts(report) == (1, 1, 0, 0) and report.faults == ()
    case = shown(stand)
    assert (case.applicant, case.holder, case.holder_department) == ("张*丰", "5号窗口", "审批处")
    assert (case.materials, case.result_way, case.demo) == (("照片", "申请表"), "post", False)
    assert (case.promised_due, case.statutory_due) == (date(2026, 11, 27), date(2026, 12, 18))
    assert [(s.title, s.state, s.note) for s in case.steps] == [
        ("已提交", "done", ""), ("审核中", "current", "材料齐全"), ("发证", "next", ""),
    ]
    assert case.source == TITLES.source and case.as_of == stand.store.clock()
    assert [c.case_no for c in stand.systems.cases.mine("36010219900307001x", client="c-1")] == [number(1)]


def test_the_same_file_again_changes_nothing_and_a_new_one_updates(stand, tmp_path):
    path = sheet(tmp_path, line(1), line(2))
    assert counts(import_cases(stand.store, path, TITLES)) == (2, 2, 0, 0)
    assert counts(import_cases(stand.store, path, TITLES)) == (2, 0, 0, 2)
    changed = sheet(tmp_path, line(1, 状态="已办结"), line(2), line(3))
    dry = import_cases(stand.store, changed, TITLES, dry_run=True)
    assert counts(dry) == (3, 1, 1, 1) and dry.dry_run and shown(stand).status == "审核中"
    assert counts(import_cases(stand.store, changed, TITLES)) == (3, 1, 1, 1)
    assert shown(stand).status == "已办结"


def test_with_one_wrong_row_nothing_is_written_and_all_faults_are_told(stand, tmp_path):
    before = counted(stand)
    rows = [
        line(1), line(2, 办件编号=number(2)[:-1] + str((int(number(2)[-1]) + 1) % 10), 申请人=""),
        line(1, 提交日期="去年"), line(4, 暂停原因="补正"), line(5, 法定工作日="many"),
        line(6, 手机号后四位="123", 证件号码="3.6E+17", 取件方式="飞鸽",
             办理过程="2026-11-20 ：", 事项名称="一" * 81),
    ]
    path = sheet(tmp_path, *rows)
    report = import_cases(stand.store, path, TITLES)
    assert [(f.row, f.column) for f in report.faults] == [
        (3, "办件编号"), (3, "申请人"), (4, "提交日期"), (4, "办件编号"), (5, "暂停开始"), (6, "法定工作日"),
        (7, "手机号后四位"), (7, "证件号码"), (7, "事项名称"), (7, "取件方式"), (7, "办理过程"),
    ]
    assert counts(report) == (6, 0, 0, 0) and counted(stand) == before
    assert not any(secret in str(report.faults) for secret in ("123", "3.6E", "去年", "张三丰"))


def test_a_crash_in_the_middle_writes_nothing(stand, tmp_path):
    before, seen = counted(stand), []

    def crash(connection, cursor, statement, *rest):
        if statement.startswith("INSERT INTO cases"):
            seen.append(statement)
            if len(seen) == 2:
                raise RuntimeError("power cut")

    path = sheet(tmp_path, *(line(n) for n in range(1, 1501)))
    event.listen(stand.store.engine, "before_cursor_execute", crash)
    with pytest.raises(RuntimeError):
        import_cases(stand.store, path, TITLES)
    event.remove(stand.store.engine, "before_cursor_execute", crash)
    assert counted(stand) == before
    stages = []
    assert counts(import_cases(stand.store, path, TITLES, progress=lambda *p: stages.append(p)))[1] == 1500
    assert stages == [("check", 1000), ("check", 1500), ("write", 1000), ("write", 1500)]


def told(stand, at, status):
    body = {"event_id": f"e-{at}", "case_no": number(1), "status": status}
    body["at"] = f"2026-11-{at}T09:00:00+08:00"
    event = read_event(json.dumps(body).encode(), stand.store.clock())
    return LocalCaseFeed(stand.store, "s").take(event).outcome


def test_an_import_never_overwrites_what_the_feed_told_later(stand, tmp_path):
    import_cases(stand.store, sheet(tmp_path, line(数据时间="2026-11-20 12:00")), TITLES)
    assert told(stand, 19, "旧") == "late" and shown(stand).status == "审核中"
    assert told(stand, 22, "制证") == "applied"
    older = line(状态="审核", 数据时间="2026-11-21 12:00", 受理部门="新局")
    import_cases(stand.store, sheet(tmp_path, older), TITLES)
    assert (shown(stand).status, shown(stand).department) == ("制证", "新局")
    import_cases(stand.store, sheet(tmp_path, line(状态="办结", 数据时间="2026-11-23 12:00")), TITLES)
    assert (shown(stand).status, [s.title for s in shown(stand).steps if s.state == "current"]) == (
        "办结", ["审核中"],
    )
    assert told(stand, 23, "过时") == "late" and shown(stand).status == "办结"
    import_cases(stand.store, sheet(tmp_path, line(状态="更旧", 数据时间="2026-11-18 12:00")), TITLES)
    assert shown(stand).status == "办结"


def test_xlsx_with_days_and_numbers(stand, tmp_path):
    book = Workbook()
    row = line(提交日期=datetime(2026, 11, 20), 法定工作日=20, 承诺工作日=5.0)
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.active.append([None] * 5)
    book.save(tmp_path / "cases.xlsx")
    assert counts(import_cases(stand.store, tmp_path / "cases.xlsx", TITLES)) == (1, 1, 0, 0)
    assert shown(stand).statutory_days == 20


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"数据时间": "2062-11-24 10:00"}, "数据时间"),
        ({"数据时间": "2026-11-24 10:06"}, "数据时间"),
        ({"提交日期": "2026-11-25", "暂停原因": ""}, "提交日期"),
        ({"办理过程": "2026-11-20 9:05 已提交；2026-12-01 发证"}, "办理过程"),
    ],
)
def test_what_cannot_have_happened_yet_is_refused(stand, tmp_path, changes, column):
    """A year too far in one cell would hold off every later report of the case, and nobody would see why."""
    (fault,) = import_cases(stand.store, sheet(tmp_path, line(1, **changes)), TITLES).faults
    assert fault.column == column and "晚于" in fault.said
    good = sheet(tmp_path, line(1, 数据时间="2026-11-24 10:04", 办理过程="2026-11-24 10:04 已提交"))
    assert counts(import_cases(stand.store, good, TITLES)) == (1, 1, 0, 0)


def torn(path, change):
    """The workbook with the bytes of its sheet changed."""
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(path, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml[: len(xml) // 2],
        lambda xml: b"<a><b></a>",
        lambda xml: b"",
        lambda xml: xml.replace(b'r="A2"', b'r="!!"'),
        lambda xml: xml.replace(b"<v>20</v>", b"<v>many</v>"),
    ],
)
def test_a_workbook_that_breaks_off_is_named_and_nothing_is_written(stand, tmp_path, change):
    book = Workbook()
    for cells in (list(line()), list(line(法定工作日=20).values())):
        book.active.append(cells)
    path = tmp_path / "cases.xlsx"
    book.save(path)
    torn(path, change)
    before = counted(stand)
    with pytest.raises(ValueError, match="不是正确的 XLSX|缺少列"):
        import_cases(stand.store, path, TITLES)
    assert counted(stand) == before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "缺少列“办件编号”"),
        ("a.csv", "办件编号,颜色\n", "不认识的列“颜色”"),
        ("a.csv", "联系电话,手机号\n", "意思相同"),
        ("a.csv", b"\xff\xff\xff", "文字编码"),
        ("a.xlsx", "no", "不是正确的 XLSX"),
        ("a.pdf", "no", "只认识"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(stand, tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=said):
        import_cases(stand.store, path, TITLES)


def test_a_mapping_with_faults_names_them_all(tmp_path):
    path = tmp_path / "m.yml"
    path.write_text("columns: {case_no: [甲, 乙], item: [乙], colour: [丙]}\nneeded: [status]\n", "utf-8")
    with pytest.raises(ValueError, match="没有“colour”.*列名“乙”.*“status”没有列名.*“phone_last4”必须"):
        Titles.load(path)


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_the_template_has_the_titles_that_the_import_reads(tmp_path, name):
    assert write_template(tmp_path / name, TITLES) == len(TITLES.titles)
    heads = next(iter(rows_of(tmp_path / name)))
    assert set(TITLES.places(heads)) == set(TITLES.titles)
    with pytest.raises(ValueError, match="已经存在"):
        write_template(tmp_path / name, TITLES)


def test_the_commands(tmp_path):
    settings = ActionSettings(data_dir=tmp_path / "data", _env_file=None)

    def run(*words):
        out, err = io.StringIO(), io.StringIO()
        words = ["--json", "cases", *map(str, words)]
        status = main(words, settings=settings, clock=HeldClock(), out=out, err=err)
        return status, json.loads(out.getvalue() or "null"), err.getvalue()

    path = sheet(tmp_path, line(1), line(2, 状态="已办结"))
    assert run("import", path, "--dry-run")[1]["新增"] == 2
    assert run("import", path)[1]["新增"] == 2
    _, found, _ = run("list", "--status", "已办结")
    assert [(c["办件编号"], c["申请人"]) for c in found] == [(number(2), "张*丰")]
    status, _, said = run("import", sheet(tmp_path, line(1, 申请人="")))
    assert status == 2 and "1 行里有 1 行不对" in said
    assert run("export-template", tmp_path / "t.xlsx")[0] == 0
    assert load_workbook(tmp_path / "t.xlsx").sheetnames == ["办件", "说明"]
    assert run("list", "--limit", "0")[0] == 2
