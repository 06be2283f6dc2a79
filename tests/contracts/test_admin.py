"""The frame of the administrator's commands: words in, table or JSON out, refusals in one line."""

from __future__ import annotations

import ast
import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from actions.admin.frame import MODULES, build_parser, explain, main
from actions.admin.table import NOTHING, as_json, as_text, width
from actions.backends.ports import CaseNotFound
from actions.settings import ActionSettings
from tests.fakes import HeldClock

ROOT = Path(__file__).resolve().parents[2]


def admin(folder: Path, *words: str, answer: str = "") -> tuple[int, str, str]:
    """(exit status, stdout, stderr) of one command on a data folder."""
    out, err = io.StringIO(), io.StringIO()
    settings = ActionSettings(_env_file=None, data_dir=folder, services_database="", data_keys="")
    status = main(words, settings=settings, clock=HeldClock(), out=out, err=err, answers=io.StringIO(answer))
    return status, out.getvalue(), err.getvalue()


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    free: int | None
    day: date
    open: bool = True


LINES = [Line("红谷滩大厅", 3, date(2026, 11, 24)), Line("A厅", None, date(2026, 11, 25), open=False)]


def test_a_table_is_aligned_by_terminal_columns():
    lines = as_text(LINES).splitlines()
    assert lines[0].split() == ["name", "free", "day", "open"]
    assert "2026-11-24" in lines[2] and "—" in lines[3] and lines[3].endswith("否")
    at = [width(line[: line.index("2026-")]) for line in lines[2:]]
    assert at[0] == at[1] == len("红谷滩大厅") * 2 + 2 + len("free") + 2


def test_json_holds_the_same():
    assert json.loads(as_json(LINES))[1] == {"name": "A厅", "free": None, "day": "2026-11-25", "open": False}
    assert "红谷滩" in as_json(LINES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, NOTHING), ([], NOTHING), ({}, NOTHING), ("好", "好"), (["a", "b"], "a\nb"), (3, "3"),
        ({"厅": 1, "tags": ("甲", "乙")}, "厅    1\ntags  甲、乙"), ({"x": {"y": 1}}, 'x  {"y": 1}'),
    ],
)
def test_other_shapes(value, text):
    assert as_text(value) == text


def test_a_citizens_escape_codes_do_not_reach_the_terminal():
    text = as_text([{"text": "路灯\x1b[2J坏了\n第二行\u2028第三行"}])
    assert "\x1b" not in text and len(text.splitlines()) == 3
    assert "路灯 [2J坏了 第二行 第三行" in text


def test_every_group_and_command_has_help(capsys):
    parser = build_parser()
    seen = 0
    todo = [([], parser)]
    while todo:
        words, here = todo.pop()
        with pytest.raises(SystemExit) as left:
            parser.parse_args([*words, "--help"])
        assert left.value.code == 0
        assert "usage: python -m actions.admin" in capsys.readouterr().out
        groups = [a for a in here._actions if hasattr(a, "choices") and isinstance(a.choices, dict)]
        todo += [([*words, name], sub) for group in groups for name, sub in group.choices.items()]
        told = {choice.dest for group in groups for choice in group._choices_actions if choice.help}
        assert [n for group in groups for n in group.choices if n not in told] == [], words
        seen += 1
    assert seen > len(MODULES)


def test_every_leaf_runs_something_and_keeps_the_actor():
    parser = build_parser()
    todo, leaves = [parser], 0
    while todo:
        here = todo.pop()
        groups = [a for a in here._actions if hasattr(a, "choices") and isinstance(a.choices, dict)]
        todo += [sub for group in groups for sub in group.choices.values()]
        if not groups:
            leaves += 1
            assert callable(here.get_default("run")), here.prog
            assert all(a.dest not in ("actor", "json") for a in here._actions), here.prog
    assert leaves > 10


def test_the_page_names_every_group_and_command():
    page = (ROOT / "docs" / "admin.md").read_text("utf-8")
    (groups,) = [a for a in build_parser()._actions if isinstance(a.choices, dict)]
    missing = []
    for group, parser in groups.choices.items():
        row = next((line for line in page.splitlines() if line.startswith("|") and f"`{group}`" in line), "")
        commands = [n for a in parser._actions if isinstance(a.choices, dict) for n in a.choices]
        missing += [f"{group} {name}" for name in commands or [group] if f"`{name}`" not in row]
    assert missing == []


def test_a_named_group_is_enough_and_every_group_is_found_by_its_name():
    def names(parser):
        (groups,) = [a for a in parser._actions if isinstance(a.choices, dict)]
        return set(groups.choices)

    for name in names(build_parser()):
        assert name in names(build_parser(["--actor", "x", name])), "add it to frame.ALSO"
    assert names(build_parser(["--actor", "cases", "halls", "list"])) == {"cases", "halls"}
    assert names(build_parser(["nothing"])) == names(build_parser())


def test_no_words_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "GROUP" in capsys.readouterr().err


def test_a_refusal_is_one_line_and_status_2(tmp_path):
    status, out, err = admin(tmp_path, "restore", "--from", str(tmp_path / "none.tar.gz"))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and "services.keys" in err and "Traceback" not in err


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path):
    err = io.StringIO()
    settings = ActionSettings(
        _env_file=None, data_dir=tmp_path, services_database="postgresql://x:geheim@127.0.0.1:1/none"
    )
    assert main(["database", "revision"], settings=settings, out=io.StringIO(), err=err) == 2
    assert err.getvalue().count("\n") == 1 and "geheim" not in err.getvalue()


@pytest.mark.parametrize("actor", ["", "   ", "长" * 65])
def test_an_actor_that_fits_no_audit_row_is_refused(tmp_path, actor):
    status, _, err = admin(tmp_path, "--actor", actor, "database", "revision")
    assert status == 2 and "--actor" in err


def test_an_exception_without_words_is_explained():
    assert explain(CaseNotFound()).startswith("CaseNotFound: No case")
    assert explain(ValueError("一\n二")) == "一 二"


def test_database_revision_changes_nothing(tmp_path):
    status, out, _ = admin(tmp_path, "--json", "database", "revision")
    told = json.loads(out)
    assert (status, told["revision"], told["current"]) == (0, "base", False)
    assert admin(tmp_path, "--json", "database", "revision")[1] == out


def test_database_up_down_and_check(tmp_path):
    (tmp_path / "services.keys").write_text("k1:aes:" + "A" * 43 + "=\n")
    newest = json.loads(admin(tmp_path, "--json", "database", "revision")[1])["newest"]
    status, out, _ = admin(tmp_path, "--json", "database", "migrate")
    assert (status, json.loads(out)) == (0, {"from": "base", "to": newest})
    status, out, err = admin(tmp_path, "--json", "database", "check")
    assert status == 0, err
    assert {"审计链", "密钥", "文件", "版本", "表"} == {finding["what"] for finding in json.loads(out)}
    assert admin(tmp_path, "database", "migrate", "--to", "0002", "--yes")[0] == 0
    status, _, err = admin(tmp_path, "database", "check")
    assert status == 2 and f"0002，程序需要 {newest}" in err
    status, _, err = admin(tmp_path, "database", "migrate", "--to", "9999")
    assert status == 2 and "9999" in err


def test_going_down_asks_first(tmp_path):
    (tmp_path / "services.keys").write_text("k1:aes:" + "A" * 43 + "=\n")
    admin(tmp_path, "database", "migrate")
    status, _, err = admin(tmp_path, "database", "migrate", "--to", "0001", answer="no\n")
    assert status == 2 and "没有降级" in err
    assert json.loads(admin(tmp_path, "--json", "database", "revision")[1])["current"] is True


def test_staff_points_to_the_gateway(tmp_path):
    status, out, _ = admin(tmp_path, "staff")
    assert status == 0 and "gateway.db" in out


def test_only_clock_py_asks_for_the_time():
    """Everything else gets a clock handed in, so that tests can move it."""
    asked = {"now", "today", "utcnow"}
    found = []
    for path in sorted((ROOT / "actions" / "backends").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name, owner = node.func.attr, ast.unparse(node.func.value)
            if (name in asked and owner.split(".")[-1] in ("datetime", "date")) or (
                owner == "time" and name in ("time", "localtime")
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert [place for place in found if "/clock.py:" not in place] == []
    assert len(found) >= 1, "clock.py itself is found, so the check sees"
