"""Do these keys fit this database? Asked before every start.

With other keys the service would seal new data under them, beside old data that nobody can open any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, inspect, select

from actions.backends.database import READS
from actions.backends.personal import personal_tables
from actions.backends.vault import DataKey, SealBroken, Vault, looks_sealed

SAMPLE = 3
"""Values of each column."""


def sealed_sample(engine: Engine) -> Mapping[str, list[str]]:
    """`table.column` -> some of its sealed values; nothing for a database that is new or was never sealed."""
    found: dict[str, list[str]] = {}
    shape = inspect(engine)
    with engine.connect().execution_options(**{READS: True}) as db:
        for place in personal_tables():
            if not shape.has_table(place.table.name):
                continue
            here = {column["name"] for column in shape.get_columns(place.table.name)}
            for name in here.intersection(place.sealed):
                column = place.table.c[name]
                values = db.scalars(select(column).where(column != "").limit(SAMPLE)).all()
                if sealed := [value for value in values if looks_sealed(value)]:
                    found[place.label(name)] = sealed
    return found


def refuse_strange_keys(sample: Mapping[str, list[str]], keys: Sequence[DataKey], where: str) -> None:
    """Raises ValueError if no key opens any of the values. `where`: where the keys are from."""
    if not sample:
        return
    vault = Vault(keys) if keys else None
    for column, values in sample.items():
        for value in values:
            try:
                if vault is not None and vault.open(column, value):
                    return
            except SealBroken:
                continue
    needed = sorted({value.partition(".")[0] for values in sample.values() for value in values})
    have = "、".join(key.id for key in keys) or "没有密钥"
    raise ValueError(
        f"数据密钥和业务库对不上：库里的数据用 {'、'.join(needed)} 加密，{where} 里是 {have}，一项也打不开；"
        "请放回原来的密钥再启动（docs/operations.md，备份）。为免把两套数据混在一起，没有启动"
    )
