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
    gateway_database: str = ""
    """SQLAlchemy URL, such as postgresql://user:password@host/name; empty: gateway.db in data_dir."""
    redis_url: str = ""
    """What several gateways share besides the database; empty: this is the only one."""
    sweep_s: float = 1.0
    """How often waits that are over, officers who are gone and unanswered messages are looked for."""
    host: str = "127.0.0.1"
    gateway_port: int = 8080
    rasa_url: str = ""
    """Empty: loopback at rasa_port. Several, separated by commas: each conversation stays with one."""
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
    hours_file: Path = Path("gateway/data/hours.yml")
    """When people answer in the chat."""
    wait_limit_s: float = 120.0
    """How long a citizen waits for an officer before a message is offered."""
    agent_grace_s: float = 60.0
    """How long an officer may be disconnected before their conversations go back to the queue."""
    messages_per_minute: int = 40
    """Per conversation; more get `rate_limited`."""
    conversations_per_minute: int = 60
    """New ones from one address (IPv6: a /64), a third of it at once; this machine's are not counted."""
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
    demo: bool = False
    """Make the two demo officers, each once; refused where others than this machine may come in."""
    public_url: str = ""
    """Our own address as browsers know it; needed where people sign in at an identity provider."""
    gateway_keys: str = ""
    """Keys of secrets at rest, `ID:base64,…`, the current one first; empty: gateway.keys in data_dir."""
    staff_session_s: float = 43200.0
    """A staff session ends this long after the sign-in, whatever is done."""
    staff_idle_s: float = 7200.0
    """And this long after its owner's last deed."""
    session_poll_s: float = 1.0
    """How often the sessions of open desks are looked at."""
    totp_roles: str = "supervisor,operator"
    """Roles that need a one-time code besides the password."""
    staff_oidc_issuer: str = ""
    """Identity provider of the staff (OpenID Connect); empty: none."""
    staff_oidc_client_id: str = ""
    staff_oidc_client_secret: str = ""
    staff_oidc_scope: str = "openid profile"
    staff_oidc_username_claim: str = "preferred_username"
    staff_oidc_name_claim: str = "name"
    staff_oidc_role_claim: str = "roles"
    """`a.b` looks into an object."""
    staff_oidc_roles: str = ""
    """`THEIRS=OURS,…`; who has none of them is not let in."""
    citizen_oidc_issuer: str = ""
    """Identity provider of citizens (统一身份认证); empty: nobody signs in."""
    citizen_oidc_client_id: str = ""
    citizen_oidc_client_secret: str = ""
    citizen_oidc_scope: str = "openid profile phone"
    citizen_oidc_userinfo: bool = False
    """Ask the userinfo address too, where the token holds no name and number."""
    citizen_name_claim: str = "name"
    """Of this provider and of the app's tickets alike; `a.b` looks into an object."""
    citizen_phone_claim: str = "phone_number"
    citizen_id_claim: str = "id_number"
    citizen_session_s: float = 1800.0
    """A citizen is signed out this long after signing in, whatever is done."""
    citizen_idle_s: float = 600.0
    """And this long after the last look at something of their own."""
    app_issuer: str = ""
    """Who signs the tickets of the city's app (赣服通), their `iss`; empty: nobody enters from an app."""
    app_audience: str = "nczf"
    """Whom they must be for, their `aud`."""
    app_jwks_url: str = ""
    """Where the app's public keys are; or else the secret below."""
    app_ticket_secret: str = ""
    """Shared secret of its tickets (HS256)."""
    identity_secret: str = ""
    """What the action server shows to learn who asks; needed where citizens sign in, the same for both."""
    turns_in_flight: int = 8
    """Bot turns running at once; Rasa is one event loop, more would only queue inside it."""

    @property
    def database(self) -> Path:
        """SQLite file of conversations and staff."""
        return self.data_dir / "gateway.db"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of conversations and staff."""
        return self.gateway_database or f"sqlite:///{self.database}"

    @property
    def dialogue_urls(self) -> tuple[str, ...]:
        """Base URLs of the Rasa processes; at least one."""
        given = tuple(url.strip().rstrip("/") for url in self.rasa_url.split(",") if url.strip())
        return given or (f"http://127.0.0.1:{self.rasa_port}",)

    @property
    def knowledge_url(self) -> str:
        """Base URL of the action server, which holds the knowledge."""
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}"
