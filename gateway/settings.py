"""Settings of the gateway, from the environment or .env (prefix NCZF_). Documented in docs/operations.md."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class GatewaySettings(BaseSettings):
    """All times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="NCZF_", env_file=".env", extra="ignore")

    data_dir: Path = Path("data")
    static_dir: Path = Path(".build/static")
    host: str = "127.0.0.1"
    gateway_port: int = 8080
    rasa_url: str = ""
    """Empty: loopback at rasa_port."""
    rasa_port: int = 5005
    actions_url: str = ""
    actions_port: int = 5055
    log_level: str = "INFO"
    secure_cookies: bool = False
    """Set behind HTTPS."""
    allowed_origins: str = ""
    """Comma-separated origins, besides our own, whose pages may open sockets."""
    dialogue_deadline_s: float = 8.0
    suggest_deadline_s: float = 4.0
    wait_limit_s: float = 120.0
    """How long a citizen waits for an officer before a message is offered."""
    agent_grace_s: float = 60.0
    """How long an officer may be disconnected before their conversations go back to the queue."""
    messages_per_minute: int = 40
    """Per conversation; more get `rate_limited`."""
    thinking_after_s: float = 0.2
    """An answer that takes longer than this is announced as being worked on."""
    notice_poll_s: float = 2.0
    """How often the action server is asked for notices (reminders, news of a case)."""
    switch_poll_s: float = 1.0
    """How often the switches (bot, channels, notice) are read."""
    sockets_limit: int = 6000
    """Open sockets of citizens; who comes beyond it is told to come back."""
    log_format: Literal["text", "json"] = "text"
    metrics_token: str = ""
    """Bearer token of GET /metrics; empty: there is no such page."""
    turns_in_flight: int = 8
    """Bot turns running at once; Rasa is one event loop, more would only queue inside it."""

    @property
    def database(self) -> Path:
        """SQLite file of conversations and staff."""
        return self.data_dir / "gateway.db"

    @property
    def dialogue_url(self) -> str:
        """Base URL of Rasa."""
        return self.rasa_url or f"http://127.0.0.1:{self.rasa_port}"

    @property
    def knowledge_url(self) -> str:
        """Base URL of the action server, which holds the knowledge."""
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}"
