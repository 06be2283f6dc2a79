"""A start that others could reach is refused while anything is at its default."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.accounts import Account
from gateway.exposure import exposed, faults
from gateway.settings import GatewaySettings
from tests.gateway.staff_clients import KEYS

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"host": "0.0.0.0", "secure_cookies": True}
PROVIDER = {
    "staff_oidc_issuer": "https://id.example", "staff_oidc_client_id": "nczf",
    "staff_oidc_roles": "a=officer", "public_url": "https://zf.example",
}


def settings(**values: object) -> GatewaySettings:
    return GatewaySettings(_env_file=None, **values)


def account(**values: object) -> Account:
    return Account(**{"username": "desk01", "name": "06号", "role": "officer", "state": "active",
                      "source": "local", "demo": True, "must_change": False, "totp": False, **values})


@pytest.mark.parametrize(
    ("host", "secure", "open_"),
    [("127.0.0.1", False, False), ("127.0.0.2", False, False), ("::1", False, False),
     ("localhost", False, False),
     ("0.0.0.0", False, True), ("::", False, True), ("10.0.0.5", False, True), ("zf.example", False, True),
     ("", False, True), ("127.0.0.1", True, True)],
)
def test_who_can_be_reached(host: str, secure: bool, open_: bool) -> None:
    assert exposed(settings(host=host, secure_cookies=secure)) is open_


def test_on_this_machine_alone_defaults_are_fine() -> None:
    assert faults(settings(demo=True, metrics_token="x"), [account()]) == []


def test_all_faults_are_told_at_once_and_no_secret_is_repeated() -> None:
    given = settings(host="0.0.0.0", demo=True, metrics_token="changeme-1234",
                     allowed_origins="http://app.example,https://ok.example", staff_oidc_client_secret="aaaa")
    found = faults(given, [account(), account(username="desk02", demo=False)])
    told = "\n".join(found)
    for words in ("NCZF_SECURE_COOKIES", "NCZF_DEMO", "desk01", "NCZF_METRICS_TOKEN", "http://app.example",
                  "NCZF_STAFF_OIDC_CLIENT_SECRET"):
        assert words in told, words
    assert len(found) == 6 and "changeme" not in told and "aaaa" not in told
    assert "desk02" not in told and "ok.example" not in told


def test_what_is_set_well_is_let_through() -> None:
    good = settings(**GOOD, **PROVIDER, metrics_token="k3xq9v7m2p8w5z1t6r4y", allowed_origins="https://ok.example",
                    gateway_keys=KEYS)
    assert faults(good, [account(demo=False), account(state="disabled")]) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"staff_oidc_issuer": "http://id.example"}, "NCZF_STAFF_OIDC_ISSUER"),
        ({"staff_oidc_client_id": ""}, "NCZF_STAFF_OIDC_CLIENT_ID"),
        ({"staff_oidc_roles": " "}, "NCZF_STAFF_OIDC_ROLES"),
        ({"staff_oidc_roles": "a=king"}, "NCZF_STAFF_OIDC_ROLES"),
        ({"public_url": "http://zf.example"}, "NCZF_PUBLIC_URL"),
        ({"totp_roles": "officer,king"}, "NCZF_TOTP_ROLES: king"),
        ({"gateway_keys": "k1:short"}, "NCZF_GATEWAY_KEYS"),
        ({"redis_url": "redis://10.0.0.7"}, "NCZF_GATEWAY_KEYS"),
        ({"staff_idle_s": 0}, "NCZF_STAFF_IDLE_S"),
        ({"staff_idle_s": 50_000}, "NCZF_STAFF_IDLE_S"),
    ],
)
def test_settings_that_cannot_work_are_named(values: dict[str, object], said: str) -> None:
    found = faults(settings(**{**GOOD, **PROVIDER, **values}))
    assert len(found) == 1 and said in found[0]


def test_the_real_start_is_refused_with_one_message(tmp_path: Path) -> None:
    env = {**os.environ, "NCZF_HOST": "0.0.0.0", "NCZF_DEMO": "true", "NCZF_DATA_DIR": str(tmp_path),
           "NCZF_GATEWAY_PORT": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", "gateway.app"], env=env, cwd=tmp_path, capture_output=True,
                         text=True, timeout=60)
    assert ran.returncode == 2 and "Traceback" not in ran.stderr
    assert "gateway not started:\n  - " in ran.stderr and ran.stderr.count("\n  - ") == 2
