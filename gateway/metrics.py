"""Figures for Prometheus: counted by outcome, never by person. Nothing in a label is anybody's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WAITS = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


class Metrics:
    """One registry per app; cheap enough for every message."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter("nczf_events", "Stored events.", ["kind"], registry=registry)
        self.outcomes = Counter("nczf_outcomes", "Bot messages by outcome.", ["outcome"], registry=registry)
        self.turns = Histogram(
            "nczf_turn_seconds", "A bot turn, from its start.", ["by"], buckets=SECONDS, registry=registry
        )
        self.stored = Histogram(
            "nczf_store_seconds", "Storing one event.", buckets=SECONDS, registry=registry
        )
        self.handoffs = Counter("nczf_handoffs", "Hand-offs by step.", ["step"], registry=registry)
        self.waits = Histogram(
            "nczf_handoff_wait_seconds", "From request to acceptance.", buckets=WAITS, registry=registry
        )
        self.refused = Counter("nczf_refused_frames", "Frames refused.", ["code"], registry=registry)
        self.sockets = Gauge("nczf_sockets", "Open sockets.", ["who"], registry=registry)
        self.turns_waiting = Gauge("nczf_turns_waiting", "Bot turns that wait.", registry=registry)

    def event(self, payload: Mapping[str, Any]) -> None:
        """Count one stored event, and each message in it by its outcome."""
        kind = str(payload["kind"])
        self.events.labels(kind).inc()
        if kind == "bot_said":
            for message in payload["messages"]:
                self.outcomes.labels(outcome(message)).inc()
        elif kind.startswith("handoff_"):
            self.handoffs.labels(str(payload.get("outcome") or kind.removeprefix("handoff_"))).inc()

    def page(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)


def outcome(message: Mapping[str, Any]) -> str:
    """The named outcome of a bot message: its status where it has one, else its kind.

    A status that is a state in words (of a work order) is none: labels are ours, and few.
    """
    status = str(message.get("status") or "")
    return status if status and status.isascii() and len(status) <= 40 else str(message["kind"])
