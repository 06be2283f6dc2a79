"""A port over HTTP: an object with the Protocol's methods, each of them one call of the contract."""

from __future__ import annotations

import functools
import inspect
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from actions.backends.http import problems
from actions.backends.http.connection import Connection, Limits, Reply, Trouble
from actions.backends.http.contract import KEY, Operation, name_of, operations
from actions.backends.http.values import Unfit, read, written
from actions.backends.ports import BackendUnavailable

log = logging.getLogger(__name__)
P = TypeVar("P")
JSON = "application/json"
PASSING = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses of something between us and the system, or of a system that is busy: worth another attempt."""


def over_http(
    protocol: type[P],
    url: str,
    token: str,
    limits: Limits | None = None,
    ca_file: str = "",
    clear: bool = False,
) -> P:
    """The port `protocol` at the base URL `url`.

    Its methods have the Protocol's signatures, raise the refusals of ports/errors.py, and for every kind of
    trouble BackendUnavailable, whose reason never holds anything that was sent or received.

    Args:
        protocol: one of the Protocols of actions/backends/ports.
        url: https://HOST[:PORT][/PATH].
        token: bearer token of every call.
        limits: how long and how much.
        ca_file: PEM file of the city's own authority.
        clear: let http:// leave this machine.

    Raises ValueError for a URL, token or file that cannot be used.
    """
    port = name_of(protocol)
    caller = _Caller(port, Connection(url, token, limits, ca_file, clear))
    methods: dict[str, Any] = {name: _method(one) for name, one in operations(port).items()}
    cls = type(f"Http{protocol.__name__}", (), {**methods, "__doc__": protocol.__doc__})
    made: Any = cls()
    made._caller = caller  # a port's own methods never begin with an underscore
    return made  # type: ignore[no-any-return]  # tests/contracts/test_http_client.py compares the signatures


def disconnect(port: Any) -> None:
    """Close the connections of an object that `over_http` made."""
    port._caller.connection.close()


def _method(operation: Operation) -> Callable[..., Any]:
    signature = inspect.signature(operation.function)

    @functools.wraps(operation.function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        return self._caller.call(operation, dict(list(bound.arguments.items())[1:]))

    return method


class _Caller:
    """Calls with retries inside one deadline."""

    def __init__(self, port: str, connection: Connection) -> None:
        self._port = port
        self.connection = connection

    def call(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """The result. Raises what the port raises."""
        body = written(arguments)
        key = arguments[KEY] if operation.keyed else ""
        repeatable = operation.harmless or bool(key)
        headers = {"idempotency-key": quote(str(key), safe=":-._~")} if key else {}
        limits = self.connection.limits
        ends = time.monotonic() + limits.deadline_s
        for attempt in range(1, limits.attempts + 1):
            try:
                return self._answer(operation, self.connection.post(operation.path, body, headers, ends))
            except Trouble as trouble:
                pause = max(limits.pause_s * 2 ** (attempt - 1) * random.uniform(0.5, 1), trouble.after_s)
                again = trouble.passing and (repeatable or not trouble.sent)
                last = attempt == limits.attempts or time.monotonic() + pause >= ends
                log.warning("%s: %s (attempt %d)", operation.path, trouble.reason, attempt)
                if not again or last:
                    raise BackendUnavailable(self._port, trouble.reason, trouble.passing) from None
            time.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _answer(self, operation: Operation, reply: Reply) -> Any:
        if reply.status != 200:
            raise self._refusal(operation, reply)
        if reply.media != JSON:
            raise Trouble("HTTP 200, but the answer is not application/json", passing=False)
        try:
            return read(operation.result, reply.body)["result"]
        except Unfit as unfit:
            raise Trouble(f"the answer does not fit the contract ({unfit})", passing=False) from None

    def _refusal(self, operation: Operation, reply: Reply) -> Exception:
        problem = _problem(reply)
        if problem is not None and problem.status == reply.status and 400 <= reply.status < 500:
            refusal = problems.rebuilt(problem)
            if refusal is not None:
                return refusal
            if problem.code == "ValueError" and operation.raises("ValueError"):
                return ValueError(problem.detail)
        named = f", {problem.code}" if problem is not None and _speakable(problem.code) else ""
        passing = reply.status in PASSING
        if problem is not None and problem.code == "BackendUnavailable":
            passing = problem.attributes.get("retryable") is not False
        return Trouble(f"HTTP {reply.status}{named}", passing=passing, after_s=_after(reply))


def _problem(reply: Reply) -> problems.Problem | None:
    if reply.media != problems.MEDIA:
        return None
    try:
        return problems.Problem.model_validate_json(reply.body, strict=True)
    except ValidationError:
        return None


def _speakable(code: str) -> bool:
    """A code that can be one of the contract's; anything else may be somebody's data."""
    return code in problems.refusals() or code in problems.WIRE_CODES


def _after(reply: Reply) -> float:
    """Retry-After in seconds; 0 when it is missing or a date."""
    told = reply.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() and len(told) < 7 else 0.0
