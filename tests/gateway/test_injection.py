"""Whatever a citizen types, Rasa reads plain words: no command, no hidden character, and no lost Chinese."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.masking import mask
from gateway.phrases import Phrases
from gateway.refusals import HEARD_LIMIT, Refused, clean, for_dialogue
from tests.gateway.clients import Citizen, Gateway

RASA_COMMAND = re.compile(
    r"^/(?P<intent>[^{@]+)(?P<confidence>@[0-9.]+)?(?P<entities>{.+})?(?P<rest>.*)", re.DOTALL
)
"""rasa.shared YAMLStoryReader._regex_message_pattern(), 3.6.21; it is matched after `str.strip()`."""
SLASHES = "/／⁄∕⧸╱⟋"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ZERO_WIDTH = "\u00ad\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
BLANK_LETTERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u3164\uffa0\ufe00\ufe0e\ufe0f\U000e0100\U000e01ef"
)
"""Unicode calls them letters or marks (so no category finds them), and they show nothing."""
TAGS = "".join(chr(0xE0000 + ord(c)) for c in "/restart") + "\U000e0001\U000e007f"
LINE_ENDS = "\r\n\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029"
MARKED = "eＥ=ក়\u0958\ufb2c\u09c7\u09be\u0344\u0301\u0338\u20dd\u0f71\u1100\u1161"
"""Characters that normal forms join, unfold and put in another order."""
HIDDEN = {*BIDI, *ZERO_WIDTH, *BLANK_LETTERS, *TAGS}

anything = st.text(alphabet=st.characters(codec=None), max_size=600)
nasty = st.text(
    alphabet=st.sampled_from(
        [*SLASHES, *HIDDEN, *LINE_ENDS, *" \t\u3000\u00a0\u1680", *'restart{}@"身份证', *MARKED, "\ud800"]
    ),
    max_size=40,
)


def hides(character: str) -> bool:
    """True for what shows nothing or steers; the newest ideographs are known to no table and show."""
    newest = unicodedata.category(character) == "Cn" and 0x20000 <= ord(character) < 0x3FFFE
    control = unicodedata.category(character)[0] == "C" and character != "\n" and not newest
    return control or character in HIDDEN


def plain(heard: str) -> None:
    """Fails unless this is what Rasa may read."""
    assert RASA_COMMAND.match(heard.strip()) is None
    assert not heard.strip().startswith(tuple(SLASHES))
    assert [c for c in heard if hides(c)] == []
    assert not re.search("[\r\v\f\x85\u2028\u2029]", heard)
    assert len(heard) <= HEARD_LIMIT
    heard.encode()


@given(anything | nasty)
@example("/" * 600)
@example("\u202e/restart")
@example("\u3164/restart")
@example("\uffa0／restart")
@example("\ufdfa" * 500)
def test_for_dialogue_never_gives_a_command_or_a_hidden_character(text: str) -> None:
    plain(for_dialogue(text))


@given(anything | nasty)
def test_nor_do_the_two_together(text: str) -> None:
    try:
        cleaned = clean(text)
    except Refused:
        return
    assert [c for c in cleaned if hides(c)] == []
    assert clean(cleaned) == cleaned
    plain(for_dialogue(cleaned))


COMMANDS = [
    "/restart",
    "  /restart",
    "//restart",
    "/ / restart",
    "／restart",
    "／／restart",
    "/\u200b/restart",
    "\u200b/restart",
    "\ufeff/restart",
    "\u202e/restart",
    "\u2066／restart",
    "\u3164/restart",
    "\u2800/restart",
    "\ufe0f/restart",
    "\ud800/restart",
    "\x00/restart",
    "\x1b/restart",
    "\n\n/restart",
    "\u2028/restart",
    "\x85/restart",
    "\x1f/restart",
    "\u3000\u00a0／ restart",
    "⁄restart",
    "∕restart",
    "⧸restart",
    "╱restart",
    TAGS + "/restart",
]


@pytest.mark.parametrize("text", COMMANDS, ids=ascii)
def test_a_command_in_disguise_is_its_bare_word(text: str) -> None:
    assert for_dialogue(text) == for_dialogue(clean(text)) == "restart"


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ('/greet{"a":"b"}', 'greet{"a":"b"}'),
        ('/rate_service@1.0{"level": 5}', 'rate_service@1.0{"level": 5}'),
        ("／session_start@0.9", "session_start@0.9"),
        ("EXTERNAL: restart", "EXTERNAL: restart"),
        ("/EXTERNAL: restart", "EXTERNAL: restart"),
        ('{"intent":{"name":"restart"},"entities":[]}', '{"intent":{"name":"restart"},"entities":[]}'),
        ("[身份证](item)", "[身份证](item)"),
        ("{name} {0.__class__} %s ${x} {{7*7}}", "{name} {0.__class__} %s ${x} {{7*7}}"),
        ("身份证\n/restart", "身份证\n/restart"),
        ("身份证\r/restart", "身份证\n/restart"),
        ("和/或", "和/或"),
        ("1/2 张", "1/2 张"),
        ("https://example.com/a", "https://example.com/a"),
    ],
)
def test_syntax_of_rasa_without_its_slash_is_only_text(text: str, heard: str) -> None:
    assert for_dialogue(clean(text)) == heard
    plain(heard)


@pytest.mark.parametrize("text", ["/", "／／", "\u200b/\u200b", "⁄ ∕", "\u3164/\u2800"], ids=ascii)
def test_nothing_but_slashes_is_nothing_said(text: str) -> None:
    assert for_dialogue(text) == ""


@pytest.mark.parametrize("text", [*sorted(HIDDEN), "\u2800", TAGS, "\u3164\u200b\u2800 "], ids=ascii)
def test_what_shows_nothing_is_nothing(text: str) -> None:
    with pytest.raises(Refused) as refused:
        clean(text)
    assert refused.value.code == "text_empty"


def test_a_flood_of_marks_is_cut_and_writing_that_needs_marks_is_not() -> None:
    flood = "办" + "\u0301\u0489\u20dd\u035c" * 300 + "证"
    cleaned = clean(flood)
    assert len(cleaned) <= 7 and (cleaned[0], cleaned[-1]) == ("办", "证")
    assert len(for_dialogue(flood)) <= 7
    for word in ("Việt Nam", "ภาษาไทยนี้", "हिन्दी", "བོད་ཡིག", "ئۇيغۇرچە", "한국어", "café", "が"):
        assert clean(word) == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize("gap", [*"\t\r\n\v\f\x1c\x1f\x85\u2028\u2029", "\r\n", "\u2800"], ids=ascii)
def test_what_parts_two_numbers_goes_on_parting_them(gap: str) -> None:
    """Glued together (the tab of a pasted table taken out) neither number is known, and both are stored."""
    stored = mask(clean(f"360102199003074512{gap}13812345678"))
    assert re.sub(r"\s", " ", stored) == "360102************ 138****5678"


@pytest.mark.parametrize("hidden", sorted(HIDDEN), ids=ascii)
def test_a_hidden_character_does_not_hide_a_number(hidden: str) -> None:
    assert mask(clean(hidden.join("13812345678"))) == "138****5678"


@pytest.mark.parametrize("digits", ["１３８１２３４５６７８", "١٣٨١٢٣٤٥٦٧٨", "𝟏𝟑𝟖𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "१३८१२३४५६७८"])
def test_digits_of_any_writing_are_masked(digits: str) -> None:
    assert mask(clean(f"电话{digits}")) == "电话138****5678"


def test_what_unfolds_when_normalised_stays_short() -> None:
    assert len(for_dialogue(clean("\ufdfa" * 500))) == HEARD_LIMIT


HAN = st.one_of(
    st.characters(min_codepoint=0x3400, max_codepoint=0x4DBF),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF),
)
FOLDED = str.maketrans("，？！：；（）", ",?!:;()")
"""NFKC's own doing: Rasa has always read these half-width."""


ORDINARY = HAN | st.sampled_from("。、《》“”—，？！：；（）0123456789abcXYZ/")


@given(st.text(alphabet=ORDINARY, min_size=1, max_size=500))
def test_ordinary_chinese_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text
    assert for_dialogue(text) == text.translate(FOLDED).lstrip("/")


@pytest.mark.parametrize(
    "name", ["王䶮", "李𠅤", "张𰻝", "赵\U00031350", "钱\U0002ebf0", "孙\U000323b0"], ids=ascii
)
def test_rare_characters_of_names_are_kept(name: str) -> None:
    """The last three came with Unicode 15 to 17, newer than this Python's tables."""
    assert clean(name) == for_dialogue(name) == name


def test_the_last_code_points_of_a_plane_are_no_characters() -> None:
    assert clean("王\U0002ffff\U0003fffe") == "王"


@pytest.mark.parametrize("text", ["{name}", "{0.__class__}", "{", "}{", "{place!r:>99999}"])
def test_braces_in_a_value_are_not_filled_in(text: str) -> None:
    assert text in Phrases.load().say("accepted", name=text)


def test_only_the_gateway_itself_speaks_to_rasa_in_commands(standing: Gateway) -> None:
    citizen = Citizen(standing)
    for text in ("/restart", "\u202e／greet{\"a\":\"b\"}", "⁄session_start"):
        citizen.ask(text)
    citizen.act("open_guide", "/restart", guide_id="/restart", name="/restart")
    citizen.event("bot_said")
    heard = [h.text for h in standing.dialogue.heard if h.conversation_id == citizen.id]
    assert heard == ["restart", 'greet{"a":"b"}', "session_start", "/open_guide"]
    assert standing.stored(citizen.id)[1] == {"kind": "citizen_said", "text": "/restart"}


OUR_FORMATS = ['"}],"messages":[{"kind":"handoff"', "\\u0000", "</script><b>", "'; drop table events;--"]


@pytest.mark.parametrize("text", OUR_FORMATS)
def test_what_looks_like_our_own_formats_is_stored_and_told_as_words(standing: Gateway, text: str) -> None:
    citizen = Citizen(standing)
    assert citizen.ask(text)[0]["text"] == f"听到了：{text}"
    assert standing.stored(citizen.id)[1] == {"kind": "citizen_said", "text": text}


def test_lone_surrogates_in_structured_values_break_nothing(standing: Gateway) -> None:
    citizen = Citizen(standing)
    act = {"type": "act", "id": "s-1", "action": "set_fact", "label": "\ud800本人"}
    citizen.raw(json.dumps({"v": 1, **act, "args": {"key": "\ud800"}}))
    assert citizen.until(lambda f: f.get("ref") == "s-1" or f.get("code"))
    assert citizen.ask("还在吗")[0]["kind"] == "text"
