"""Log lines, whoever writes them: no query of an address, no identifier; ids stay readable."""

from __future__ import annotations

import json
import logging

import pytest

from gateway.logs import TEXT, JsonLines, Lines, safe

CONVERSATION = "13812345678abcdef0123456789abcde"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (
            '127.0.0.1:48798 - "WebSocket /ws/citizen?after=0&who=王明&tel=13812345678" [accepted]',
            '127.0.0.1:48798 - "WebSocket /ws/citizen?…" [accepted]',
        ),
        ("GET http://127.0.0.1:5055/guides?q=%E7%8E%8B failed", "GET http://127.0.0.1:5055/guides?… failed"),
        ("bad header 36010219900307002X", "bad header 360102************"),
        (f"conversation={CONVERSATION} dialogue silent", f"conversation={CONVERSATION} dialogue silent"),
        ("conversation=6b8d1391-2345-4678-9123-138123456789 x", None),
        ("Uvicorn running on http://127.0.0.1:8080 (Press CTRL+C to quit)", None),
        ("ready?", None),
        ("", None),
    ],
)
def test_a_line(line: str, written: str | None) -> None:
    wanted = line if written is None else written
    assert safe(line) == wanted
    record = logging.LogRecord("uvicorn.error", logging.INFO, __file__, 1, "%s", (line,), None)
    assert Lines(TEXT).format(record).endswith(f"INFO uvicorn.error {wanted}")
    assert json.loads(JsonLines().format(record))["message"] == wanted
