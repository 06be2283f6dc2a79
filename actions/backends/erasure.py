"""Erase one person's data (个人信息保护法 第四十七条): all or nothing, refused while something is active."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select, update

from actions.backends import audit
from actions.backends.person import Person, PersonRow, find_person
from actions.backends.personal import blank, personal_table
from actions.backends.ports import BackendError
from actions.backends.retention import ErasureRule, PrivacyPolicy, delete_rows, value_of
from actions.backends.store import Store

REASONS: Mapping[str, str] = {
    "purpose": "处理目的已实现、无法实现或者不再必要（第四十七条第一款第一项）",
    "period": "停止服务或者保存期限已届满（第四十七条第一款第二项）",
    "consent": "个人撤回同意（第四十七条第一款第三项）",
    "unlawful": "违反法律、行政法规或者约定处理（第四十七条第一款第四项）",
    "other": "法律、行政法规规定的其他情形（第四十七条第一款第五项）",
}
"""Why, as the audit trail has it: no free text, which could name somebody."""


class StillActive(BackendError):
    """The person still has something under way; `records` names each as "table:number"."""

    def __init__(self, records: tuple[str, ...]) -> None:
        super().__init__(f"还有未办完的：{'、'.join(records)}；请先办结、取消或撤回，再删除")
        self.records = records


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows by table; `kept`: table -> what stays there and why."""

    blanked: Mapping[str, int]
    deleted: Mapping[str, int]
    kept: Mapping[str, str]


def erase_person(store: Store, policy: PrivacyPolicy, who: Person, *, reason: str, actor: str) -> Erased:
    """Blank or delete everything about the person. Raises StillActive; ValueError for an unknown reason."""
    if reason not in REASONS:
        raise ValueError(f"reason {reason!r}: expected one of {', '.join(REASONS)}")
    blanked: Counter[str] = Counter()
    deleted: Counter[str] = Counter()
    with store.begin() as db:
        found = find_person(db, store.vault, who)
        active = tuple(
            f"{row.table.name}:{'/'.join(map(str, row.key))}"
            for row in found
            if _is_active(db, row, _rule(policy, row), store.clock().date())
        )
        if active:
            raise StillActive(active)
        for row in reversed(found):  # children stand after their parents
            if _rule(policy, row).do == "delete":
                delete_rows(db, row.table, [row.key])
                deleted[row.table.name] += 1
            elif _blank(db, row, _rule(policy, row)):
                blanked[row.table.name] += 1
        audit.record(
            db, store.vault, at=store.clock(), actor=actor, action="privacy.erase",
            subject=who.subject(store.vault),
            detail={"reason": reason, "blanked": str(blanked.total()), "deleted": str(deleted.total())},
        )  # fmt: skip
    kept = {row.table.name: _kept(_rule(policy, row)) for row in found if _rule(policy, row).do != "delete"}
    return Erased(dict(blanked), dict(deleted), kept)


def _rule(policy: PrivacyPolicy, row: PersonRow) -> ErasureRule:
    default = ErasureRule(row.table.name, "blank" if personal_table(row.table).sealed else "delete")
    return policy.erasure.get(row.table.name, default)


def _kept(rule: ErasureRule) -> str:
    return f"{rule.keeps}（{rule.why}）" if rule.keeps else ""


def _is_active(db: Connection, found: PersonRow, rule: ErasureRule, today: date) -> bool:
    if not rule.active and not rule.finished:
        return False
    if any(found.row[name] not in values for name, values in rule.active.items()):
        return False
    if any(found.row[name] in values for name, values in rule.finished.items()):
        return False
    if not rule.begins:
        return True
    here = [c == found.row[c.name] for c in found.table.primary_key.columns]
    day = db.execute(
        select(value_of(found.table, rule.begins)).select_from(found.table).where(*here)
    ).scalar()
    return day is not None and day >= today


def _blank(db: Connection, found: PersonRow, rule: ErasureRule) -> bool:
    """Empty what is this person's in the row, and cut it from its conversation; True if anything was."""
    place = personal_table(found.table)
    values = blank(place) if rule.do == "blank" else {}
    whole = found.mine >= set(place.sealed)
    if not whole:  # the row names somebody else too: theirs stays
        gone = found.mine | {d.column for d in place.digests if d.of in found.mine}
        values = {name: value for name, value in values.items() if name in gone}
    if whole and "owner" in found.table.c and not found.table.c["owner"].primary_key:
        values["owner"] = ""
    if values:
        here = [c == found.row[c.name] for c in found.table.primary_key.columns]
        db.execute(update(found.table).where(*here).values(**values))
    return bool(values)
