"""Personal data at rest: sealed with an authenticated cipher, found again by a keyed hash.

AES-256-GCM, or SM4-GCM with HMAC-SM3 where the law asks for national algorithms (GB/T 32907, GB/T 32905);
both from the `cryptography` library. A sealed value names its key, so that keys are rotated row by row.
Losing every key loses the data: `make backup` never contains one.
"""

from __future__ import annotations

import base64
import hmac as compare
import os
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE, TAG, SECRET = 12, 16, 32
"""Bytes."""
ID_LENGTH, MARK_LENGTH = 24, 64
"""Characters that the columns for key ids and marks hold."""
Kind = Literal["aes", "sm4"]


class SealBroken(Exception):
    """A sealed value cannot be opened: another key, another column, or somebody changed it."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """One secret of 32 bytes, from which the keys for sealing, finding and chaining are derived."""

    id: str
    kind: Kind
    secret: bytes

    def derive(self, purpose: str, length: int) -> bytes:
        """`length` bytes for one purpose (HKDF)."""
        return HKDF(self.hash(), length, salt=None, info=f"nczf/{purpose}".encode()).derive(self.secret)

    def hash(self) -> hashes.HashAlgorithm:
        """SM3 beside SM4, else SHA-256; both 32 bytes."""
        return hashes.SM3() if self.kind == "sm4" else hashes.SHA256()

    def __repr__(self) -> str:
        return f"DataKey({self.id!r}, {self.kind!r}, secret hidden)"


def read_keys(text: str) -> tuple[DataKey, ...]:
    """`ID:KIND:BASE64` by comma or line, the current one first. Raises ValueError with every fault."""
    keys: list[DataKey] = []
    faults: list[str] = []
    for number, entry in enumerate(text.replace(",", "\n").split(), 1):
        key_id, kind, secret = [*entry.split(":"), "", ""][:3]
        try:
            raw = base64.b64decode(secret, validate=True)
        except ValueError:
            raw = b""
        named = key_id.isascii() and key_id.isalnum() and len(key_id) <= ID_LENGTH
        if not named or kind not in ("aes", "sm4") or len(raw) != SECRET:
            faults.append(
                f"data key {number}: expected ID:aes|sm4:base64 of {SECRET} bytes, "
                f"ID of 1 to {ID_LENGTH} ASCII letters and digits"
            )
        elif any(key.id == key_id for key in keys):
            faults.append(f"data key {number}: id {key_id!r} appears twice")
        else:
            keys.append(DataKey(key_id, "sm4" if kind == "sm4" else "aes", raw))
    if not keys and not faults:
        faults.append("no data key; expected ID:aes|sm4:base64, see `python -m actions.admin keys new`")
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(keys)


def new_key(key_id: str, kind: Kind) -> str:
    """A fresh key in the form that `read_keys` reads."""
    return f"{key_id}:{kind}:{base64.b64encode(os.urandom(SECRET)).decode()}"


def keys_of(path: Path, kind: Kind = "aes") -> tuple[DataKey, ...]:
    """The keys of a file; a missing one is made with one fresh key, readable by its owner alone.

    The file appears whole or not at all: a second process never reads half a key, and a crash leaves none.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(new_key("k1", kind) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(half, path)
        except FileExistsError:
            pass  # another process was first; its key is the one
        finally:
            half.unlink(missing_ok=True)
    return read_keys(path.read_text("utf-8"))


class Vault:
    """Seals and finds. `keys[0]` seals; the others only open what they sealed before."""

    def __init__(self, keys: Sequence[DataKey]) -> None:
        self._keys = {key.id: key for key in keys}
        self._current = keys[0]
        self._sealing = {
            key.id: key.derive("seal", 16 if key.kind == "sm4" else 32) for key in self._keys.values()
        }
        self._derived: dict[tuple[str, str], bytes] = {}

    @property
    def current(self) -> str:
        """Id of the key that seals now."""
        return self._current.id

    def seal(self, column: str, text: str) -> str:
        """Seal for one column (`table.column`); opening it as another column fails. "" stays ""."""
        if not text:
            return ""
        nonce = os.urandom(NONCE)
        sealer = Cipher(self._cipher(self._current), modes.GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(column.encode())
        body = sealer.update(text.encode()) + sealer.finalize()
        return f"{self._current.id}.{base64.b64encode(nonce + body + sealer.tag).decode()}"

    def open(self, column: str, sealed: str) -> str:
        """What was sealed. Raises SealBroken."""
        if not sealed:
            return ""
        key_id, _, body = sealed.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            if not looks_sealed(sealed):  # somebody's words, perhaps: never quoted
                raise SealBroken(f"{column}: holds a value that is not sealed; expected KEY.base64")
            raise SealBroken(f"{column}: sealed with key {key_id!r}, have {sorted(self._keys)}; add that key")
        try:
            raw = base64.b64decode(body, validate=True)
            opener = Cipher(self._cipher(key), modes.GCM(raw[:NONCE], raw[-TAG:])).decryptor()
            opener.authenticate_additional_data(column.encode())
            return (opener.update(raw[NONCE:-TAG]) + opener.finalize()).decode()
        except (InvalidTag, ValueError) as broken:
            raise SealBroken(
                f"{column}: does not open with key {key_id}; changed, or of another column"
            ) from broken

    def digest(self, kind: str, text: str) -> str:
        """Keyed hash (64 hex digits) of a normalised value; `kind`: "phone", "id_no", "name"."""
        return self._digest(self._current, kind, text)

    def digests(self, kind: str, text: str) -> tuple[str, ...]:
        """The hashes under every key, current first: during a rotation some rows still have an older one."""
        return tuple(self._digest(key, kind, text) for key in self._keys.values())

    def mark(self, kind: str, text: str) -> str:
        """A keyed hash that names its key, at most 64 characters: to tell "the same again", not to find.

        Rotation empties the marks of older keys (see `columns.mark`).
        """
        return self._mark(self._current, kind, text)

    def marked(self, kind: str, text: str, mark: str) -> bool | None:
        """True if `mark` was made of this text, False if of another; None if no key at hand can tell."""
        key = self._keys.get(mark.partition(".")[0])
        if key is None or "." not in mark:
            return None
        return compare.compare_digest(self._mark(key, kind, text), mark)

    def chain(self, key_id: str, text: str) -> str:
        """Keyed hash for the audit chain under one key. Raises SealBroken for an unknown key."""
        key = self._keys.get(key_id)
        if key is None:
            raise SealBroken(
                f"audit chain under key {key_id[:ID_LENGTH]!r}, have {sorted(self._keys)}; add that key"
            )
        return self._mac(key, "audit", text)

    def _cipher(self, key: DataKey) -> algorithms.SM4 | algorithms.AES256:
        secret = self._sealing[key.id]
        return algorithms.SM4(secret) if key.kind == "sm4" else algorithms.AES256(secret)

    def _digest(self, key: DataKey, kind: str, text: str) -> str:
        plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
        return self._mac(key, f"digest/{kind}", plain)

    def _mark(self, key: DataKey, kind: str, text: str) -> str:
        return f"{key.id}.{self._mac(key, f'mark/{kind}', text)}"[:MARK_LENGTH]

    def _mac(self, key: DataKey, purpose: str, text: str) -> str:
        # Deriving costs more than hashing: once per key and purpose, of which there are a dozen.
        secret = self._derived.get((key.id, purpose))
        if secret is None:
            secret = self._derived[key.id, purpose] = key.derive(purpose, 32)
        mac = hmac.HMAC(secret, key.hash())
        mac.update(text.encode())
        return mac.finalize().hex()


def looks_sealed(text: str) -> bool:
    """True for `KEY.base64` of at least a nonce and a tag; whether any key opens it is another question."""
    key_id, _, body = text.partition(".")
    try:
        raw = base64.b64decode(body, validate=True)
    except ValueError:
        return False
    return key_id.isascii() and key_id.isalnum() and len(key_id) <= ID_LENGTH and len(raw) > NONCE + TAG
