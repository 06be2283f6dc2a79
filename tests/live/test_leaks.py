"""What people tell us is nowhere in clear: not in a log line, a figure, an error, a table or a file.

Each path has a phone of its own (tests/live/seeds.py). What may be found is named here, with the reason.
"""

from __future__ import annotations

import json
import urllib.parse

import pytest

from tests.live import seeds
from tests.live.leak_requests import by_bad_frames, by_http, request
from tests.live.leak_talks import by_an_officer, by_citizens
from tests.live.seeds import Find
from tests.live.stack import METRICS_TOKEN

pytestmark = pytest.mark.live
ALLOWED = {
    (seeds.FREE_NAME, "gateway.db"): "a name in free text is not recognised (docs/adr/0006)",
    (seeds.PHONES[10], "services.db"): "a department's own words are shown as they come (docs/cases.md)",
    (seeds.PHONES[11], "case feed"): "a signed system reads the name of its own wrong field back",
}
"""(secret, beginning of where) -> why it may be there; everything else may not."""


def allowed(found: Find) -> bool:
    return any(found.secret == s and found.where.startswith(place) for s, place in ALLOWED)


def test_nothing_that_was_typed_is_found_in_clear(stack):
    said: list[tuple[str, str]] = []
    """(where, text) of everything that came back over HTTP or as an error or to the officer."""
    code = by_citizens(stack, said)
    by_an_officer(stack)
    by_bad_frames(stack, said)
    by_http(stack, said)
    said.append(("/metrics", request(stack, "GET", "/metrics", token=METRICS_TOKEN)))
    assert "nczf_events_total" in said[-1][1], "there are figures to search"

    wanted = seeds.secrets() | {f"查询码{code}", f'"{code}"'}
    found: set[Find] = set()
    for where, text in said:
        found |= seeds.look(text, where, wanted)
    in_files, names = seeds.look_in_files(stack.data, wanted)
    found |= in_files
    for database in ("gateway.db", "services.db", "answers.db"):
        found |= seeds.look_in_tables(stack.data / database, wanted)
    expected = {"gateway.db", "services.db", "answers.db", "run.out"} | {
        f"logs/{name}.log" for name in ("gateway", "actions", "rasa")
    }
    assert expected <= set(names), "all of it was searched"
    leaks = sorted(f"{one.where}: {one.secret}" for one in found if not allowed(one))
    assert leaks == []
    idle = [a for a in ALLOWED if not any(f.secret == a[0] and f.where.startswith(a[1]) for f in found)]
    assert idle == [], "what is no longer found is no longer allowed"


def test_the_search_finds_what_it_looks_for(tmp_path):
    wanted = seeds.secrets()
    phone = seeds.PHONES[0]
    spaced = f"{phone[:3]} {phone[3:7]}-{phone[7:]}"
    escaped = json.dumps(seeds.ADDRESS)
    for text in (phone, spaced, urllib.parse.quote(seeds.ADDRESS), escaped, f"x{seeds.ID_NO}y"):
        assert seeds.look(text, "here", wanted), text
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_text(f"tel={spaced}\n")
    (tmp_path / "b.db").write_bytes(b"\x00" + seeds.ADDRESS.encode() + b"\x00")
    found, names = seeds.look_in_files(tmp_path, wanted)
    assert names == ["b.db", "logs/a.log"]
    assert {f.where for f in found} == {"b.db", "logs/a.log"}
    assert not seeds.look("138****5678，丰和大道***，360102************", "here", wanted)
