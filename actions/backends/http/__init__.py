"""The ports over HTTP: one contract, derived from the Protocols, and its client. See docs/contract.md."""

from actions.backends.http.client import disconnect, over_http
from actions.backends.http.connection import Limits

__all__ = ["Limits", "disconnect", "over_http"]
