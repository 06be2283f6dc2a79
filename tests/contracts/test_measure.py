"""The measurement measures what it says, on both databases, at a small size."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from actions.backends.database import open_database
from actions.backends.tables import cases, order_steps, work_orders
from actions.measure import main, measure, postgres
from actions.measuring.crowd import case_no, grow, last4, order_no
from actions.measuring.figures import percentile
from actions.server import local_systems
from tests import postgres as server
from tests.contracts.implementations import sqlite_store


def test_every_figure_is_there_and_right(stand, tmp_path, clock):
    (tmp_path / "small").mkdir()
    small = sqlite_store(tmp_path / "small", clock)
    figures = measure(stand.store, small, rows=120, few=40, attempts=40, imported=50)
    found = {figure.what: figure for figure in figures}
    one_slot = "40 attempts, 16 threads, 10 places in one slot"
    assert found[f"{one_slot}: booked"].value == 10
    assert found[f"{one_slot}: p95"].value > 0
    assert found["import of 50 cases (CSV)"].value > 0
    for name in ("case by number", "work order by number and phone"):
        ratio = found[f"{name}: p50 among 120 / 40"].value
        assert ratio == pytest.approx(
            found[f"{name} among 120: p50"].value / found[f"{name} among 40: p50"].value
        )


def test_the_crowd_is_found_like_anything_else(stand):
    with stand.store.engine.connect() as db:
        before = db.execute(select(func.count()).select_from(cases)).scalar_one()
    grow(stand.store, 0, 30)
    grow(stand.store, 30, 50)
    systems = local_systems(stand.store)
    with stand.store.engine.connect() as db:
        assert db.execute(select(func.count()).select_from(cases)).scalar_one() == before + 50
        assert db.execute(select(func.count()).select_from(work_orders)).scalar_one() == 51
        assert db.execute(select(func.count()).select_from(order_steps)).scalar_one() == 51
    seen = systems.cases.status(case_no(stand.store, 49), phone_last4=last4(49), client="c")
    assert seen.case_no == case_no(stand.store, 49)
    order = systems.work_orders.find(order_no(stand.store, 31), owner="x", phone_last4=last4(31))
    assert order.state == "accepted" and order.order_no == order_no(stand.store, 31)


def test_percentiles():
    assert percentile([0.001 * n for n in range(1, 101)], 0.95) == pytest.approx(96)
    assert percentile([0.002], 0.5) == 2
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_a_database_with_tables_is_not_measured():
    url = server.fresh()
    with postgres([url, url]) as given:
        assert given == (url, url)
    engine = open_database(url)
    with engine.begin() as db:
        db.exec_driver_sql("CREATE TABLE precious (id int)")
    engine.dispose()
    with pytest.raises(ValueError, match="1 tables"), postgres([url, url]):
        pass
    server.drop(url)


def test_too_few_rows_are_a_usage_error(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--rows", "10"])
    assert left.value.code == 2
    assert "expected more than 10000" in capsys.readouterr().err
