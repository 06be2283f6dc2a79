"""Settings of the action server, from the environment or .env (prefix NCZF_)."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from actions.backends.database import sqlite_url


class ActionSettings(BaseSettings):
    """See docs/operations.md for every setting."""

    model_config = SettingsConfigDict(env_prefix="NCZF_", env_file=".env", extra="ignore")

    data_dir: Path = Path("data")
    actions_host: str = "127.0.0.1"
    """Nothing but Rasa and the gateway should reach this server: it has no login of its own."""
    actions_port: int = 5055
    log_level: str = "INFO"

    services_database: str = ""
    """`postgresql://user:password@host/name` for PostgreSQL; empty: a SQLite file in the data folder."""
    gateway_database: str = ""
    """The gateway's own PostgreSQL, for backups; empty: gateway.db in the data folder."""
    data_keys: str = ""
    """Keys of personal data at rest, `ID:aes|sm4:base64,…`, the current one first; empty: the file below."""
    data_keys_path: str = ""
    """File with those keys; empty: services.keys in the data folder, made at the first start."""

    cases_url: str = ""
    """Base URL of the city's own case system (docs/contract.md); empty: the embedded one. So the others."""
    bookings_url: str = ""
    work_orders_url: str = ""
    ratings_url: str = ""
    notices_url: str = ""
    backend_token: str = ""
    """Bearer token of every call to the city's systems, and of the reference server."""
    backend_deadline_s: float = 5.0
    """How long one call to them may take, retries included; below the action server's own 10 s."""
    backend_ca_file: str = ""
    """PEM file of the city's own certificate authority; the machine's are known anyway."""
    backend_clear: bool = False
    """Allow http:// to other machines, for a network of one's own."""

    halls_file: Path = Path("actions/data/halls.yml")
    """Halls, sessions, capacities and the policy of bookings."""
    duty_seconds: float = 15.0
    """How often reminders, offers that run out and escalations are looked after."""

    gateway_port: int = 8080
    identity_url: str = ""
    """Base URL of a gateway, which knows who is signed in; empty: loopback at gateway_port."""
    identity_secret: str = ""
    """What this server shows to it; empty: nobody signs in."""

    case_feed_secret: str = ""
    """What the departments' systems sign their case events with; empty: no event is taken."""

    @property
    def services_url(self) -> str:
        """URL of the embedded systems' database."""
        return self.services_database or sqlite_url(self.data_dir / "services.db")

    @property
    def gateway_url(self) -> str:
        """Where tickets are redeemed."""
        return self.identity_url or f"http://127.0.0.1:{self.gateway_port}"

    @property
    def data_keys_file(self) -> Path:
        """Where the keys are when they are not in the settings."""
        return Path(self.data_keys_path) if self.data_keys_path else self.data_dir / "services.keys"
