"""What must remain of a data key that is not used any more: enough to verify the audit trail, no more.

Audit rows keep their key for ever. A retired key leaves only the key of its chain, from which neither the
secret nor the keys for sealing and finding can be computed; the secret itself is then destroyed.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac

from actions.backends.vault import SECRET, DataKey, Vault


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """`chain`: the 32 bytes that key the audit chain."""

    id: str
    kind: str
    chain: bytes

    @classmethod
    def of(cls, key: DataKey) -> RetiredKey:
        """What remains of a key."""
        return cls(key.id, key.kind, key.derive("audit", SECRET))

    def line(self) -> str:
        """As the file has it."""
        return f"{self.id}:{self.kind}-audit:{base64.b64encode(self.chain).decode()}"

    def __repr__(self) -> str:
        return f"RetiredKey({self.id!r}, {self.kind!r}, chain hidden)"


class AuditVault(Vault):
    """A vault that also knows the chains of retired keys. Only for verifying."""

    def __init__(self, keys: Sequence[DataKey], retired: Sequence[RetiredKey]) -> None:
        super().__init__(keys)
        self._retired = {key.id: key for key in retired}

    def chain(self, key_id: str, text: str) -> str:
        """See `Vault.chain`."""
        key = self._retired.get(key_id)
        if key is None:
            return super().chain(key_id, text)
        mac = hmac.HMAC(key.chain, hashes.SM3() if key.kind == "sm4" else hashes.SHA256())
        mac.update(text.encode())
        return mac.finalize().hex()


def read_retired(path: Path) -> tuple[RetiredKey, ...]:
    """`ID:aes-audit|sm4-audit:BASE64` by line; a missing file has none. Raises ValueError."""
    if not path.exists():
        return ()
    keys = []
    for number, line in enumerate(path.read_text("utf-8").split(), 1):
        key_id, kind, chain = [*line.split(":"), "", ""][:3]
        try:
            raw = base64.b64decode(chain, validate=True)
        except ValueError:
            raw = b""
        if kind not in ("aes-audit", "sm4-audit") or len(raw) != SECRET or not key_id.isalnum():
            raise ValueError(f"{path.name} line {number}: expected ID:aes-audit|sm4-audit:base64")
        keys.append(RetiredKey(key_id, kind.removesuffix("-audit"), raw))
    return tuple(keys)


def write_private(path: Path, lines: Sequence[str]) -> None:
    """Replace a file of keys at once, readable by its owner alone."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
