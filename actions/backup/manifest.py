"""What a backup says about itself, and how that is guarded against change."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from actions.backends.vault import DataKey, SealBroken, Vault

FORMAT = 1
PURPOSE = "backup of 南昌智服"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive. `rows`: table -> number of rows, counted in the very snapshot."""

    name: str
    bytes: int
    sha256: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds and what it takes to restore it."""

    format: int
    made_at: str
    """ISO 8601, Asia/Shanghai."""
    database: str
    """"sqlite" or "postgresql": the kind of the services database."""
    server: str
    revision: str
    program: dict[str, str]
    """Versions of what wrote it."""
    keys: dict[str, str]
    """Key id -> fingerprint. A fingerprint tells keys apart and says nothing about them."""
    audit_head: tuple[int, str]
    members: tuple[Member, ...]

    def text(self) -> str:
        """The JSON that is stored and guarded."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    def member(self, name: str) -> Member | None:
        """The member of that name."""
        return next((member for member in self.members if member.name == name), None)


def read_manifest(text: str) -> Manifest:
    """Raises ValueError for what is none, or is of a newer format."""
    try:
        raw: dict[str, Any] = json.loads(text)
        if raw["format"] != FORMAT:
            raise ValueError(
                f"备份清单的格式是 {raw['format']!r}，这个程序只认识 {FORMAT}；请用做备份的那个版本恢复"
            )
        members = tuple(Member(**member) for member in raw["members"])
        number, chain = raw["audit_head"]
        names = {field.name for field in fields(Manifest)}
        known = {name: value for name, value in raw.items() if name in names}
        return Manifest(**{**known, "members": members, "audit_head": (number, chain)})
    except (KeyError, TypeError, json.JSONDecodeError) as broken:
        raise ValueError("备份清单读不懂；这不是 make backup 做的文件，或者已经损坏") from broken


def fingerprints(keys: Sequence[DataKey]) -> dict[str, str]:
    """Key id -> fingerprint."""
    return {key.id: Vault([key]).chain(key.id, PURPOSE)[:32] for key in keys}


def guard(vault: Vault, text: str) -> str:
    """`KEY:MAC` over the manifest's text: who changes it needs the data key."""
    return f"{vault.current}:{vault.chain(vault.current, PURPOSE + text)}"


def refuse_wrong_keys(manifest: Manifest, keys: Sequence[DataKey]) -> None:
    """Raises ValueError that names every key that is missing or is another one."""
    here = fingerprints(keys)
    faults = [
        f"密钥 {key_id} 同名但不是同一把" if key_id in here else f"缺少密钥 {key_id}"
        for key_id, mark in manifest.keys.items()
        if here.get(key_id) != mark
    ]
    if faults:
        raise ValueError(
            f"密钥不对：{'；'.join(faults)}（现有 {'、'.join(here)}）。"
            f"备份里没有密钥，请放回 {manifest.made_at} 时使用的密钥再恢复"
        )


def refuse_changed(text: str, mark: str, vault: Vault) -> None:
    """Raises ValueError if the manifest is not what was written."""
    key_id, _, mac = mark.strip().partition(":")
    try:
        expected = vault.chain(key_id, PURPOSE + text)
    except SealBroken as unknown:
        raise ValueError(f"备份清单的签名用的密钥不在手上：{unknown}") from unknown
    if not hmac.compare_digest(expected, mac):
        raise ValueError("备份清单被改动过（签名不符），不恢复；请换一份备份")
