"""The contract, read off the ports: every public method of every Protocol is one `POST /v1/<port>/<method>`.

Nothing is listed here by hand but what a signature cannot say: which calls may be sent twice.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model
from typing_extensions import is_protocol

import actions.backends.ports as ports_package

VERSION = "v1"
KEY = "key"
"""The argument that makes a call idempotent."""

REPEATABLE = frozenset(
    """
    bookings.halls bookings.free_slots bookings.closed_because bookings.bookings bookings.waits
    bookings.voucher_by_token bookings.change bookings.cancel bookings.accept_offer
    bookings.leave_waitlist cases.mine notices.due notices.told
    order_desk.show order_desk.listing order_desk.history order_desk.duplicates order_desk.overdue
    order_desk.figures ratings.rating ratings.explain ratings.rectification ratings.rectification_steps
    ratings.rectifications ratings.figures work_orders.orders work_orders.similar work_orders.find
    work_orders.timeline work_orders.withdraw case_feed.deliver
    """.split()
)
"""Calls without a `key` that may be sent again when no answer came: queries, and what the ports say changes
nothing the second time. So is every `tick`. Any other call, and any new one, is sent once.

`status` of a case, and `find` and `voucher` of a booking, are queries, but not here: a wrong guess that is
sent twice would count twice.
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one port, as it travels."""

    port: str
    method: str
    function: Callable[..., Any]
    """The Protocol's own method: its signature and its docstring."""
    request: type[BaseModel]
    """The arguments. Unknown ones are refused: ignoring what one does not understand may do harm."""
    result: type[BaseModel]
    """`result` alone. Unknown members are ignored, so that answers may grow."""

    @property
    def path(self) -> str:
        """Below the base URL. Never holds anything of a call."""
        return f"/{VERSION}/{self.port}/{self.method}"

    @property
    def keyed(self) -> bool:
        """The call may carry an idempotency key."""
        return KEY in self.request.model_fields

    @property
    def harmless(self) -> bool:
        """The call may be sent again without a key, when nobody knows whether it arrived."""
        return self.method == "tick" or f"{self.port}.{self.method}" in REPEATABLE

    @property
    def says(self) -> str:
        """The method's docstring."""
        return inspect.getdoc(self.function) or ""

    def raises(self, name: str) -> bool:
        """True if the docstring of the method, its Protocol or its module names this error."""
        protocol = ports()[self.port]
        module = importlib.import_module(protocol.__module__)
        texts = (self.says, protocol.__doc__ or "", module.__doc__ or "")
        return any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)


def _modules() -> list[ModuleType]:
    names = sorted(found.name for found in pkgutil.iter_modules(ports_package.__path__))
    return [importlib.import_module(f"{ports_package.__name__}.{name}") for name in names]


def _protocols(module: ModuleType) -> list[type]:
    own = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
    return [cls for cls in own if is_protocol(cls)]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def ports() -> Mapping[str, type]:
    """Port name -> Protocol. A module's only Protocol, or its `…System`, is called as the module.

    Others are called as their class, so that a further Protocol in a module renames nothing.
    """
    found: dict[str, type] = {}
    for module in _modules():
        here = _protocols(module)
        systems = here if len(here) == 1 else [cls for cls in here if cls.__name__.endswith("System")]
        for protocol in here:
            short = module.__name__.rsplit(".", 1)[1]
            found[short if systems == [protocol] else _snake(protocol.__name__)] = protocol
    return found


def name_of(protocol: type) -> str:
    """The port's name. Raises LookupError."""
    for name, known in ports().items():
        if known is protocol:
            return name
    raise LookupError(f"{protocol.__name__} is no port: expected one of {', '.join(ports())}")


@cache
def operations(port: str) -> Mapping[str, Operation]:
    """Method name -> operation, in the order of the Protocol. Raises TypeError for what cannot travel."""
    methods = {
        name: value
        for name, value in vars(ports()[port]).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }
    return {name: _operation(port, name, function) for name, function in methods.items()}


def every_operation() -> list[Operation]:
    """All operations of all ports."""
    return [operation for port in ports() for operation in operations(port).values()]


def _operation(port: str, method: str, function: Callable[..., Any]) -> Operation:
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or name not in hints:
            raise TypeError(f"{port}.{method}({name}): expected a named argument with a type")
        fields[name] = (hints[name], ... if parameter.default is parameter.empty else parameter.default)
    title = "".join(part.title() for part in f"{port}_{method}".split("_"))
    request = create_model(
        f"{title}Request",
        __config__=ConfigDict(extra="forbid", protected_namespaces=(), val_json_bytes="base64"),
        **fields,
    )
    result = create_model(
        f"{title}Result",
        __config__=ConfigDict(extra="ignore", val_json_bytes="base64"),
        result=(hints.get("return"), ...),
    )
    return Operation(port, method, function, request, result)
