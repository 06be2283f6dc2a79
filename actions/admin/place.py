"""Where a command works when no store is opened for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TextIO

from sqlalchemy import Engine, make_url

from actions.backends.clock import Clock
from actions.backends.database import open_database
from actions.backends.vault import DataKey, keys_of, read_keys
from actions.settings import ActionSettings


@dataclass(frozen=True, slots=True)
class Place:
    """The settings and the clock: all that is sure before the store is opened."""

    settings: ActionSettings
    clock: Clock
    answers: TextIO = field(default_factory=lambda: sys.stdin)
    """Where the operator answers a question."""

    def keys(self) -> tuple[DataKey, ...]:
        """The data keys at hand, the current one first. Unlike a start, this never makes a new one.

        Raises ValueError when there is none.
        """
        settings = self.settings
        if settings.data_keys:
            return read_keys(settings.data_keys)
        if not settings.data_keys_file.exists():
            raise ValueError(
                f"数据密钥文件 {settings.data_keys_file} 不存在；请先把另行保管的密钥文件放回原处"
                "（或设置 NCZF_DATA_KEYS、NCZF_DATA_KEYS_PATH）"
            )
        return keys_of(settings.data_keys_file)

    def engine(self) -> Engine:
        """The services database as it is, not migrated."""
        return open_database(self.settings.services_url)

    def gateway(self) -> Engine | None:
        """The gateway's database where that is PostgreSQL. Raises ValueError for the services' one."""
        url = self.settings.gateway_database
        if not url or make_url(url).get_backend_name() != "postgresql":
            return None
        if url == self.settings.services_database:
            raise ValueError("NCZF_GATEWAY_DATABASE 和 NCZF_SERVICES_DATABASE 是同一个库；请给网关另建一个库")
        return open_database(url)
