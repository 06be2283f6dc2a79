"""The vault: what is sealed opens only as itself; what is hashed is found again, with the key."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backends.vault import SealBroken, Vault, keys_of, new_key, read_keys

AES, SM4 = read_keys(new_key("k1", "aes"))[0], read_keys(new_key("k2", "sm4"))[0]
BOTH = pytest.mark.parametrize("vault", [Vault([AES]), Vault([SM4])], ids=["aes", "sm4"])


@BOTH
@given(text=st.text(min_size=1, max_size=60))
def test_sealing_and_opening(vault, text):
    if not text.isprintable():
        return
    sealed = vault.seal("bookings.phone", text)
    assert text not in sealed or len(text) < 3
    assert vault.open("bookings.phone", sealed) == text
    assert vault.seal("bookings.phone", text) != sealed, "the same value looks different each time"


@BOTH
def test_empty_stays_empty(vault):
    assert vault.seal("a.b", "") == "" and vault.open("a.b", "") == ""


@BOTH
def test_a_value_moved_to_another_column_does_not_open(vault):
    with pytest.raises(SealBroken, match="another column"):
        vault.open("bookings.name", vault.seal("bookings.phone", "13800138000"))


@BOTH
@given(place=st.integers(0, 70), change=st.characters(codec="ascii"))
def test_a_changed_value_does_not_open_as_another(vault, place, change):
    sealed = vault.seal("bookings.phone", "13800138000")
    place %= len(sealed)
    changed = sealed[:place] + change + sealed[place + 1 :]
    try:
        assert vault.open("bookings.phone", changed) == "13800138000"  # padding bits of base64 carry nothing
    except SealBroken:
        pass


def test_older_keys_open_and_find_and_the_current_one_seals():
    old, both = Vault([AES]), Vault([SM4, AES])
    sealed = old.seal("a.b", "王小明")
    assert both.open("a.b", sealed) == "王小明"
    assert both.seal("a.b", "王小明").startswith("k2.")
    assert old.digest("phone", "13800138000") in both.digests("phone", "13800138000")
    with pytest.raises(SealBroken, match="add that key"):
        old.open("a.b", both.seal("a.b", "王小明"))


def test_a_hash_forgets_how_a_value_was_written_but_not_its_kind_or_key():
    vault = Vault([AES])
    assert vault.digest("phone", "138 0013 ８０００") == vault.digest("phone", "13800138000")
    assert vault.digest("id_no", "36010219900101123x") == vault.digest("id_no", "36010219900101123X")
    assert vault.digest("phone", "13800138000") != vault.digest("name", "13800138000")
    assert vault.digest("phone", "13800138000") != Vault([SM4]).digest("phone", "13800138000")


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "new" / "services.keys"
    (first,) = keys_of(path)
    assert keys_of(path) == (first,)
    assert os.stat(path).st_mode & 0o077 == 0
    assert str(first.secret) not in repr(first) and "hidden" in repr(first)


def test_many_that_start_at_once_agree_on_one_whole_key(tmp_path):
    for turn in range(20):
        path = tmp_path / f"services{turn}.keys"
        found, together = [], threading.Barrier(6)

        def start():
            together.wait()
            try:
                found.append(keys_of(path))
            except ValueError as half:
                found.append(half)

        crowd = [threading.Thread(target=start) for _ in range(6)]
        [one.start() for one in crowd]
        [one.join() for one in crowd]
        assert found == [keys_of(path)] * 6
    assert len(list(tmp_path.iterdir())) == 20, "nothing half made is left"


def test_what_stands_unsealed_in_a_column_is_not_quoted():
    for plain in ("13800138000", "王小明", "a.b", "13800138000.AAAA"):
        with pytest.raises(SealBroken, match="not sealed") as broken:
            Vault([AES]).open("bookings.phone", plain)
        assert plain not in str(broken.value) and plain[:5] not in str(broken.value)


@BOTH
def test_a_mark_is_of_its_text_its_kind_and_its_key(vault):
    mark = vault.mark("row", "一")
    assert vault.marked("row", "一", mark) is True and len(mark) <= 64
    assert vault.marked("row", "二", mark) is False and vault.marked("other", "一", mark) is False
    assert vault.marked("row", "一", "") is None and vault.marked("row", "一", "0" * 64) is None
    stranger = Vault([SM4 if vault.current == "k1" else AES])
    assert stranger.marked("row", "一", mark) is None
    longest = Vault(read_keys(new_key("k" * 24, "aes")))
    assert len(longest.mark("row", "一")) == 64 and longest.marked("row", "一", longest.mark("row", "一"))


KEY_32 = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
"""32 bytes: whatever is wrong with a text that holds it is not the key."""


@pytest.mark.parametrize("text", ["", "k1", "k1:des:AAAA", "k1:aes:short", "k1:aes:" + "A" * 43, "k-1:aes:x",
                                  "k" * 25 + ":aes:" + KEY_32, "钥匙:aes:" + KEY_32])
def test_bad_keys_are_refused_with_what_is_expected(text):
    with pytest.raises(ValueError, match="expected ID:aes|sm4:base64"):
        read_keys(text)


def test_all_faults_of_the_keys_are_named_at_once():
    good = new_key("k1", "aes")
    with pytest.raises(ValueError) as faults:
        read_keys(f"{good},{good},x:des:y")
    assert "data key 2" in str(faults.value) and "data key 3" in str(faults.value)
