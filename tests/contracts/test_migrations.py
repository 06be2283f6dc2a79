"""Migrations: up and down on both databases with data in them, and equal to the tables that the code uses."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from actions.backends.database import open_database
from actions.backends.migrations import migrate, revision
from actions.backends.tables import metadata
from actions.backends.vault import Vault
from tests import postgres
from tests.contracts.implementations import KEYS

STEPS = ["0001", "0002", "0003", "0004", "0005", "0006"]
OLD = [
    "INSERT INTO cases VALUES ('NC202611030000175', '2468', '居住证申领', '王小明', '公安', '审查中', "
    "'2026-11-03', '2026-11-24', '等待', '', '[]', {true})",
    "INSERT INTO lookup_failures (subject, at) VALUES ('client:c-1', '2026-11-24T10:00:00+08:00')",
    "INSERT INTO slots VALUES "
    "('h-20261128-0900', 'honggutan', '2026-11-28', '09:00', '09:30', 'weekend', 4, 1)",
    "INSERT INTO bookings VALUES ('YY26112812345', 'k', 'h-20261128-0900', 'i', '居住证申领', '王小明', "
    "'13800138000', 'booked', 'c-1', '2026-11-24T10:00:00+08:00')",
    "INSERT INTO work_orders VALUES ('GD20261124123455', 'k', 'complaint', '路灯坏了', '王小明', "
    "'13800138000', 'accepted', '2026-11-24T10:00:00+08:00', '2026-12-01', 'c-1')",
    "INSERT INTO work_order_marks VALUES ('m', 'GD20261124123455', 'urged', '', '2026-11-24T11:00:00+08:00')",
    "INSERT INTO ratings VALUES ('booking:YY26112812345', 2, '[\"等得太久\"]', '', 'portal', 'c-1', "
    "'2026-11-24T10:00:00+08:00', '2026-11-25T10:00:00+08:00')",
]
OLD_TABLES = ("cases", "lookup_failures", "slots", "bookings", "work_orders", "work_order_marks", "ratings")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request, tmp_path):
    url = postgres.fresh() if request.param == "postgres" else tmp_path / "services.db"
    engine = open_database(url)
    yield engine
    engine.dispose()
    if request.param == "postgres":
        postgres.drop(url)


def contents(engine):
    with engine.connect() as db:
        return {
            table: sorted(map(str, db.execute(text(f"SELECT * FROM {table}")).all())) for table in OLD_TABLES
        }


def fill(engine):
    with engine.begin() as db:
        for row in OLD:
            db.execute(text(row.format(true="true" if engine.dialect.name == "postgresql" else "1")))


def test_an_old_database_goes_up_step_by_step_and_comes_down_as_it_was(engine):
    vault = Vault(KEYS)
    migrate(engine, vault, "0001")
    fill(engine)
    before = contents(engine)
    for step in STEPS:
        assert migrate(engine, vault, step) == step == revision(engine)
    for step in reversed(STEPS):
        assert migrate(engine, vault, step) == step
    assert contents(engine) == before
    assert migrate(engine, vault, "base") == "base"
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def test_the_migrated_tables_are_those_of_the_code(engine):
    migrate(engine, Vault(KEYS))
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_database_of_before_migrations_is_taken_over(engine):
    migrate(engine, Vault(KEYS), "0001")
    fill(engine)
    with engine.begin() as db:
        db.execute(text("DROP TABLE alembic_version"))
    assert migrate(engine, Vault(KEYS)) == STEPS[-1]
    with engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM bookings")).scalar_one() == 1


def test_migrating_twice_changes_nothing(engine):
    first = migrate(engine, Vault(KEYS))
    assert migrate(engine, Vault(KEYS)) == first == STEPS[-1]


def test_an_unknown_revision_is_named(engine):
    with pytest.raises(ValueError, match="0099.*expected one of 0001"):
        migrate(engine, Vault(KEYS), "0099")
