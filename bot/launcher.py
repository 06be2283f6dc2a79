"""Start Rasa 3.6.21 without its measured wastes, on loopback, with sane deadlines.

Rasa re-checks its JSON schema against the meta-schema on every action reply, opens a new HTTP session (and
connection) for every action call, and sends the whole history and the whole domain along with each: together
more than half of the CPU of a chat turn (docs/benchmarks.md). `patch()` replaces these three methods and
nothing else. It refuses to start when the originals are not the ones it was written against. `--stock` starts
Rasa unpatched and with its own tracker store, for the benchmark.

    python -m bot.launcher --models .build/models --port 5005
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import logging
import os
from pathlib import Path
from typing import Any, Optional

RASA_VERSION = "3.6.21"
ACTION_TIMEOUT_S = 10
"""Deadline of one action call; Rasa's own 300 s would outlive its 60 s conversation lock."""

PATCHED = {
    # sha256 of the source of each method we replace, first 16 hex digits (see tests/bot/test_launcher.py)
    "RemoteAction._validate_action_result": "f8cdb4be68123961",
    "RemoteAction._action_call_format": "428795b944f22edb",
    "EndpointConfig.request": "ccdb778aed8208e2",
}


def prepare(cache: Path) -> None:
    """Set what must be set before Rasa (and TensorFlow) are imported; give jieba a folder of its own."""
    defaults = {
        "TF_INTER_OP_PARALLELISM_THREADS": "1",
        "TF_INTRA_OP_PARALLELISM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "NCZF_ACTIONS_PORT": "5055",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    _private_jieba_cache(cache / "jieba")


def _digest(function: Any) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]


def unexpected_internals() -> list[str]:
    """Return what differs from the Rasa that the patch was written against; empty when all is well."""
    import rasa
    from rasa.core.actions.action import RemoteAction
    from rasa.utils.endpoints import EndpointConfig

    faults = []
    if rasa.__version__ != RASA_VERSION:
        faults.append(f"rasa {rasa.__version__}, expected {RASA_VERSION}")
    found = {
        "RemoteAction._validate_action_result": _digest(RemoteAction._validate_action_result),
        "RemoteAction._action_call_format": _digest(RemoteAction._action_call_format),
        "EndpointConfig.request": _digest(EndpointConfig.request),
    }
    faults += [
        f"{name} has source {found[name]}, expected {PATCHED[name]}"
        for name in PATCHED
        if found[name] != PATCHED[name]
    ]
    return faults


def patch() -> None:
    """Cache the JSON schema validator, send less, share one HTTP session.

    Raises RuntimeError on any other Rasa than the one this was written against.
    """
    faults = unexpected_internals()
    if faults:
        raise RuntimeError(
            f"Rasa is not the one this launcher patches: {'; '.join(faults)}. "
            f"Install the pinned version (make setup) or revise bot/launcher.py."
        )
    _cache_validator()
    _send_what_is_read()
    _share_session()


def _cache_validator() -> None:
    import jsonschema
    from rasa.core.actions.action import RemoteAction

    schema = RemoteAction.action_response_format_spec()
    validator = jsonschema.validators.validator_for(schema)(schema)
    validator.check_schema(schema)

    def validate(self: RemoteAction, result: dict[str, Any]) -> bool:
        for error in validator.iter_errors(result):
            raise error
        return True

    RemoteAction._validate_action_result = validate


def _send_what_is_read() -> None:
    """Our actions read the slots, the latest message and the events since it; never the domain."""
    import itertools

    import rasa
    from rasa.core.actions.action import RemoteAction
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import BotUttered, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

    def call_format(self: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        back = list(itertools.takewhile(lambda e: not isinstance(e, UserUttered), reversed(tracker.events)))
        user = tracker.get_last_event_for(UserUttered)
        latest = ([user] if user is not None else []) + back[::-1]
        state = tracker.current_state(EventVerbosity.NONE)
        state["events"] = [event.as_dict() for event in latest if not isinstance(event, BotUttered)]
        return {
            "next_action": self._name,
            "sender_id": tracker.sender_id,
            "tracker": state,
            "domain": {"version": "3.1"},
            "version": rasa.__version__,
        }

    RemoteAction._action_call_format = call_format


def _share_session() -> None:
    import aiohttp
    from aiohttp.client_exceptions import ContentTypeError
    from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

    sessions: dict[int, aiohttp.ClientSession] = {}
    original = EndpointConfig.request

    def session() -> aiohttp.ClientSession:
        import asyncio

        loop = id(asyncio.get_running_loop())
        if loop not in sessions or sessions[loop].closed:
            sessions[loop] = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=ACTION_TIMEOUT_S),
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=60),
            )
        return sessions[loop]

    async def request(
        self: EndpointConfig,
        method: str = "post",
        subpath: Optional[str] = None,
        content_type: Optional[str] = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Optional[Any]:
        if self.basic_auth or self.cafile:  # not our deployment: leave it to Rasa
            return await original(self, method, subpath, content_type, compress, **kwargs)
        headers = {"Content-Type": content_type} if content_type else {}
        headers.update(kwargs.pop("headers", {}))
        headers.update(self.headers)
        params = self.combine_parameters(kwargs)
        async with session().request(
            method, concat_url(self.url, subpath), headers=headers, params=params, compress=compress, **kwargs
        ) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason, await response.content.read())
            try:
                return await response.json()
            except ContentTypeError:
                return None

    EndpointConfig.request = request


def quiet(level: str) -> None:
    """Set log levels. Rasa's debug logs print citizens' words, so it never goes below INFO."""
    from rasa.utils.log_utils import configure_structlog

    wanted = max(logging.getLevelName(level.upper()), logging.INFO)
    logging.basicConfig(level=wanted, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True)
    for noisy in ("rasa", "sanic.access", "apscheduler", "matplotlib", "asyncio"):
        logging.getLogger(noisy).setLevel(max(wanted, logging.WARNING))
    configure_structlog(logging.WARNING)


def _private_jieba_cache(folder: Path) -> None:
    """Jieba's cache file otherwise lies in the system's temporary folder, shared by all users."""
    import jieba

    folder.mkdir(parents=True, exist_ok=True)
    jieba.dt.tmp_dir = str(folder)


def newest_model(folder: Path) -> Path:
    """Return the newest model file. Raises FileNotFoundError with the remedy."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda p: p.stat().st_mtime)
    if not models:
        raise FileNotFoundError(f"no trained model in {folder}; run `make train`")
    return models[-1]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bot.launcher", description=__doc__)
    parser.add_argument("--models", type=Path, default=Path(".build/models"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--cache", type=Path, default=Path(".build/cache"))
    parser.add_argument("--log-level", default="INFO")
    parser.add_argument("--stock", action="store_true", help="unpatched Rasa, for the benchmark")
    args = parser.parse_args()

    model = newest_model(args.models)
    prepare(args.cache)

    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints

    if not args.stock:
        patch()
    quiet(args.log_level)
    here = Path(__file__).parent
    serve_application(
        model_path=str(model),
        interface=args.host,
        port=args.port,
        credentials=str(here / "credentials.yml"),
        endpoints=AvailableEndpoints.read_endpoints(
            str(here / ("stock_endpoints.yml" if args.stock else "endpoints.yml"))
        ),
        enable_api=False,
        cors="",
        response_timeout=30,
    )


if __name__ == "__main__":
    main()
