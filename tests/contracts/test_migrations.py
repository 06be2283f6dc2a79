"""Migrations: up and down on both databases with data in them, and equal to the tables that the code uses."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from actions.backends.database import open_database
from actions.backends.migrations import migrate, revision
from actions.backends.tables import metadata, order_steps, work_orders
from actions.backends.vault import Vault
from tests import postgres
from tests.contracts.implementations import KEYS

STEPS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007"]
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


def test_orders_of_before_get_their_days_and_end_with_what_they_followed(engine):
    vault = Vault(KEYS)
    migrate(engine, vault, "0001")
    rows = [
        f"INSERT INTO work_orders VALUES ('GD{n}', 'k{n}', 'complaint', '路灯坏了', '王小明', '13800138000', "
        "'accepted', '2026-11-20T10:00:00+08:00', '2026-11-27', 'c-1')"
        for n in range(3)
    ]
    with engine.begin() as db:
        for row in rows:
            db.execute(text(row))
    migrate(engine, vault, "0006")
    sealed = vault.seal("work_orders.answer", "已经修好")
    before = [
        ("UPDATE work_orders SET answered_at = :at", {"at": "2026-11-24 10:00:00+08:00"}),
        ("UPDATE work_orders SET state = 'closed', answer = :a, department = '城管局' WHERE order_no = 'GD0'",
         {"a": sealed}),
        ("UPDATE work_orders SET state = 'merged', main = 'GD0' WHERE order_no = 'GD1'", {}),
        ("UPDATE work_orders SET closed_at = answered_at WHERE order_no = 'GD0'", {}),
        ("INSERT INTO order_attachments VALUES ('GD2', 'photo-0001', 'image/png', 5, 'a', :at)",
         {"at": "2026-11-24 10:00:00+08:00"}),
    ]  # fmt: skip
    with engine.begin() as db:
        for statement, values in before:
            db.execute(text(statement), values)
    migrate(engine, vault, "0007")
    with engine.connect() as db:
        orders = {row.order_no: row for row in db.execute(select(work_orders))}
        steps = db.execute(select(order_steps).where(order_steps.c.order_no == "GD1")).all()
    counted = {(str(o.answered_on), o.answer_workdays, o.reopens) for o in orders.values()}
    assert counted == {("2026-11-24", 2, 0)}
    follower = orders["GD1"]
    assert (follower.state, follower.department, follower.closed_at) == (
        "closed", "城管局", orders["GD0"].closed_at,
    )  # fmt: skip
    assert vault.open("work_orders.answer", follower.answer) == "已经修好"
    assert orders["GD2"].state == "accepted"
    assert [(s.step, s.from_state, s.to_state) for s in steps][-1] == ("closed_with", "merged", "closed")
    with engine.begin() as db:
        columns, at = "order_no, id, media_type, size, sha256, at, round", "2026-11-24 10:00:00+08:00"
        values = "'GD2', 'proof-0001', 'image/png', 5, 'a', :at, 1"
        proof = f"INSERT INTO order_attachments ({columns}) VALUES ({values})"
        db.execute(text(proof), {"at": at})
    migrate(engine, vault, "0006")
    with engine.connect() as db:
        assert list(db.execute(text("SELECT id FROM order_attachments")).scalars()) == ["photo-0001"]
    migrate(engine, vault, "0007")
