"""The commands of ratings, keys, audit and privacy, on a database of a folder of their own."""

from __future__ import annotations

import io
import json

import pytest
from sqlalchemy import select

from actions.admin.frame import MODULES, build_parser, main
from actions.backends.store import Store
from actions.backends.tables import audit_log
from actions.backends.vault import Vault, keys_of, new_key
from actions.server import local_systems
from actions.services import open_services
from actions.settings import ActionSettings
from tests import postgres
from tests.contracts.privacy_life import ANNA, BORIS, dump, life
from tests.fakes import HeldClock


@pytest.fixture
def clock():
    return HeldClock()


@pytest.fixture
def admin(tmp_path, clock):
    """`admin("keys", "list") -> data`; `.settings`, `.systems()`."""
    return Admin(ActionSettings(data_dir=tmp_path, _env_file=None), clock)


class Admin:
    def __init__(self, settings, clock):
        self.settings = settings
        self.clock = clock
        self.said = ""

    def __call__(self, *words, status=0):
        out, err = io.StringIO(), io.StringIO()
        try:
            got = main(["--json", "--actor", "officer1", *words], settings=self.settings, clock=self.clock,
                       out=out, err=err)  # fmt: skip
        except SystemExit as left:
            got = left.code
        self.said = err.getvalue()
        assert got == status, self.said
        return json.loads(out.getvalue()) if out.getvalue() else None

    def store(self):
        return open_services(self.settings, self.clock)


def test_a_bad_rating_is_put_right_by_commands(admin, clock, tmp_path):
    store = admin.store()
    local_systems(store).ratings.rate(
        subject="booking:1", level=1, reasons=[], comment="慢", channel="portal", owner="c", phone=ANNA.phone
    )
    store.engine.dispose()
    assert [r["状态"] for r in admin("ratings", "list")] == ["待分派"]
    admin("ratings", "close", "booking:1", status=2)
    admin("ratings", "assign", "booking:1", "--department", "政数局", "--officer", "li", "--reason", "归口")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"photo")
    admin("ratings", "verify", "booking:1")
    admin("ratings", "rectify", "booking:1", status=2)
    proven = ("ratings", "evidence", "booking:1", "--reason", "已加开窗口", "--attach", str(photo))
    assert admin(*proven, "--key", "e1")["证据"] == 1
    assert admin(*proven, "--key", "e1")["证据"] == 1
    clock.move(days=2)
    assert [r["服务"] for r in admin("ratings", "overdue")] == ["booking:1"]
    assert admin("ratings", "tick") == {"已处理": 1}
    for step in ("rectify", "call-back", "close"):
        admin("ratings", step, "booking:1")
    assert admin("ratings", "list") == [] and admin("ratings", "list", "--only", "closed")[0]["实名"] == "是"
    shown = admin("ratings", "show", "booking:1")
    assert shown[3]["说明"] == "已加开窗口" and ANNA.phone not in str(shown)
    (figure,) = admin("ratings", "figures", "--since", "2026-11-01", "--until", "2026-11-30")
    assert (figure["差评数"], figure["按期整改率"], figure["满意率"]) == (1, "0.0%", "0.0%")


def test_a_key_is_added_rotated_to_and_retired(admin):
    store = admin.store()
    numbers = life(local_systems(store), ANNA)
    store.engine.dispose()
    assert admin("keys", "new")["密钥"].startswith("k2:aes:")
    assert admin("keys", "add", "--kind", "sm4")["密钥"] == "k2"
    admin("keys", "add", "--id", "k2", status=2)
    before = {k["密钥"]: k for k in admin("keys", "list")}
    assert before["k1"]["当前"] == "是" and before["k2"]["数据"] == 0 < before["k1"]["数据"]
    admin("keys", "retire", "k1", status=2)
    assert "当前密钥" in admin.said
    done = admin("keys", "rotate", "--to", "k2")
    assert (done["旧密钥下还有"], done["有问题的"]) == (0, 0) and "bookings" in admin.said
    assert admin("keys", "rotate")["已重新加密"] >= 0
    admin("keys", "rotate", "--to", "k2")
    assert admin("keys", "rotate", "--to", "zz", status=2) is None
    admin("keys", "retire", "k1")
    path = admin.settings.data_keys_file
    assert path.read_text().startswith("k2:sm4:") and "k1" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert admin("audit", "verify")["结果"] == "完整"
    after = {k["密钥"]: k for k in admin("keys", "list")}
    assert after["k1"]["数据"] == 0 < after["k1"]["审计"] and "已停用" in after["k1"]["种类"]
    assert admin("keys", "add")["密钥"] == "k3"  # the number of a retired key is never used again
    store = admin.store()
    mine = local_systems(store).bookings.find(numbers["booking"], owner=ANNA.owner)
    store.engine.dispose()
    assert mine.phone == ANNA.phone


def test_a_key_with_data_is_not_retired(admin):
    store = admin.store()
    life(local_systems(store), ANNA)
    store.engine.dispose()
    admin("keys", "add")
    path = admin.settings.data_keys_file
    path.write_text("\n".join(reversed(path.read_text().split())) + "\n")  # k2 seals now
    admin("keys", "retire", "k1", status=2)
    assert "k1 下还有" in admin.said and "k1" in path.read_text()


def test_keys_of_the_environment_are_changed_there(admin):
    store = admin.store()
    store.engine.dispose()
    keys = admin.settings.data_keys_file.read_text().strip()
    admin.settings = ActionSettings(data_dir=admin.settings.data_dir, data_keys=keys, _env_file=None)
    admin("keys", "add", status=2)
    assert "NCZF_DATA_KEYS" in admin.said
    assert admin("keys", "list")[0]["密钥"] == "k1"


def test_the_trail_is_verified_and_a_cut_shows(admin):
    store = admin.store()
    life(local_systems(store), ANNA)
    store.engine.dispose()
    head = admin("audit", "head")["摘要"]
    assert admin("audit", "verify", "--head", head)["结果"] == "完整"
    admin("audit", "verify", "--head", "9999:x", status=1)
    admin("audit", "verify", "--head", f"{head[:-1]}x", status=1)
    admin("audit", "verify", "--head", "x", status=2)
    subject = next(iter(admin("ratings", "list")))["服务"]
    listed = [r["操作"] for r in admin("audit", "list", "--subject", subject)]
    assert "rating.rate" in listed and "audit.list" not in listed
    assert admin("audit", "list", "--subject", subject)[0]["操作"] == "audit.list"
    store = admin.store()
    with store.begin() as db:
        db.exec_driver_sql("DROP TRIGGER audit_log_no_update")
        db.exec_driver_sql("UPDATE audit_log SET actor = 'x' WHERE id = 2")
    store.engine.dispose()
    admin("audit", "verify", status=1)
    assert "row 2 was changed" in admin.said


def test_a_person_is_exported_and_erased_by_commands(admin, tmp_path, clock):
    store = admin.store()
    systems = local_systems(store)
    life(systems, ANNA)
    life(systems, BORIS, 1)
    out = tmp_path / "anna.json"
    done = admin("privacy", "export", "--phone", ANNA.phone, "--out", str(out))
    found = out.read_text("utf-8")
    assert done["记录"] == len(json.loads(found)["records"]) > 3
    assert ANNA.name in found and BORIS.name not in found and out.stat().st_mode & 0o077 == 0
    admin("privacy", "erase", "--phone", ANNA.phone, "--reason", "consent", status=2)
    assert "还有未办完的" in admin.said and ANNA.phone not in admin.said
    admin("privacy", "erase", "--phone", ANNA.phone, "--reason", "why", status=2)
    admin("privacy", "export", "--out", str(out), status=2)
    planned = {p["类别"]: p["到期"] for p in admin("privacy", "purge", "--dry-run")}
    assert set(planned.values()) == {0}
    clock.move(days=300)
    before = dump(store.engine)
    assert any(p["到期"] for p in admin("privacy", "purge", "--dry-run")) and dump(store.engine) == before
    assert any(p["已清理"] for p in admin("privacy", "purge"))
    store.engine.dispose()


def test_a_key_that_a_process_still_seals_with_is_not_retired(admin):
    admin.store().engine.dispose()
    admin("keys", "add")
    admin("keys", "rotate", "--to", "k2")
    keys = keys_of(admin.settings.data_keys_file)
    store = admin.store()
    late = Store(store.engine, Vault(keys[::-1]), store.clock)  # started before the change, not again since
    local_systems(late).ratings.rate(
        subject="guide:1:c", level=5, reasons=[], comment="", channel="portal", owner="c"
    )
    store.engine.dispose()
    admin("keys", "retire", "k1", status=2)
    assert "重启所有服务" in admin.said and "k1" in admin.settings.data_keys_file.read_text()
    admin("keys", "rotate", "--to", "k2")
    admin("keys", "retire", "k1")


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_a_start_without_the_keys_of_the_data_is_refused(admin, where):
    """A fresh key beside old data would be the end of both."""
    url = postgres.fresh() if where == "postgres" else ""
    admin.settings = admin.settings.model_copy(update={"services_database": url})
    store = admin.store()
    life(local_systems(store), ANNA)
    store.engine.dispose()
    path = admin.settings.data_keys_file
    kept = path.read_text()
    path.unlink()
    with pytest.raises(ValueError, match="k1.*services.keys 里是 没有密钥.*放回原来的密钥"):
        admin.store()
    assert not path.exists(), "no new key is made"
    for other in (new_key("k1", "aes"), new_key("k9", "sm4")):
        path.write_text(other)
        with pytest.raises(ValueError, match="没有启动"):
            admin.store()
    admin("bookings", "list", "donghu", "2026-11-28", status=2)
    assert admin.said.count("\n") == 1
    path.write_text(f"{new_key('k2', 'aes')}\n{kept}")
    store = admin.store()
    assert local_systems(store).bookings.bookings(ANNA.owner)[0].name == ANNA.name
    store.engine.dispose()
    if url:
        postgres.drop(url)


IMPERSONAL = {
    "halls list", "halls check", "slots list", "closures list", "orders figures", "ratings figures",
    "keys new", "keys list", "audit verify", "audit head", "database revision", "database check", "staff",
    "cases export-template",
}  # fmt: skip
"""Commands that show no row of a citizen: halls, counts, keys, heads."""
LOOKS = {
    "cases list": [], "bookings list": ["donghu", "2026-11-28"], "orders list": [], "orders show": ["ORDER"],
    "orders duplicates": ["ORDER"], "orders overdue": [], "ratings list": [], "ratings overdue": [],
    "ratings show": ["RATED"], "audit list": ["--subject", "x"],
}  # fmt: skip
"""Commands that look at citizens' rows and change nothing."""
CHANGES = set(
    "add remove windows no-show tick fill clear import migrate purge export erase rotate retire confirm "
    "transfer start answer return extend refuse take-up callback close merge reveal assign verify "
    "unfounded rectify call-back evidence backup restore".split()
)


def test_every_look_at_citizens_rows_is_in_the_trail(admin):
    store = admin.store()
    numbers = life(local_systems(store), ANNA)
    for words, more in LOOKS.items():
        with store.begin() as db:
            before = db.execute(select(audit_log.c.id)).all()
        given = {"ORDER": numbers["order"], "RATED": f"booking:{numbers['booking']}"}
        admin(*words.split(), *(given.get(word, word) for word in more))
        with store.begin() as db:
            rows = db.execute(select(audit_log).where(audit_log.c.id > len(before))).mappings().all()
        assert rows and {row["actor"] for row in rows} == {"officer1"}, words
        assert all(row["at"] == admin.clock() and row["subject"] for row in rows), words
        assert not any(needle in str(rows) for needle in ANNA.needles()), words
    store.engine.dispose()


def test_no_new_command_looks_without_being_thought_of():
    (groups,) = [a for a in build_parser()._actions if isinstance(a.choices, dict)]
    names = set()
    for group, parser in groups.choices.items():
        leaves = [name for a in parser._actions if isinstance(a.choices, dict) for name in a.choices]
        names |= {f"{group} {name}" for name in leaves} or {group}
    told = {name for name in names if name in IMPERSONAL or name in LOOKS}
    fresh = {name for name in names - told if name.split()[-1] not in CHANGES}
    assert fresh == set(), "does it show citizens' rows? Put it into LOOKS (and audit it), or the other lists"
    assert IMPERSONAL | set(LOOKS) <= names and len(MODULES) <= len(names)
