"""The contract of `NoticeBoard`, and of what posts to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from actions.backends import notices


def post(stand, key, *, owner="c-1", **later):
    with stand.store.begin() as db:
        return notices.post(
            db,
            key=key,
            owner=owner,
            kind="made_up",
            payload={"hall": "红谷滩"},
            due_at=stand.store.clock() + timedelta(**later),
        )


def test_a_notice_waits_for_its_time_and_is_told_once(stand, clock):
    assert post(stand, "a", hours=2) and post(stand, "b")
    (now,) = stand.systems.notices.due()
    assert (now.owner, now.kind, dict(now.payload)) == ("c-1", "made_up", {"hall": "红谷滩"})
    stand.systems.notices.told([now.id, 999])
    assert list(stand.systems.notices.due()) == []
    clock.move(hours=2)
    (later,) = stand.systems.notices.due()
    assert later.id != now.id
    stand.systems.notices.told([later.id])
    stand.systems.notices.told([later.id])
    assert list(stand.systems.notices.due()) == []


def test_a_key_is_posted_once_from_many_threads(stand):
    with ThreadPoolExecutor(8) as pool:
        posted = list(pool.map(lambda _: post(stand, "same"), range(16)))
    assert posted.count(True) == 1 and len(stand.systems.notices.due()) == 1


def test_a_notice_not_told_yet_can_be_taken_back(stand, clock):
    post(stand, "a", hours=1)
    with stand.store.begin() as db:
        notices.withdraw(db, "a")
    clock.move(hours=2)
    assert list(stand.systems.notices.due()) == []


def test_any_number_of_acknowledgements_at_once(stand):
    assert post(stand, "a")
    (notice,) = stand.systems.notices.due()
    stand.systems.notices.told([*range(1000, 60_000), notice.id, 2**52])
    assert list(stand.systems.notices.due()) == []


def test_the_oldest_come_first_and_no_more_than_asked(stand, clock):
    for minute in (3, 1, 2):
        post(stand, f"k{minute}", owner=f"c-{minute}", minutes=minute)
    clock.move(minutes=5)
    assert [n.owner for n in stand.systems.notices.due(2)] == ["c-1", "c-2"]
