"""The gateway's migrations: up and down on both databases with data, and equal to the tables of the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from gateway.database import open_database
from gateway.migrations import migrate, revision
from gateway.schema_sql import metadata
from tests import postgres

OLD = [
    "INSERT INTO conversations (id, secret_hash, channel, mode, last_seq, created_at) "
    "VALUES ('unanswered', 'h1', 'portal', 'bot', 2, 1.5)",
    "INSERT INTO conversations (id, secret_hash, channel, mode, last_seq, created_at) "
    "VALUES ('answered', 'h2', 'portal', 'bot', 1, 1.5)",
    "INSERT INTO conversations (id, secret_hash, channel, mode, last_seq, created_at, "
    "waiting_since, handoff_id) VALUES ('waiting', 'h3', 'app', 'waiting', 1, 1.5, 7.25, 1)",
    "INSERT INTO events VALUES ('unanswered', 1, '2026-11-24T10:00:00', 'bot_said', NULL, '{}')",
    "INSERT INTO events VALUES ('unanswered', 2, '2026-11-24T10:00:01', 'citizen_said', 'c-1', '{}')",
    "INSERT INTO events VALUES ('answered', 1, '2026-11-24T10:00:00', 'bot_said', NULL, '{}')",
    "INSERT INTO events VALUES ('waiting', 1, '2026-11-24T10:00:00', 'citizen_said', 'c-1', '{}')",
    "INSERT INTO handoffs (conversation_id, requested_at) VALUES ('waiting', 7.25)",
    "INSERT INTO staff VALUES ('desk01', '06号', 'officer', 'hash', 0, 0)",
    "INSERT INTO switch_changes (name, value, by, reason, at) VALUES ('bot', 'off', 'me', 'test', '2026')",
]
OLD_TABLES = ("conversations", "events", "handoffs", "staff", "switch_changes")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: Any, tmp_path: Path) -> Iterator[Engine]:
    """An empty database, without any table."""
    url = postgres.fresh() if request.param == "postgres" else f"sqlite:///{tmp_path / 'gateway.db'}"
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg") if "postgres" in url else url)
    yield engine
    engine.dispose()
    if request.param == "postgres":
        postgres.drop(url)


def contents(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as db:
        return {
            table: sorted(map(str, db.execute(text(f"SELECT * FROM {table}")).all())) for table in OLD_TABLES
        }


def fill(engine: Engine) -> None:
    with engine.begin() as db:
        for row in OLD:
            db.execute(text(row))


def test_a_database_with_data_goes_up_and_comes_down_as_it_was(engine: Engine) -> None:
    assert migrate(engine, "0001") == "0001"
    fill(engine)
    before = contents(engine)
    head = migrate(engine)
    assert head == revision(engine) >= "0001b"
    assert migrate(engine, "0001") == "0001"
    assert contents(engine) == before
    assert migrate(engine, "base") == "base"
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def test_the_migrated_tables_are_those_of_the_code(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_database_of_before_migrations_is_taken_over(engine: Engine) -> None:
    migrate(engine, "0001")
    fill(engine)
    with engine.begin() as db:
        db.execute(text("DROP TABLE alembic_version"))
        db.execute(text("DROP TABLE switch_changes"))  # the newest of those tables: an older program lacks it
    assert migrate(engine) == revision(engine) >= "0001b"
    with engine.connect() as db:
        rows = db.execute(
            text("SELECT id, turn_seq, turn_owner, queued_at FROM conversations ORDER BY id")
        ).all()
        assert list(map(tuple, rows)) == [
            ("answered", None, None, None),
            ("unanswered", 2, "", None),  # nobody's: owned up to at once
            ("waiting", None, None, 7.25),
        ]
        assert db.execute(text("SELECT count(*) FROM switch_changes")).scalar_one() == 0


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    assert migrate(engine) == migrate(engine)


def test_an_unknown_revision_and_an_unknown_database_are_named(engine: Engine) -> None:
    with pytest.raises(ValueError, match="0099.*expected one of 0001"):
        migrate(engine, "0099")
    with pytest.raises(ValueError, match="database 'mysql': expected sqlite"):
        open_database("mysql://user@host/name")
