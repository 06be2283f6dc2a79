"""A citizen in a conversation of their own."""

from __future__ import annotations

import pytest

from tests.live.clients import Citizen


@pytest.fixture
def citizen(stack):
    """A fresh citizen on the running stack."""
    client = Citizen(stack.base)
    yield client
    client.close()
