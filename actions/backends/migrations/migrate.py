"""Bring the database to a revision, in one transaction: either all steps are done or none."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from actions.backends.database import WAIT_S, hold, unhurried
from actions.backends.vault import Vault

FOLDER = Path(__file__).parent
BASE, HEAD = "base", "head"


def migrate(engine: Engine, vault: Vault, to: str = HEAD) -> str:
    """Run the steps up or down to `to`; return the revision reached. Several processes may start at once:
    the others wait for the first, and then find nothing to do.

    Steps that seal or open personal data find the vault in `op.get_context().config.attributes["vault"]`.
    Raises alembic's CommandError for a database that is newer than this program.
    """
    with engine.connect() as db:
        raw = db.connection.dbapi_connection
        assert raw is not None
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:  # tables are rebuilt while others refer to them; checked again below
            raw.execute("PRAGMA foreign_keys=OFF")
            (busy_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
            raw.execute(f"PRAGMA busy_timeout={WAIT_S * 1000}")
        try:
            with db.begin():
                unhurried(db)
                hold(db, "migrate")
                _steps(db, vault, to)
                if sqlite and (broken := db.execute(text("PRAGMA foreign_key_check")).all()):
                    raise RuntimeError(f"migration to {to} left rows without their parent: {broken[:5]}")
                reached = _current(db)
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")
                raw.execute(f"PRAGMA busy_timeout={busy_ms}")
    return reached or BASE


def revision(engine: Engine) -> str:
    """The revision that the database is at; "base" for an empty one."""
    with engine.connect() as db:
        return _current(db) or BASE


def _current(db: Connection) -> str | None:
    return MigrationContext.configure(db).get_current_revision()


def _steps(db: Connection, vault: Vault, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes.update(connection=db, vault=vault)
    here = _current(db)
    if here is None and inspect(db).has_table("work_order_marks"):
        command.stamp(config, "0001")  # of the time before migrations
        here = "0001"
    script = ScriptDirectory.from_config(config)
    if to == HEAD:
        command.upgrade(config, HEAD)
    elif to == BASE:
        command.downgrade(config, BASE)
    else:
        known = [step.revision for step in script.walk_revisions()]
        if to not in known:
            raise ValueError(f"revision {to!r}: expected one of {', '.join(sorted(known))}, {BASE} or {HEAD}")
        (command.upgrade if to >= (here or "") else command.downgrade)(config, to)
