"""Secrets at rest in the gateway's database: AES-GCM under a key of the settings, and keyed hashes.

The keys are `ID:base64` of 32 bytes, separated by commas, the current one first. Where the settings name
none, a file in the data folder holds one (mode 0600), made at the first start. Several gateways on one
database need the same keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FILE = "gateway.keys"
KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,20}")


class SealBroken(Exception):
    """What lies there was not sealed for this purpose by a key at hand."""


class SealedBox:
    """Seals and opens short texts. Each seal is bound to a purpose: moved elsewhere it does not open."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys`: id -> 32 bytes, the current one first."""
        self._keys = {name: (_derive(key, b"seal"), _derive(key, b"hash")) for name, key in keys.items()}
        self.current = next(iter(keys))

    @classmethod
    def load(cls, setting: str, data_dir: Path) -> SealedBox:
        """Keys of the setting, or of the file. Raises ValueError naming what is wrong with them."""
        if setting.strip():
            return cls(parse(setting, "NCZF_GATEWAY_KEYS"))
        path = data_dir / FILE
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            line = f"k1:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"
            # Whole or not at all, and never over another process's: the first one that links it wins.
            made = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
            made.touch(mode=0o600)
            made.write_text(line, "ascii")
            try:
                os.link(made, path)
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return cls(parse(path.read_text("ascii"), str(path)))

    def seal(self, text: str, purpose: str) -> str:
        """`KEYID.base64` of nonce and ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._keys[self.current][0]).encrypt(nonce, text.encode(), purpose.encode())
        return f"{self.current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, purpose: str) -> str:
        """The text. Raises SealBroken."""
        name, _, rest = sealed.partition(".")
        if name not in self._keys:
            raise SealBroken(f"sealed with key {name[:20]!r}, which is not at hand")
        try:
            raw = base64.urlsafe_b64decode(rest)
            cipher = AESGCM(self._keys[name][0])
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"the seal of key {name!r} does not fit") from error

    def digest(self, text: str, purpose: str, key: str = "") -> str:
        """Keyed hash, 64 hex digits: finds a value again that nobody can guess from it.

        Raises SealBroken when `key` is not at hand.
        """
        name = key or self.current
        if name not in self._keys:
            raise SealBroken(f"hashed with key {name[:20]!r}, which is not at hand")
        return hmac.new(self._keys[name][1], f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def digests(self, text: str, purpose: str) -> list[str]:
        """That hash under every key at hand, the current one first: for values hashed before a new key."""
        return [self.digest(text, purpose, name) for name in self._keys]


def parse(setting: str, where: str) -> dict[str, bytes]:
    """Keys by id. Raises ValueError that names the entry by its place, never by its value."""
    found: dict[str, bytes] = {}
    for place, entry in enumerate((e.strip() for e in setting.replace("\n", ",").split(",")), 1):
        if not entry:
            continue
        name, _, text = entry.partition(":")
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not KEY_ID.fullmatch(name) or len(key) != KEY_BYTES or name in found:
            raise ValueError(f"{where}: key {place} is not ID:base64 of {KEY_BYTES} bytes, with its own ID")
        found[name] = key
    if not found:
        raise ValueError(f"{where}: no key; expected ID:base64 of {KEY_BYTES} bytes")
    return found


def _derive(key: bytes, use: bytes) -> bytes:
    return hmac.new(key, b"nczf gateway " + use, hashlib.sha256).digest()
