"""Losing everything and getting it back: both kinds of database, while somebody writes."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from actions.admin.frame import main
from actions.backends import audit
from actions.backends.audit_anchor import Anchor
from actions.backends.database import open_database
from actions.backends.store import Store
from actions.backends.tables import metadata
from actions.backends.vault import new_key, read_keys
from actions.backup import postgres as postgres_tools
from actions.backup.archive import GUARD, MANIFEST, read_head
from actions.server import local_systems
from actions.services import open_services
from actions.settings import ActionSettings
from knowledge.receipts import ReceiptBook
from tests import postgres
from tests.fakes import HeldClock

SECRET = new_key("k1", "aes")
PHONE = "19900001357"


@dataclass
class Site:
    """One installation: data folder, settings, clock."""

    folder: Path
    settings: ActionSettings
    clock: HeldClock

    def store(self) -> Store:
        return open_services(self.settings, self.clock)

    def admin(self, *words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        status = main(words, settings=self.settings, clock=self.clock, out=out, err=err)
        return status, out.getvalue(), err.getvalue()

    def backup(self) -> Path:
        status, out, err = self.admin("--json", "backup", "--to", str(self.folder.parent / "kept"))
        assert status == 0, err
        assert "没有数据密钥" in err
        return Path(json.loads(out)["file"])

    def restore(self, archive: Path, *words: str) -> tuple[int, str, str]:
        return self.admin("--json", "restore", "--from", str(archive), *words)


@pytest.fixture(params=["sqlite", "postgres"])
def site(request, tmp_path) -> Iterator[Site]:
    """A site with a gateway's and an answers' database beside the services."""
    url = "" if request.param == "sqlite" else postgres.fresh()
    yield made(tmp_path / "data", url)
    if url:
        postgres.drop(url)


@pytest.fixture
def small(tmp_path) -> Site:
    """On SQLite, for what does not depend on the database."""
    return made(tmp_path / "data", "")


def made(folder: Path, url: str) -> Site:
    folder.mkdir(exist_ok=True)
    (folder / "services.keys").write_text(SECRET + "\n")
    with closing(sqlite3.connect(folder / "gateway.db")) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute('CREATE TABLE "order" (id INTEGER PRIMARY KEY, words TEXT)')
        db.executemany('INSERT INTO "order" (words) VALUES (?)', [("你好",), ("再见",)])
        db.commit()
    ReceiptBook(folder / "answers.db").issue({"guide_id": "residence-permit", "text": "不收费"})
    settings = ActionSettings(
        _env_file=None, data_dir=folder, services_database=url, data_keys="", data_keys_path=""
    )
    site = Site(folder, settings, HeldClock())
    site.store().engine.dispose()
    return site


def book(store: Store, number: int, phone: str = PHONE) -> str | None:
    """A booking in the first slot with a place from tomorrow on."""
    bookings = local_systems(store).bookings
    hall = bookings.halls()[number % 5]
    for ahead in range(1, 12):
        for slot in bookings.free_slots(hall.id, store.clock().date() + timedelta(days=ahead)):
            if slot.free:
                return bookings.book(
                    slot.id,
                    item_id="residence-permit",
                    item="居住证申领",
                    name="演示张三",
                    phone=phone,
                    owner=f"c{number}",
                    key=f"k{number}",
                ).booking_no
    return None


def counts(store: Store) -> dict[str, int]:
    with store.engine.connect() as db:
        return {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def wait_for(store: Store, bookings: int, writer: threading.Thread) -> None:
    """Until there are so many bookings, or the writer is gone."""
    while writer.is_alive() and counts(store)["bookings"] < bookings:
        time.sleep(0.02)


def lose(site: Site) -> None:
    """Everything but the keys, which are kept elsewhere."""
    for path in site.folder.iterdir():
        if path.name != "services.keys":
            path.unlink()
    if url := site.settings.services_database:
        site.settings.services_database = postgres.fresh()
        postgres.drop(url)


def test_what_was_lost_comes_back(site):
    store = site.store()
    first = book(store, 0)
    before = local_systems(store).bookings.find(first, owner="c0")
    archive = site.backup()
    expected = counts(store)
    store.engine.dispose()
    lose(site)
    status, out, err = site.restore(archive)
    assert status == 0, err
    store = site.store()
    assert counts(store) == expected, "`backup.make` came after the snapshot; `backup.restore` took its place"
    rows, faults = audit.verify(store)
    assert faults == [] and rows == json.loads(out)["audit_rows"]
    assert local_systems(store).bookings.find(first, owner="c0") == before
    assert local_systems(store).bookings.find(first, owner="other", phone_last4=PHONE[-4:]) == before
    with closing(sqlite3.connect(site.folder / "gateway.db")) as db:
        assert db.execute('SELECT words FROM "order" ORDER BY id').fetchall() == [("你好",), ("再见",)]
    with closing(sqlite3.connect(site.folder / "answers.db")) as db:
        assert db.execute("SELECT count(*) FROM answers").fetchone() == (1,)
    assert book(store, 99, "19900002468"), "it goes on working"
    store.engine.dispose()


def test_a_backup_while_somebody_writes_is_one_moment(site):
    store = site.store()
    done, faults = threading.Event(), []

    def write() -> None:
        number = 0
        try:
            while not done.is_set() and number < 400:
                number += 1
                book(store, number, f"1990000{number:04}")
        except Exception as fault:  # noqa: BLE001 - told to the test below
            faults.append(fault)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_for(store, 3, writer)
        archive = site.backup()
        wait_for(store, counts(store)["bookings"] + 2, writer)
    finally:
        done.set()
        writer.join(30)
    assert faults == []
    final = counts(store)["bookings"]
    store.engine.dispose()
    lose(site)
    status, out, err = site.restore(archive)
    assert status == 0, err
    store = site.store()
    found = counts(store)["bookings"]
    assert 3 <= found < final
    with store.engine.connect() as db:
        slots, bookings = metadata.tables["slots"], metadata.tables["bookings"]
        taken = db.execute(select(func.sum(slots.c.taken))).scalar_one()
        held = db.execute(select(func.count()).where(bookings.c.status == "booked")).scalar_one()
    assert taken == held, "no booking was cut in half"
    assert audit.verify(store)[1] == []
    store.engine.dispose()


def test_data_is_not_overwritten_unless_told(site):
    store = site.store()
    book(store, 0)
    store.engine.dispose()
    archive = site.backup()
    store = site.store()
    book(store, 1, "19900009999")
    store.engine.dispose()
    status, _, err = site.restore(archive)
    assert status == 2 and "--force" in err and err.count("\n") == 1
    store = site.store()
    assert counts(store)["bookings"] == 2, "refused means untouched"
    store.engine.dispose()
    status, out, err = site.restore(archive, "--force")
    assert status == 0, err
    store = site.store()
    assert counts(store)["bookings"] == 1
    store.engine.dispose()
    if not site.settings.services_database:
        aside = [Path(p).name for p in json.loads(out)["aside"]]
        assert [n.split(".before")[0] for n in sorted(aside)] == ["answers.db", "gateway.db", "services.db"]


def gateway_of(site: Site) -> Engine:
    """The gateway's database in PostgreSQL, with two rows in it."""
    site.settings.gateway_database = postgres.fresh()
    engine = open_database(site.settings.gateway_database)
    with engine.begin() as db:
        db.exec_driver_sql('CREATE TABLE "order" (id SERIAL PRIMARY KEY, words TEXT)')
        db.exec_driver_sql("""INSERT INTO "order" (words) VALUES ('你好'), ('再见')""")
    return engine


def test_the_gateways_postgresql_is_in_it_too(site):
    gateway_of(site).dispose()
    lost = site.settings.gateway_database
    archive = site.backup()
    assert read_head(archive)[0].member("gateway.dump").rows == {"order": 2}
    site.settings.gateway_database = ""
    status, _, err = site.restore(archive, "--force")
    assert status == 2 and "NCZF_GATEWAY_DATABASE" in err
    lose(site)
    postgres.drop(lost)
    site.settings.gateway_database = postgres.fresh()
    status, out, err = site.restore(archive)
    assert status == 0, err
    assert json.loads(out)["rows"]["gateway.dump:order"] == 2
    engine = open_database(site.settings.gateway_database)
    with engine.begin() as db:
        assert db.exec_driver_sql('SELECT words FROM "order" ORDER BY id').scalars().all() == ["你好", "再见"]
        db.exec_driver_sql("""INSERT INTO "order" (words) VALUES ('又')""")
    engine.dispose()
    status, _, err = site.restore(archive)
    assert status == 2 and "已经有数据" in err
    assert site.restore(archive, "--force")[0] == 0
    postgres.drop(site.settings.gateway_database)


def test_one_database_for_both_is_refused(small):
    small.settings.services_database = small.settings.gateway_database = "postgresql://u:geheim@127.0.0.1/x"
    status, _, err = small.admin("backup")
    assert status == 2 and "同一个库" in err and "geheim" not in err


def test_whoever_still_uses_a_postgresql_is_told_of(tmp_path):
    site = made(tmp_path / "data", postgres.fresh())
    archive = site.backup()
    engine = open_database(site.settings.services_database)
    with engine.connect() as held:
        held.execute(select(func.count()).select_from(metadata.tables["cases"])).all()
        status, _, err = site.restore(archive, "--force")
    assert status == 2 and "lock timeout" in err and "请先停止所有服务" in err and err.count("\n") == 1
    engine.dispose()
    assert site.restore(archive, "--force")[0] == 0
    postgres.drop(site.settings.services_database)


def test_heads_of_rows_that_were_lost_are_put_aside_with_them(small):
    archive = small.backup()
    store = small.store()
    book(store, 0)
    anchor = Anchor(small.folder / "audit-heads.txt")
    assert anchor.keep(store) == 1
    store.engine.dispose()
    assert small.admin("audit", "verify")[0] == 0
    status, out, err = small.restore(archive, "--force")
    assert status == 0, err
    assert any("audit-heads.txt.before-restore" in name for name in json.loads(out)["aside"])
    assert small.admin("audit", "verify")[0] == 0 and not anchor.path.exists()


def test_what_a_killed_backup_left_is_removed_a_day_later(small):
    kept = small.folder.parent / "kept"
    for name in (".backup-old", ".backup-new"):
        (kept / name).mkdir(parents=True)
        (kept / name / "services.db").write_bytes(b"half")
    (kept / ".nczf-backup-x.tar.gz.half").write_bytes(b"half")
    long_ago = small.clock.now.timestamp() - 25 * 3600
    for name in (".backup-old", ".nczf-backup-x.tar.gz.half"):
        os.utime(kept / name, (long_ago, long_ago))
    os.utime(kept / ".backup-new", (small.clock.now.timestamp(),) * 2)
    archive = small.backup()
    assert sorted(p.name for p in kept.iterdir()) == [".backup-new", archive.name]


def test_an_older_revision_is_restored_and_brought_up_to_date(site):
    assert site.admin("database", "migrate", "--to", "0001", "--yes")[0] == 0
    archive = site.backup()
    assert read_head(archive)[0].revision == "0001"
    lose(site)
    status, _, err = site.restore(archive)
    assert status == 0, err
    status, out, _ = site.admin("--json", "database", "revision")
    assert json.loads(out)["current"] is True


def test_the_archive_is_private_and_holds_no_key(site):
    store = site.store()
    book(store, 0)
    store.engine.dispose()
    archive = site.backup()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as tar:
        contents = {member.name: tar.extractfile(member).read() for member in tar}
    secret = SECRET.split(":")[2].encode()
    assert [name for name, content in contents.items() if secret in content] == []
    assert read_keys(SECRET)[0].secret not in b"".join(contents.values())
    kind = "services.dump" if site.settings.services_database else "services.db"
    assert set(contents) == {MANIFEST, GUARD, kind, "gateway.db", "answers.db"}
    assert PHONE not in contents[MANIFEST].decode()
    assert [p.name for p in archive.parent.iterdir()] == [archive.name], "nothing half done is left"


@pytest.mark.parametrize(
    "key",
    [new_key("k1", "aes"), new_key("k2", "aes"), new_key("k1", "sm4")],
    ids=["another k1", "k2 alone", "another kind"],
)
def test_a_wrong_key_is_named(small, key):
    archive = small.backup()
    lose(small)
    (small.folder / "services.keys").write_text(key + "\n")
    status, _, err = small.restore(archive)
    assert status == 2 and "密钥 k1" in err and key.split(":")[2] not in err
    assert not (small.folder / "services.db").exists()


def test_a_lost_key_file_is_not_replaced_by_a_new_one(small):
    archive = small.backup()
    lose(small)
    (small.folder / "services.keys").unlink()
    status, _, err = small.restore(archive)
    assert status == 2 and "services.keys" in err
    assert list(small.folder.iterdir()) == []


def test_an_added_key_does_not_stand_in_the_way(small):
    archive = small.backup()
    lose(small)
    (small.folder / "services.keys").write_text(f"{new_key('k2', 'sm4')}\n{SECRET}\n")
    status, _, err = small.restore(archive)
    assert status == 0, err


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.97, 0.9999])
def test_a_torn_archive_is_refused(small, kept):
    archive = small.backup()
    lose(small)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * kept)])
    status, _, err = small.restore(archive)
    assert status == 2 and err.count("\n") == 1
    assert sorted(p.name for p in small.folder.iterdir()) == ["services.keys"]


def repacked(archive: Path, change) -> None:
    """Write the archive again, its members passed through `change(name, content)`; None leaves one out."""
    with tarfile.open(archive) as tar:
        contents = [(member.name, tar.extractfile(member).read()) for member in tar]
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in contents:
            for new_name, new in change(name, content):
                info = tarfile.TarInfo(new_name)
                info.size = len(new)
                tar.addfile(info, io.BytesIO(new))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda n, c: [(n, c.replace("你好".encode(), "您好".encode()))], "gateway.db"),
        (lambda n, c: [(n, c.replace(b'"sqlite"', b'"sqlitf"'))], "签名"),
        (lambda n, c: [(n, c.replace(b"k1:", b"k9:"))], "签名"),
        (lambda n, c: [] if n == "answers.db" else [(n, c)], "缺少 answers.db"),
        (lambda n, c: [(n, c), (f"../{n}", c)] if n == "gateway.db" else [(n, c)], "不该有"),
        (lambda n, c: [(n, c), (n, c)] if n == "gateway.db" else [(n, c)], "不该有"),
        (lambda n, c: [] if n == GUARD else [(n, c)], GUARD),
        (lambda n, c: [(n, b"{}")] if n == MANIFEST else [(n, c)], "清单"),
        (lambda n, c: [(n, c.replace(b'"format": 1', b'"format": 7'))], "7"),
    ],
)
def test_a_tampered_archive_is_refused(small, change, said):
    archive = small.backup()
    lose(small)
    repacked(archive, change)
    status, _, err = small.restore(archive)
    assert status == 2 and said in err, err
    assert sorted(p.name for p in small.folder.iterdir()) == ["services.keys"]
    assert not (small.folder.parent / "gateway.db").exists()


def test_what_is_no_archive_is_refused(small):
    other = small.folder.parent / "x.tar.gz"
    other.write_bytes(gzip.compress(b"hello"))
    assert small.restore(other)[0] == 2
    assert "没有备份文件" in small.restore(small.folder / "none")[2]


def test_a_running_service_is_not_pulled_away(small):
    store = small.store()
    archive = small.backup()
    with store.engine.connect() as held:
        held.execute(select(func.count()).select_from(metadata.tables["slots"])).all()
        status, _, err = small.restore(archive, "--force")
        assert status == 2 and "正在使用" in err
    store.engine.dispose()


def test_a_backup_of_the_other_kind_names_both(small):
    archive = small.backup()
    small.settings.services_database = postgres.fresh()
    status, _, err = small.restore(archive)
    assert status == 2 and "sqlite" in err and "postgresql" in err
    postgres.drop(small.settings.services_database)


def test_a_broken_database_is_told_not_backed_up(small):
    (small.folder / "gateway.db").write_bytes(b"no database at all" * 1000)
    status, _, err = small.admin("backup", "--to", str(small.folder.parent / "kept"))
    assert status == 2 and "gateway.db" in err
    assert list((small.folder.parent / "kept").iterdir()) == []


def test_an_unreadable_target_is_one_line(small):
    (small.folder.parent / "file").write_text("in the way")
    status, _, err = small.admin("backup", "--to", str(small.folder.parent / "file"))
    assert status == 2 and err.count("\n") == 1


def test_postgres_tools_that_are_too_old_are_named():
    with pytest.raises(ValueError, match=r"99 .*postgresql-client-99"):
        postgres_tools.programs(99)
    folder = postgres_tools.programs(18)
    assert all(shutil.which(name, path=str(folder)) for name in postgres_tools.PROGRAMS)
