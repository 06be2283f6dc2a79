"""Settings of the action server, from the environment or .env (prefix NCZF_)."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class ActionSettings(BaseSettings):
    """See docs/operations.md for every setting."""

    model_config = SettingsConfigDict(env_prefix="NCZF_", env_file=".env", extra="ignore")

    data_dir: Path = Path("data")
    actions_host: str = "127.0.0.1"
    """Nothing but Rasa and the gateway should reach this server: it has no login of its own."""
    actions_port: int = 5055
    log_level: str = "INFO"

    @property
    def services_database(self) -> Path:
        """SQLite file of the embedded systems."""
        return self.data_dir / "services.db"
