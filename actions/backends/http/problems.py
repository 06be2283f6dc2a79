"""Refusals as `application/problem+json`: the code is the name of the class in ports/errors.py."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_json

from actions.backends.ports import errors as port_errors
from actions.backends.ports.errors import BackendError, BackendUnavailable

MEDIA = "application/problem+json"
STATUSES = (
    (r"Unavailable$", 503),
    (r"^TooMany|RateLimited$", 429),
    (r"Locked$", 423),
    (r"NotFound$|^NoSuch|Unknown", 404),
    (r"Unsigned$|NotPermitted$|Forbidden$", 403),
    (r"^Invalid|^Bad|Invalid$|Malformed$|Refused$|ValueError$", 422),
)
"""Which status a class gets by its name; any other one is a conflict with how things stand (409)."""
CONFLICT = 409

WIRE_CODES: Mapping[str, tuple[int, str]] = {
    "Unauthorized": (401, "The token is missing or wrong."),
    "UnknownOperation": (404, "There is no such operation."),
    "MethodNotAllowed": (405, "Operations are called by POST."),
    "RequestTimeout": (408, "The request did not arrive in time."),
    "RequestTooLarge": (413, "The request is larger than this server reads."),
    "UnsupportedMediaType": (415, "Requests are application/json."),
    "InvalidRequest": (422, "The request does not fit the contract."),
    "InternalError": (500, "The system failed."),
}
"""What the transport itself refuses: (status, title)."""
UNNAMED = (422, "An argument has no meaning.")
"""The ValueError that a port announces."""


class Problem(BaseModel):
    """RFC 9457, and what a port's error holds."""

    model_config = ConfigDict(extra="ignore")

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    attributes: dict[str, Any] = Field(default_factory=dict)


@cache
def refusals() -> Mapping[str, type[BackendError]]:
    """Code -> class, of every refusal that the ports know."""
    found = (v for v in vars(port_errors).values() if isinstance(v, type) and issubclass(v, BackendError))
    return {cls.__name__: cls for cls in found if cls is not BackendError}


def status_of(code: str) -> int:
    """The status of a refusal."""
    return next((status for pattern, status in STATUSES if re.search(pattern, code)), CONFLICT)


@cache
def attributes_of(code: str) -> type[BaseModel]:
    """What a refusal is made from, as a model: the arguments of its class."""
    cls = refusals()[code]
    hints = get_type_hints(cls.__init__)
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if p.default is p.empty else p.default)
        for name, p in list(inspect.signature(cls.__init__).parameters.items())[1:]
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    if cls is BackendUnavailable:  # what failed, and why, is the business of whoever runs the system
        fields = {"retryable": fields["retryable"]}
    return create_model(f"{cls.__name__}Attributes", __config__=ConfigDict(extra="ignore"), **fields)


@cache
def problem_model(code: str) -> type[BaseModel]:
    """The schema of one problem, for the OpenAPI document."""
    fields: dict[str, Any] = {"code": (Literal[code], ...)}
    cls = refusals().get(code)
    about = (cls.__doc__ or "").strip() if cls else WIRE_CODES.get(code, UNNAMED)[1]
    if cls is not None and attributes_of(code).model_fields:
        fields["attributes"] = (attributes_of(code), ...)
    return create_model(f"{code}Problem", __base__=Problem, __doc__=about, **fields)


def as_problem(code: str, attributes: Mapping[str, Any] | None = None, detail: str = "") -> Problem:
    """The problem with its status and its title."""
    cls = refusals().get(code)
    if cls is not None:
        status, title = status_of(code), (cls.__doc__ or code).strip().split("\n")[0]
    else:
        status, title = WIRE_CODES.get(code, UNNAMED)
    return Problem(
        type=f"urn:nczf:problem:{code}",
        title=title,
        status=status,
        code=code,
        detail=detail,
        attributes=dict(attributes or {}),
    )


def told(error: BackendError) -> Problem:
    """The problem that tells of this refusal, by the nearest class that both sides know."""
    code = next((cls.__name__ for cls in type(error).__mro__ if cls.__name__ in refusals()), "")
    if not code:
        return as_problem("InternalError")
    names = attributes_of(code).model_fields
    return as_problem(code, {name: getattr(error, name) for name in names if hasattr(error, name)})


def rebuilt(problem: Problem) -> BackendError | None:
    """The refusal that a problem tells of; None when this side does not know it, or it does not fit."""
    cls = refusals().get(problem.code)
    if cls is None or cls is BackendUnavailable:
        return None
    model = attributes_of(problem.code)
    try:
        found = model.model_validate_json(to_json(problem.attributes), strict=True)
    except ValidationError:
        return None
    return cls(**{name: getattr(found, name) for name in model.model_fields})
