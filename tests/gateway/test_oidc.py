"""Signing in at a real OpenID provider, over HTTP: the client both staff and citizens use."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gateway.database import open_database
from gateway.oidc import MAX_AGE_S, OidcClient, OidcRefused, OidcSettings, OidcUnavailable
from gateway.oidc_pending import PendingSignIns
from gateway.oidc_provider import ANEW_S, KEEP_S
from tests.fakes import HeldClock
from tests.gateway.oidc_provider import provider

BACK = "http://127.0.0.1:8080/api/desk/oidc/back"
USERS = {"s-1": {"preferred_username": "wang", "name": "王工", "realm": {"roles": ["desk"]}}}


class Moving:
    """The clock of now, moved by hand."""

    def __init__(self) -> None:
        import time

        self._time = time.time
        self.by = 0.0

    def __call__(self) -> float:
        return self._time() + self.by


@pytest.fixture
def found():
    """A provider that knows one person."""
    with provider(USERS) as running:
        yield running


@pytest.fixture
def clock():
    return Moving()


@pytest.fixture
async def client(found, clock):
    made = OidcClient(OidcSettings(found.issuer, "nczf", "s/e:c ret", deadline_s=2.0), clock)
    await made.open()
    yield made
    await made.close()


async def consented(client, found, sub="s-1", **more):
    url, pending = await client.start(BACK)
    return pending, await asyncio.to_thread(found.consent, url, sub, **more)


async def test_who_signs_in_there_is_known_here(client, found):
    url, pending = await client.start(BACK)
    query = parse_qs(urlsplit(url).query)
    assert query["redirect_uri"] == [BACK] and query["scope"] == ["openid profile"]
    assert pending.verifier not in url and pending.nonce in url
    back = await asyncio.to_thread(found.consent, url, "s-1")
    claims = await client.finish(pending, back["code"], back["state"])
    assert (claims.subject, claims.get("name"), claims.get("realm.roles")) == ("s-1", "王工", ["desk"])
    assert claims.get("realm.nothing") is None and claims.get("name.x") is None
    assert await client.sign_out_url(claims.id_token, "http://x/desk") is not None


async def test_userinfo_is_asked_where_the_setting_says_so(found, clock):
    client = OidcClient(OidcSettings(found.issuer, "nczf", "s", userinfo=True), clock)
    await client.open()
    pending, back = await consented(client, found)
    assert (await client.finish(pending, back["code"], back["state"])).get("name") == "王工"
    assert "/userinfo" in found.asked
    pending, back = await consented(client, found)
    found.answer = ("/userinfo", "200 OK", b'{"sub": "somebody else"}')
    with pytest.raises(OidcRefused, match="bad_userinfo"):
        await client.finish(pending, back["code"], back["state"])
    await client.close()


@pytest.mark.parametrize("wrong", ["", "x", "é", None])
async def test_a_wrong_state_is_refused_before_anything_is_asked(client, found, wrong):
    pending, back = await consented(client, found)
    before = len(found.asked)
    with pytest.raises(OidcRefused, match="wrong_state"):
        await client.finish(pending, back["code"], wrong if wrong is not None else back["state"] + "x")
    assert len(found.asked) == before


async def test_a_token_for_another_nonce_is_refused(client, found):
    pending, back = await consented(client, found)
    with pytest.raises(OidcRefused, match="bad_token"):
        await client.finish(replace(pending, nonce="another"), back["code"], back["state"])


async def test_a_code_works_once_and_for_its_own_verifier(client, found):
    pending, back = await consented(client, found)
    with pytest.raises(OidcRefused, match="code_refused"):
        await client.finish(replace(pending, verifier="x" * 64), back["code"], back["state"])
    await client.finish(pending, back["code"], back["state"])
    with pytest.raises(OidcRefused, match="code_refused"):
        await client.finish(pending, back["code"], back["state"])
    with pytest.raises(OidcRefused, match="code_refused"):
        await client.finish(pending, "made up", back["state"])


async def test_who_takes_too_long_begins_anew(client, found, clock):
    pending, back = await consented(client, found)
    clock.by = MAX_AGE_S + 1
    with pytest.raises(OidcRefused, match="too_late"):
        await client.finish(pending, back["code"], back["state"])


async def test_another_issuer_in_the_way_back_is_refused(client, found):
    pending, back = await consented(client, found)
    with pytest.raises(OidcRefused, match="wrong_issuer"):
        await client.finish(pending, back["code"], back["state"], "https://evil.example")
    assert await client.finish(pending, back["code"], back["state"], found.issuer)


@pytest.mark.parametrize(("life_s", "in_time"), [(-30, True), (-120, False)])
async def test_an_expired_token_is_refused_but_clocks_may_differ_a_little(clock, life_s, in_time):
    with provider(USERS, timedelta(seconds=life_s)) as found:
        client = OidcClient(OidcSettings(found.issuer, "nczf", "s"), clock)
        await client.open()
        pending, back = await consented(client, found)
        if in_time:
            assert (await client.finish(pending, back["code"], back["state"])).subject == "s-1"
        else:
            with pytest.raises(OidcRefused, match="bad_token"):
                await client.finish(pending, back["code"], back["state"])
        await client.close()


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(found, key, header, **claims):
    """A token endpoint's answer with a token that the provider never signed."""
    import time

    now = int(time.time())
    body = {"iss": found.issuer, "sub": "s-1", "aud": "nczf", "iat": now, "exp": now + 60, **claims}
    if isinstance(key, bytes):
        parts = [base64url(json.dumps(part).encode()) for part in (header, body)]
        signed = hmac.digest(key, ".".join(parts).encode(), "sha256")
        token = ".".join((*parts, base64url(signed) if key else ""))
    else:
        token = jwt.encode(header, body, key, algorithms=["RS256"])
    return ("/oauth2/token", "200 OK", json.dumps({"access_token": "a", "id_token": token}).encode())


async def test_tokens_that_the_provider_did_not_sign_are_refused(client, found):
    pending, back = await consented(client, found)
    keys = httpx2.get(f"{found.issuer}/jwks").json()
    kid = keys["keys"][0]["kid"]
    stranger = RSAKey.generate_key(2048, private=True)
    public = KeySet.import_key_set(keys).keys[0].as_pem(private=False)
    for key, header in (
        (stranger, {"alg": "RS256", "kid": kid}),
        (stranger, {"alg": "RS256"}),
        (public, {"alg": "HS256", "kid": kid}),
        (b"x" * 32, {"alg": "HS256"}),
        (b"", {"alg": "none"}),
        (b"", {"alg": "RS256", "kid": kid}),
    ):
        found.answer = forged(found, key, header, nonce=pending.nonce)
        with pytest.raises(OidcRefused, match="bad_signature"):
            await client.finish(pending, back["code"], back["state"])
    for answer in (b'{"access_token": "a"}', b'{"id_token": 7}'):
        found.answer = ("/oauth2/token", "200 OK", answer)
        with pytest.raises(OidcRefused, match="no_id_token"):
            await client.finish(pending, back["code"], back["state"])
    found.answer = ("/oauth2/token", "200 OK", b'{"id_token": "a.b.c"}')
    with pytest.raises(OidcRefused, match="bad_signature"):
        await client.finish(pending, back["code"], back["state"])


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://other"}, {"aud": "other"}, {"aud": ["nczf", "other"]}, {"sub": ""}, {"sub": 7},
     {"nonce": "other"}, {"exp": 1}, {"exp": "soon"}, {"iat": 9_999_999_999}, {"nbf": 9_999_999_999},
     {"azp": "other"}],
)
async def test_signed_tokens_that_are_not_for_us_are_refused(client, found, claims):
    own = RSAKey.generate_key(2048, {"kid": "own"}, private=True)
    found.answer = ("/jwks", "200 OK", json.dumps(KeySet([own]).as_dict(private=False)).encode())
    pending, back = await consented(client, found)
    good = {"nonce": pending.nonce}
    await client._provider.keys()
    found.answer = forged(found, own, {"alg": "RS256", "kid": "own"}, **good)
    assert await client.finish(pending, back["code"], back["state"])  # the same token without the fault
    found.answer = forged(found, own, {"alg": "RS256", "kid": "own"}, **good | claims)
    with pytest.raises(OidcRefused, match="bad_token"):
        await client.finish(pending, back["code"], back["state"])


async def test_what_the_provider_publishes_is_kept_for_an_hour(client, found, clock):
    for _ in range(3):
        pending, back = await consented(client, found)
        await client.finish(pending, back["code"], back["state"])
    assert found.asked.count("/.well-known/openid-configuration") == found.asked.count("/jwks") == 1
    clock.by = KEEP_S + 1
    await client.start(BACK)
    assert found.asked.count("/.well-known/openid-configuration") == 2


async def test_new_keys_are_fetched_when_a_token_needs_them_but_not_at_everybodys_wish(client, found, clock):
    pending, back = await consented(client, found)
    await client.finish(pending, back["code"], back["state"])
    fetched = found.asked.count("/jwks")
    stranger = RSAKey.generate_key(2048)
    for _ in range(3):  # made-up keys do not make us ask
        pending, back = await consented(client, found)
        found.answer = forged(found, stranger, {"alg": "RS256", "kid": "n"}, nonce=pending.nonce)
        with pytest.raises(OidcRefused, match="bad_signature"):
            await client.finish(pending, back["code"], back["state"])
        found.answer = None
    assert found.asked.count("/jwks") == fetched
    clock.by = ANEW_S + 1
    pending, back = await consented(client, found)
    found.answer = forged(found, stranger, {"alg": "RS256", "kid": "n"}, nonce=pending.nonce)
    with pytest.raises(OidcRefused):
        await client.finish(pending, back["code"], back["state"])
    assert found.asked.count("/jwks") == fetched + 1


async def test_a_provider_that_is_away_is_said_so_and_used_again_when_it_is_back(client, found):
    found.away = True
    with pytest.raises(OidcUnavailable):
        await client.start(BACK)
    found.away = False
    pending, back = await consented(client, found)
    found.away = True
    with pytest.raises(OidcUnavailable):
        await client.finish(pending, back["code"], back["state"])
    found.away = False
    assert await client.finish(pending, back["code"], back["state"])


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"issuer": "https://evil.example"}', b"[" * 9999, b"x" * 300_000]
)
async def test_a_discovery_document_that_is_none_is_unavailable(client, found, body):
    found.answer = ("/.well-known/openid-configuration", "200 OK", body)
    with pytest.raises(OidcUnavailable):
        await client.start(BACK)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_addresses_in_clear_on_other_machines_are_not_used(client, found, name):
    document = httpx2.get(f"{found.issuer}/.well-known/openid-configuration").json()
    body = json.dumps(document | {name: "http://provider.example/x"}).encode()
    found.answer = ("/.well-known/openid-configuration", "200 OK", body)
    with pytest.raises(OidcUnavailable, match=name):
        await client.start(BACK)


@pytest.mark.parametrize("body", [b"{}", b'{"keys": [{"kty": "?"}]}', b'{"keys": 7}'])
async def test_keys_that_are_none_are_unavailable(client, found, body):
    pending, back = await consented(client, found)
    found.answer = ("/jwks", "200 OK", body)
    with pytest.raises((OidcUnavailable, OidcRefused)):
        await client.finish(pending, back["code"], back["state"])


async def test_nobody_there_is_unavailable():
    client = OidcClient(OidcSettings("http://127.0.0.1:9", "nczf", deadline_s=0.5))
    await client.open()
    with pytest.raises(OidcUnavailable):
        await client.start(BACK)
    await client.close()


@pytest.mark.parametrize("issuer", ["", "http://provider.example", "ftp://localhost", "provider.example"])
def test_an_issuer_in_clear_is_no_issuer(issuer):
    with pytest.raises(ValueError, match="expected https"):
        OidcClient(OidcSettings(issuer, "nczf"))


async def test_a_sign_in_under_way_is_taken_once_by_its_own_purpose_and_in_time(client, found, tmp_path):
    clock = HeldClock()
    kept = PendingSignIns(open_database(tmp_path / "g.db"), lambda: clock().timestamp())
    _, pending = await client.start(BACK)
    token = kept.keep("citizen", pending, {"conversation": "c1"})
    assert kept.take("staff", token) is None and kept.take("citizen", "other") is None
    assert kept.take("citizen", token) == (pending, {"conversation": "c1"})
    assert kept.take("citizen", token) is None
    late = kept.keep("staff", pending)
    clock.move(seconds=MAX_AGE_S + 1)
    assert kept.take("staff", late) is None
