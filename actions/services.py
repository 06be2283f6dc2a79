"""The services database as the settings name it. Light: administrators' commands start with this alone."""

from __future__ import annotations

from actions.backends.clock import Clock, now
from actions.backends.database import open_database
from actions.backends.key_check import refuse_strange_keys, sealed_sample
from actions.backends.store import Store, open_store
from actions.backends.vault import keys_of, read_keys
from actions.settings import ActionSettings


def open_services(settings: ActionSettings, clock: Clock = now) -> Store:
    """The services database of the settings, with its tables up to date and its keys at hand.

    A key file that is missing is made, but only for a database without sealed data. Raises ValueError for
    keys that do not fit the data.
    """
    if settings.services_database and settings.services_database == settings.gateway_database:
        raise ValueError(
            "NCZF_SERVICES_DATABASE and NCZF_GATEWAY_DATABASE name one database; expected two, "
            "because each keeps its own record of migrations: make a second one on the same server"
        )
    engine = open_database(settings.services_url)
    try:
        sample = sealed_sample(engine)
    finally:
        engine.dispose()
    path = settings.data_keys_file
    if settings.data_keys:
        keys, where = read_keys(settings.data_keys), "NCZF_DATA_KEYS"
    else:
        keys, where = keys_of(path) if path.exists() or not sample else (), str(path)
    refuse_strange_keys(sample, keys, where)
    return open_store(settings.services_url, keys, clock)
