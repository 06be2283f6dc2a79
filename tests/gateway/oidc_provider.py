"""A real OpenID provider over HTTP on loopback: oidc-provider-mock, plus the checks it leaves out."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.util import request_uri

import httpx2
from oidc_provider_mock import User, app
from werkzeug.serving import make_server


class Provider:
    """Counts what it is asked; checks PKCE, which the mock ignores; is away when told so."""

    def __init__(self, users: Mapping[str, Mapping[str, Any]], token_life: timedelta) -> None:
        found = [User(sub=sub, claims=dict(claims)) for sub, claims in users.items()]
        self._app = app(require_nonce=True, access_token_max_age=token_life, user_claims=found).wsgi_app
        self._server = make_server("localhost", 0, self, threaded=True)
        self.issuer = f"http://localhost:{self._server.server_port}"
        self.asked: list[str] = []
        self.away = False
        self.answer: tuple[str, str, bytes] | None = None
        """(path, status line, body): what it says there instead."""
        self._challenges: dict[str, str] = {}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Provider:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if self.away:
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"away"]
        if self.answer and self.answer[0] == path:
            start_response(self.answer[1], [("Content-Type", "application/json")])
            return [self.answer[2]]
        if path == "/oauth2/token" and not self._proof_fits(environ):
            start_response("400 Bad Request", [("Content-Type", "application/json")])
            return [b'{"error": "invalid_grant"}']
        query = parse_qs(urlsplit(request_uri(environ)).query)

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            to = dict(headers).get("Location", "")
            for code in parse_qs(urlsplit(to).query).get("code", []):
                self._challenges[code] = query["code_challenge"][0]
                assert query["code_challenge_method"] == ["S256"] and query["state"] and query["nonce"]
            return start_response(status, headers, *more)

        return self._app(environ, started)

    def _proof_fits(self, environ: dict[str, Any]) -> bool:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        verifier = form.get("code_verifier", "")
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return proof == self._challenges.get(form.get("code", ""))

    def consent(self, url: str, sub: str, action: str = "") -> dict[str, str]:
        """What the browser brings back after `sub` signed in at `url`: the query of the way back."""
        form = {"action": action} if action else {"sub": sub}
        reply = httpx2.post(url, data=form, follow_redirects=False)
        assert reply.status_code in (302, 303), (reply.status_code, re.sub("<[^>]+>", "", reply.text)[:400])
        query = parse_qs(urlsplit(reply.headers["location"]).query)
        return {key: values[0] for key, values in query.items()}


@contextmanager
def provider(
    users: Mapping[str, Mapping[str, Any]], token_life: timedelta = timedelta(hours=1)
) -> Iterator[Provider]:
    """A running provider that knows these people: subject -> claims."""
    with Provider(users, token_life) as running:
        yield running
