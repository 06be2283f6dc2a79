"""Serve the embedded systems over HTTP, or print the contract.

`python -m actions.backends.reference` serves the services database of the settings (see docs/contract.md);
`python -m actions.backends.reference openapi` prints the OpenAPI document. The token is NCZF_BACKEND_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import logging

import uvicorn

from actions.backends.http.connection import is_own
from actions.backends.reference.app import build_app, parts_of
from actions.backends.reference.openapi import document
from actions.backends.seed import seed_demo_cases
from actions.server import local_systems
from actions.services import open_services
from actions.settings import ActionSettings


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m actions.backends.reference", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("serve", "openapi"), default="serve", help="%(default)s")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=5070, help="port to listen on (%(default)s)")
    parser.add_argument("--demo", action="store_true", help="put the demonstration cases into the database")
    parser.add_argument("--certificate", help="PEM file of the server's certificate, for https")
    parser.add_argument("--private-key", help="PEM file of the certificate's key")
    chosen = parser.parse_args()
    if chosen.what == "openapi":
        print(json.dumps(document(), ensure_ascii=False, indent=2))
        return
    settings = ActionSettings()
    if not chosen.certificate and not settings.backend_clear and not is_own(chosen.host):
        parser.error(
            f"--host {chosen.host} without --certificate: personal data would travel in the clear; "
            "give a certificate, or set NCZF_BACKEND_CLEAR=true for a network of your own"
        )
    serve(chosen, settings)


def serve(chosen: argparse.Namespace, settings: ActionSettings) -> None:
    """Run until stopped."""
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    store = open_services(settings)
    if chosen.demo:
        seed_demo_cases(store)
    uvicorn.run(
        build_app(parts_of(local_systems(store)), settings.backend_token),
        host=chosen.host,
        port=chosen.port,
        access_log=False,
        log_config=None,
        server_header=False,
        ssl_certfile=chosen.certificate,
        ssl_keyfile=chosen.private_key,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
