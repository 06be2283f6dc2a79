"""Demo ratings; the bad ones are put right as far as the dice say."""

from __future__ import annotations

from datetime import timedelta

from actions.backends.demo_run import ACTOR, Filling
from actions.backends.local_ratings import LocalRatings
from actions.backends.ports import AlreadyRated


def make_ratings(run: Filling, subjects: list[str]) -> None:
    """Rate each subject once."""
    system = LocalRatings(run.store)
    for number, subject in enumerate(subjects):
        level = (5, 4, 1, 5, 2, 3)[number % 6]
        _, phone, owner = run.person(number)
        run.back(run.dice(f"rating:{number}").randrange(0, 6), hour=9)
        try:
            rating = system.rate(
                subject=subject,
                level=level,
                reasons=() if level > 2 else ("等待时间长",),
                comment="" if level > 2 else "等了很久（演示）",
                channel="portal",
                owner=owner,
                phone=phone if number % 2 else "",
                key=f"{owner}:rating:{subject}",
            )
        except AlreadyRated:
            continue
        run.made["ratings"] += 1
        if rating.level <= 2:
            run.made[f"rectifications.{_rectify(system, subject, number % 5, run)}"] += 1


def _rectify(system: LocalRatings, subject: str, stage: int, run: Filling) -> str:
    """Bring a rectification as far as `stage` says, 0 to 4; return its state."""
    now = system.rectification(subject)
    if now.state != "opened" or stage == 0:
        return now.state
    run.clock.at = min(run.today, run.clock.at + timedelta(hours=2))
    system.assign(
        subject, department="演示部门", officer="demo01", actor=ACTOR, reason="整改（演示）", key="a"
    )
    if stage > 1:
        system.advance(subject, to="verified", actor=ACTOR, reason="属实（演示）", key="v")
    if stage > 2:
        system.add_evidence(subject, text="已增开窗口（演示）", attachments=(), actor=ACTOR, key="e")
        now = system.advance(subject, to="rectified", actor=ACTOR, reason="已整改（演示）", key="r")
    if stage > 3:
        if now.named:
            system.advance(subject, to="called_back", actor=ACTOR, reason="已回访（演示）", key="c")
        system.advance(subject, to="closed", actor=ACTOR, reason="办结（演示）", key="z")
    return system.rectification(subject).state
