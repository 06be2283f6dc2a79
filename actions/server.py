"""Composition root of the action server: settings -> systems -> actions -> one Sanic process.

Run with `python -m actions.server`. Listens on loopback unless NCZF_ACTIONS_HOST says otherwise.
"""

from __future__ import annotations

import argparse
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from rasa_sdk import Action
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic

from actions.answer_guide import AnswerGuide
from actions.backends.audit_anchor import NAME as AUDIT_HEADS
from actions.backends.audit_anchor import Anchor
from actions.backends.case_feed import LocalCaseFeed
from actions.backends.clock import Clock, now
from actions.backends.halls import DATA as HALLS
from actions.backends.halls import load as load_halls
from actions.backends.http import Limits, over_http
from actions.backends.local_bookings import LocalBookings
from actions.backends.local_cases import LocalCases
from actions.backends.local_ratings import LocalRatings
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.notices import LocalNotices
from actions.backends.ports import BookingSystem, CaseSystem, NoticeBoard, RatingSystem, WorkOrderSystem
from actions.backends.seed import seed_demo_cases
from actions.backends.store import Store
from actions.booking import Book, ListBookings
from actions.booking_ask import AskBooking
from actions.booking_form import ValidateBooking
from actions.booking_waits import Waitlist
from actions.cancel_booking import AskCancel, CancelBooking, ValidateCancel
from actions.case_routes import add_case_routes
from actions.case_status import AskCase, CaseLookup, ValidateCase
from actions.change_booking import AskChange, BeginChange, ValidateChange
from actions.departments import Proposer
from actions.direct_routes import add_direct_routes
from actions.duties import Duties
from actions.guarded import guarded
from actions.handoff import HandOff
from actions.identity import Identities, identities_of
from actions.items import GuideItemFinder
from actions.knowledge_routes import add_knowledge_routes
from actions.leave_message import AskMessage, FileMessage, ValidateMessage
from actions.notice_routes import DATA as NOTICES
from actions.notice_routes import add_notice_routes
from actions.phrases import Phrases
from actions.rate import Rate
from actions.rate_reason import AskReason, KeepReason, ValidateReason
from actions.say import Danger, LeaveForm, Repeat, Restart, Say, StepBack
from actions.services import open_services
from actions.settings import ActionSettings
from actions.voucher_routes import add_voucher_routes
from actions.work_orders import AskOrder, HandleOrder, ValidateOrder
from knowledge.answer_source import AnswerSource
from knowledge.live import LiveAnswerer
from knowledge.receipts import ReceiptBook
from knowledge.settings import KnowledgeSettings


@dataclass(frozen=True)
class Systems:
    """The systems behind the actions; see `actions.backends.ports`."""

    cases: CaseSystem
    bookings: BookingSystem
    work_orders: WorkOrderSystem
    ratings: RatingSystem
    notices: NoticeBoard


@cache
def _proposer() -> Proposer:
    """One for the process: its model is built at the first proposal (under 2 s)."""
    return Proposer()


def local_systems(store: Store, halls: Path = HALLS) -> Systems:
    """The embedded systems on one database."""
    return Systems(
        LocalCases(store),
        LocalBookings(store, load_halls(halls)),
        LocalWorkOrders(store, propose=_proposer().propose),
        LocalRatings(store),
        LocalNotices(store),
    )


def systems_of(settings: ActionSettings, store: Store) -> Systems:
    """For each port the city's own system where its URL is set (NCZF_<PORT>_URL), else the embedded one."""
    far = {
        name: over_http(
            protocol,
            url,
            settings.backend_token,
            Limits(deadline_s=settings.backend_deadline_s),
            ca_file=settings.backend_ca_file,
            clear=settings.backend_clear,
        )
        for name, protocol in get_type_hints(Systems).items()
        if (url := getattr(settings, f"{name}_url", ""))
    }
    return replace(local_systems(store, settings.halls_file), **far)


def ticks_of(systems: Systems) -> dict[str, Callable[[], int]]:
    """What each system does by the clock; a city's own system behind HTTP may be asked as well."""
    each = {field.name: getattr(systems, field.name) for field in fields(systems)}
    return {name: system.tick for name, system in each.items() if hasattr(system, "tick")}


def build_actions(
    systems: Systems,
    source: AnswerSource,
    phrases: Phrases,
    clock: Clock = now,
    receipts: ReceiptBook | None = None,
    identities: Identities | None = None,
) -> list[Action]:
    """Every action that domain.yml names, wired. tests/contracts compares the two lists."""
    booking_slots = ("item", "hall", "day", "slot", "name", "phone", "confirm")
    answer = AnswerGuide(phrases, source, receipts)
    return [
        answer,
        ValidateCase(phrases, systems.cases, identities),
        *(AskCase(slot, phrases) for slot in ("case_no", "case_phone")),
        CaseLookup(phrases, systems.cases, identities),
        ValidateBooking(phrases, systems.bookings, GuideItemFinder(source), clock),
        *(AskBooking(f"booking_{s}", phrases, systems.bookings, clock) for s in booking_slots),
        Book(phrases, systems.bookings),
        ListBookings(phrases, systems.bookings, identities),
        Waitlist(phrases, systems.bookings),
        ValidateCancel(phrases, systems.bookings),
        *(AskCancel(f"cancel_{s}", phrases, systems.bookings) for s in ("no", "phone", "confirm")),
        CancelBooking(phrases, systems.bookings),
        ValidateChange(phrases, systems.bookings),
        *(AskChange(f"change_{s}", phrases, systems.bookings) for s in ("no", "phone")),
        BeginChange(phrases, systems.bookings),
        ValidateMessage(phrases),
        *(AskMessage(f"message_{s}", phrases, systems.work_orders) for s in ("text", "phone", "confirm")),
        FileMessage(phrases, systems.work_orders),
        ValidateOrder(phrases, systems.work_orders),
        *(AskOrder(f"order_{s}", phrases, systems.work_orders) for s in ("no", "phone", "confirm")),
        HandleOrder(phrases, systems.work_orders),
        Rate(phrases, systems.ratings, systems.work_orders),
        ValidateReason(phrases),
        AskReason(phrases),
        KeepReason(phrases, systems.ratings),
        HandOff(phrases, source),
        Say(phrases, answer),
        Danger(phrases),
        Repeat(phrases),
        StepBack(phrases, source),
        LeaveForm(phrases),
        Restart(phrases),
    ]


def build_app(
    systems: Systems,
    source: AnswerSource,
    phrases: Phrases,
    clock: Clock = now,
    receipts: ReceiptBook | None = None,
    identities: Identities | None = None,
) -> Sanic[Any, Any]:
    """The SDK's app with our actions registered, plus the knowledge routes for the gateway."""
    executor = ActionExecutor()
    built = build_actions(systems, source, phrases, clock, receipts, identities)
    for action in built:
        executor.register_function(action.name(), guarded(action, phrases))
    app: Sanic[Any, Any] = create_app(executor, cors_origins="")
    add_knowledge_routes(app, source)
    for answers in (action for action in built if isinstance(action, AnswerGuide)):
        add_direct_routes(app, answers)
    add_voucher_routes(app, systems.bookings)
    add_notice_routes(app, systems.notices, Phrases.load(NOTICES))
    return app


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m actions.server", description=__doc__)
    parser.parse_args()
    settings = ActionSettings()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    logging.getLogger("rasa_sdk.executor").setLevel(logging.WARNING)
    # Rasa 3.6 calls a newer SDK on purpose (docs/adr/0001); the contract tests replace this warning.
    warnings.filterwarnings("ignore", message=".*version.*")
    knowledge = KnowledgeSettings()
    source = LiveAnswerer.load(knowledge)
    source.current.answer("身份证丢了怎么补")  # the first call loads lazily built parts
    source.watch(knowledge.index_poll_seconds)
    receipts = ReceiptBook(knowledge.answers_database)
    store = open_services(settings)
    seed_demo_cases(store)
    systems = systems_of(settings, store)
    identities = identities_of(settings.gateway_url, settings.identity_secret)
    app = build_app(systems, source, Phrases.load(), receipts=receipts, identities=identities)
    add_case_routes(app, LocalCaseFeed(store, settings.case_feed_secret))
    anchor = Anchor(settings.data_dir / AUDIT_HEADS)
    ticks = {**ticks_of(systems), "audit": lambda: anchor.keep(store)}
    duties = Duties(ticks, settings.duty_seconds)
    duties.start()
    app.run(
        host=settings.actions_host,
        port=settings.actions_port,
        single_process=True,
        motd=False,
        access_log=False,
    )


if __name__ == "__main__":
    main()
