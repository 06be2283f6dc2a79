"""The archive: one tar.gz with the manifest, its guard, and the members; readable by its owner alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from actions.backends.vault import Vault
from actions.backup.manifest import Manifest, Member, guard, read_manifest

MANIFEST, GUARD = "manifest.json", "manifest.mac"
SMALL = 1 << 20
"""Bytes that a manifest may have."""
CHUNK = 1 << 20
BROKEN = (tarfile.TarError, zlib.error, EOFError, OSError)


def sha256(file: IO[bytes], copy: IO[bytes] | None = None) -> tuple[str, int]:
    """(hex digest, bytes) of the rest of a file, copied on the way if asked."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if copy:
            copy.write(chunk)
    return digest.hexdigest(), size


def measured(path: Path, rows: dict[str, int]) -> Member:
    """The member for a file that is ready."""
    with path.open("rb") as file:
        digest, size = sha256(file)
    return Member(path.name, size, digest, rows)


def pack(target: Path, manifest: Manifest, folder: Path, vault: Vault) -> None:
    """Write the archive; it appears under its name only when all of it is on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")
    text = manifest.text()
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
                for name, content in ((MANIFEST, text), (GUARD, guard(vault, text))):
                    info = tarfile.TarInfo(name)
                    info.size, info.mode = len(content.encode()), 0o600
                    tar.addfile(info, io.BytesIO(content.encode()))
                for member in manifest.members:
                    info = tarfile.TarInfo(member.name)
                    info.size, info.mode = member.bytes, 0o600
                    with (folder / member.name).open("rb") as content_file:
                        tar.addfile(info, content_file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def _opened(archive: Path, *, whole: bool = False) -> Iterator[tarfile.TarFile]:
    if not archive.is_file():
        raise ValueError(f"没有备份文件 {archive}")
    try:
        with gzip.open(archive) as raw, tarfile.open(fileobj=raw, mode="r:") as tar:
            yield tar
            while whole and raw.read(CHUNK):
                pass  # to the end, where gzip's own checksum stands
    except BROKEN as broken:
        raise ValueError(
            f"备份文件 {archive.name} 不完整或已损坏（{type(broken).__name__}），不恢复；请换一份"
        ) from broken


def read_head(archive: Path) -> tuple[Manifest, str, str]:
    """(manifest, its text, its guard). Raises ValueError for what is no archive of ours."""
    with _opened(archive) as tar:
        head = []
        for name in (MANIFEST, GUARD):
            info = tar.next()
            if info is None or info.name != name or not info.isfile() or info.size > SMALL:
                raise ValueError(f"{archive.name} 不是 make backup 做的文件：应先有 {name}")
            file = tar.extractfile(info)
            assert file is not None
            head.append(file.read().decode("utf-8", "replace"))
    return read_manifest(head[0]), head[0], head[1]


def unpack(archive: Path, manifest: Manifest, allowed: Sequence[str], folder: Path) -> None:
    """Write the members into `folder`, each compared with the manifest, the whole archive read to its end.

    Raises ValueError for a member that is missing, more, changed, or not a plain file.
    """
    seen: set[str] = set()
    with _opened(archive, whole=True) as tar:
        for info in tar:
            if info.name in (MANIFEST, GUARD):
                continue
            member = manifest.member(info.name)
            if member is None or info.name not in allowed or not info.isfile() or info.name in seen:
                raise ValueError(f"备份里有不该有的内容 {info.name[:60]!r}，不恢复；请换一份")
            seen.add(info.name)
            file = tar.extractfile(info)
            assert file is not None
            with (folder / info.name).open("wb") as copy:
                found = sha256(file, copy)
            if found != (member.sha256, member.bytes):
                raise ValueError(f"备份里的 {info.name} 与清单不符（校验和不同），不恢复；请换一份")
    if missing := sorted({member.name for member in manifest.members} - seen):
        raise ValueError(f"备份里缺少 {'、'.join(missing)}，不恢复；请换一份")
