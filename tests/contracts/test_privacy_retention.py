"""Personal data goes when its time is over: by class, in batches, and never the audit trail."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from sqlalchemy import func, select

from actions.backends import audit, retention
from actions.backends.case_import import import_cases
from actions.backends.case_rows import Titles
from actions.backends.personal import personal_tables
from actions.backends.ports import CaseNotFound
from actions.backends.retention import DATA, load, purge
from actions.backends.tables import bookings, cases, metadata, ratings, rectification_steps
from actions.server import local_systems
from tests import postgres
from tests.contracts.implementations import KNOWN, postgres_store, sqlite_store
from tests.contracts.privacy_life import ANNA, BORIS, life, put_right
from tests.contracts.test_case_import import line, number, sheet
from tests.fakes import HeldClock


@pytest.fixture
def clock():
    return HeldClock()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path, clock):
    url = None
    if request.param == "sqlite":
        made = sqlite_store(tmp_path, clock)
    else:
        made, url = postgres_store(clock)
    yield made
    made.engine.dispose()
    if url:
        postgres.drop(url)


def count(store, name):
    with store.begin() as db:
        return db.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one()


def sealed_values(store, table):
    (place,) = [p for p in personal_tables() if p.table is table]
    with store.begin() as db:
        rows = db.execute(select(table)).mappings()
        return [row[name] for row in rows for name in place.sealed if row[name]]


def by_id(done):
    return {p.id: p.rows for p in done}


def test_nothing_goes_before_its_time(store):
    life(local_systems(store), ANNA)
    assert set(by_id(purge(store, load())).values()) == {0}


def test_a_dry_run_counts_what_a_purge_then_does(store, clock):
    systems = local_systems(store)
    numbers = life(systems, ANNA)
    life(systems, BORIS, 1)
    put_right(systems, f"booking:{numbers['booking']}")
    systems.work_orders.withdraw(numbers["order"], owner=ANNA.owner, reason="不用了")
    with pytest.raises(CaseNotFound):
        systems.cases.status("NC000000000000000", phone_last4="0000", client="c-x")
    systems.notices.told([n.id for n in systems.notices.due()])
    clock.move(days=1000)
    planned = purge(store, load(), dry_run=True)
    assert sealed_values(store, bookings)
    done = purge(store, load(), actor="officer1")
    assert done == planned
    assert by_id(done)["bookings"] == 2 and by_id(done)["work_orders"] > 1
    assert by_id(done)["notices"] > 0 and by_id(done)["lookup_failures"] > 0
    assert set(by_id(purge(store, load())).values()) == {0}
    assert sealed_values(store, bookings) == [] and count(store, "bookings") == 2
    with store.begin() as db:
        left = {r.subject: (r.level, r.reasons) for r in db.execute(select(ratings))}
    # Put right: emptied. Not put right (Boris): its words are still needed.
    assert left[f"booking:{numbers['booking']}"] == (1, "")
    assert sum(bool(words) for _, words in left.values()) == 1
    assert sealed_values(store, rectification_steps) == []
    number, faults = audit.verify(store)
    assert faults == [] and number > 0


def test_many_rows_go_in_batches(store, clock):
    systems = local_systems(store)
    for n in range(7):
        systems.ratings.rate(
            subject=f"guide:{n}:c", level=5, reasons=[], comment=f"好{n}", channel="portal", owner="c"
        )
    clock.move(days=400)
    seen = []
    done = purge(store, load(), progress=lambda name, rows: seen.append((name, rows)), batch=3)
    assert by_id(done)["ratings"] == 7
    assert [rows for name, rows in seen if name == "ratings"] == [3, 6, 7]


def trail(store):
    log = metadata.tables["audit_log"]
    query = select(log.c.actor, log.c.subject, log.c.detail).where(log.c.action == "privacy.purge")
    with store.begin() as db:
        return [(r.actor, r.subject, json.loads(r.detail)) for r in db.execute(query.order_by(log.c.id))]


def test_what_went_is_in_the_trail_even_if_the_purge_broke_off(store, clock):
    systems = local_systems(store)
    for n in range(5):
        systems.ratings.rate(
            subject=f"guide:{n}:c", level=5, reasons=[], comment=f"好{n}", channel="portal", owner="c"
        )
    clock.move(days=400)

    def power_cut(name, rows):
        if name == "ratings" and rows == 4:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        purge(store, load(), actor="officer1", progress=power_cut, batch=2)
    told = [row for row in trail(store) if row[1] == "class:ratings"]
    assert len(sealed_values(store, ratings)) == 1 and [int(d["rows"]) for _, _, d in told] == [2, 2]
    assert by_id(purge(store, load(), actor="officer1", batch=2))["ratings"] == 1
    assert {actor for actor, _, _ in trail(store)} == {"officer1"}
    assert sum(int(d["rows"]) for _, s, d in trail(store) if s == "class:ratings") == 5


def test_every_table_with_personal_data_is_in_a_class():
    """Nothing that names people is kept for ever."""
    policy = load()
    covered = {table for c in policy.classes for table in (c.table, *c.also)}
    assert {place.table.name for place in personal_tables()} - covered == set()


def test_a_case_that_was_closed_long_ago_names_nobody_and_stays_so(store, clock, tmp_path):
    path = sheet(tmp_path, line(1, 状态="已办结"), line(2))
    import_cases(store, path, Titles.load())
    clock.move(days=731)
    assert by_id(purge(store, load()))["cases"] >= 1
    with store.begin() as db:
        closed = db.execute(select(cases).where(cases.c.case_no == number(1))).mappings().one()
        open_ = db.execute(select(cases).where(cases.c.case_no == number(2))).mappings().one()
    names = ("applicant", "identity", "identity_digest", "phone_last4", "row_digest")
    assert [closed[n] for n in names] == [""] * 5 and all(open_[n] for n in names)
    with pytest.raises(CaseNotFound):
        local_systems(store).cases.status(number(1), phone_last4="0123", client="c")
    report = import_cases(store, path, Titles.load())
    assert (report.changed, report.unchanged) == (0, 2), "a file does not bring back what was erased"


def test_notices_that_nobody_fetched_go_too(store, clock):
    life(local_systems(store), ANNA)
    clock.move(days=200)
    assert by_id(purge(store, load()))["notices"] > 0


def test_followers_go_by_tick_and_by_purge_after_the_same_days(store, clock):
    system = local_systems(store).cases
    for client in ("c-1", "c-2"):
        system.status(KNOWN.case_no, phone_last4=KNOWN.phone_last4, client=client)
    (kept,) = (c.days for c in load().classes if c.id == "case_followers")
    clock.move(days=kept - 1)
    assert (by_id(purge(store, load()))["case_followers"], count(store, "case_followers")) == (0, 2)
    system.tick()
    assert count(store, "case_followers") == 2
    clock.move(days=2)
    assert by_id(purge(store, load(), dry_run=True))["case_followers"] == 2
    system.tick()
    assert count(store, "case_followers") == 0


def faulty(tmp_path, change):
    raw = yaml.safe_load(DATA.read_text("utf-8"))
    change(raw)
    path = tmp_path / "retention.yml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw["classes"][0].update(table="nowhere"), "no table nowhere"),
        (lambda raw: raw["classes"][0].update(since=["gone"]), "no column bookings.gone"),
        (lambda raw: raw["classes"][0].update(since=["slot_id.gone"]), "no column slots.gone"),
        (lambda raw: raw["classes"][0].update(since=["owner.day"]), "bookings.owner is no foreign key"),
        (lambda raw: raw["classes"][0].update(when={"gone": [1]}), "no column bookings.gone"),
        (lambda raw: raw["classes"][0].update(days=0), "0 days"),
        (lambda raw: raw["classes"][0].update(do="burn"), "burn"),
        (lambda raw: raw["classes"][0].update({"with": ["cases"]}), "cases does not hang on bookings"),
        (lambda raw: raw["classes"][0].update(table="audit_log", since=["at"], clear=[]), "never purged"),
        (lambda raw: raw["erasure"][0].update(do="burn"), "burn"),
        (lambda raw: raw["erasure"][0].update({"from": "gone"}), "no column bookings.gone"),
        (lambda raw: raw["export_hides"].update(bookings=["gone"]), "no column bookings.gone"),
    ],
)
def test_a_policy_that_does_not_fit_the_tables_is_refused(tmp_path, change, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        load(faulty(tmp_path, change))


def test_every_table_with_personal_data_has_a_rule_of_erasure():
    assert {place.table.name for place in personal_tables()} <= set(load().erasure)


def test_every_days_of_ours_is_marked_as_not_verified():
    assert all(not c.verified and c.days > 0 for c in load().classes)
    assert retention.NEVER == ("audit_log",)
