"""The OpenAPI 3.1 document of the contract, made from the ports; printed in docs/openapi/services.json."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from actions.backends.http import problems
from actions.backends.http.contract import Operation, every_operation, operations, ports

REF = "#/components/schemas/{model}"
ALWAYS = ("Unauthorized", "UnsupportedMediaType", "InvalidRequest", "InternalError", "BackendUnavailable")
"""Problems that any operation may answer with."""
RARELY = ("RequestTimeout", "RequestTooLarge")
ABOUT = """\
What 南昌智服 calls when the city's own systems stand behind it. One operation for each method of each port;
the arguments are a JSON object, the answer is {"result": ...}. Personal data travels in bodies only.
Moments are ISO 8601 with an offset; times of day are local, without one. See docs/contract.md.
"""


def _named(operation: Operation) -> list[str]:
    """Codes of the refusals that the docstrings name; a value that cannot be, for the whole port at once."""
    named = [code for code in (*problems.refusals(), "ValueError") if operation.raises(code)]
    beside = [
        code
        for code in problems.refusals()
        if code not in named
        and _status(code) == _status("InvalidRequest")
        and any(other.raises(code) for other in operations(operation.port).values())
    ]
    return named + beside


def _status(code: str) -> int:
    return problems.as_problem(code).status


@cache
def _schemas() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Model name -> reference, and the definitions."""
    models = [model for operation in every_operation() for model in (operation.request, operation.result)]
    codes = {*ALWAYS, *RARELY, *(code for operation in every_operation() for code in _named(operation))}
    models += [problems.problem_model(code) for code in sorted(codes)]
    keyed: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (model.__name__, "validation", TypeAdapter(model)) for model in models
    ]
    found, shared = TypeAdapter.json_schemas(keyed, ref_template=REF)
    return {name: schema for (name, _), schema in found.items()}, shared["$defs"]


def _answer(codes: list[str]) -> dict[str, Any]:
    references, _ = _schemas()
    schemas = [references[f"{code}Problem"] for code in codes]
    answer: dict[str, Any] = {
        "description": " ".join(problems.as_problem(code).title for code in codes),
        "content": {problems.MEDIA: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}},
    }
    if _status(codes[0]) in (429, 503):
        whole = {"type": "integer", "minimum": 0}
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": whole}}
    return answer


def _shared() -> dict[str, Any]:
    return {code: _answer([code]) for code in (*ALWAYS, *RARELY)}


def _answers(operation: Operation) -> dict[str, Any]:
    references, _ = _schemas()
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys((*ALWAYS, *RARELY, *_named(operation))):
        by_status.setdefault(_status(code), []).append(code)
    answers: dict[str, Any] = {
        "200": {
            "description": "The result.",
            "content": {"application/json": {"schema": references[operation.result.__name__]}},
        }
    }
    for status, codes in sorted(by_status.items()):
        common = len(codes) == 1 and codes[0] in (*ALWAYS, *RARELY)
        answers[str(status)] = {"$ref": f"#/components/responses/{codes[0]}"} if common else _answer(codes)
    return answers


def _one(operation: Operation) -> dict[str, Any]:
    references, _ = _schemas()
    says = re.sub(r"\s+", " ", operation.says).strip()
    described: dict[str, Any] = {
        "tags": [operation.port],
        "operationId": f"{operation.port}_{operation.method}",
        "summary": operation.says.split("\n")[0],
        "description": says,
        "x-repeatable": operation.harmless or operation.keyed,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": references[operation.request.__name__]}},
        },
        "responses": _answers(operation),
    }
    if operation.keyed:
        described["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The argument `key` again, percent-encoded, for what stands in between. "
                "If it is there, it must be the same.",
                "schema": {"type": "string"},
            }
        ]
    return {"post": described}


@cache
def document() -> dict[str, Any]:
    """The document. Equal ports give an equal document."""
    _, definitions = _schemas()
    tags = [{"name": name, "description": (cls.__doc__ or "").strip()} for name, cls in ports().items()]
    return {
        "openapi": "3.1.0",
        "info": {"title": "南昌智服 services", "version": "1", "description": ABOUT},
        "tags": tags,
        "security": [{"bearer": []}],
        "paths": {operation.path: _one(operation) for operation in every_operation()},
        "components": {
            "responses": _shared(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": definitions,
        },
    }
