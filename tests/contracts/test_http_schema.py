"""The reference server against its OpenAPI document: whatever is sent, no 500, and answers that conform."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from actions.backends.reference.app import build_app
from actions.backends.reference.openapi import document
from actions.server import local_systems
from tests.contracts.implementations import sqlite_store
from tests.contracts.served import TOKEN, every_part
from tests.fakes import HeldClock

EXAMPLES = 25
"""Per operation; there are some sixty, and two cores."""
CONFORMING = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.ignored_auth,
]
"""Not among them: that what fits the schema is accepted. A level of 9 fits, and is refused."""


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """The schema of a running app; one database for all."""
    store = sqlite_store(tmp_path_factory.mktemp("schema"), HeldClock())
    yield schemathesis.openapi.from_asgi("/openapi.json", build_app(every_part(local_systems(store)), TOKEN))
    store.engine.dispose()


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_whatever_is_sent_is_answered_by_the_document(api, path):
    operation = api[path]["POST"]
    if path not in {route.path for route in api.app.routes}:
        pytest.skip("no system of the action server stands behind this port")
    kinds = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=kinds)
    def answered(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CONFORMING)

    answered()
