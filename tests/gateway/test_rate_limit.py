"""Token buckets with a clock of our own."""

from __future__ import annotations

from gateway.rate_limit import FORGET_FROM, RateLimit, RateLimits


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_a_third_then_one_per_interval() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    assert [limit.allow() for _ in range(21)] == [True] * 20 + [False]
    clock.now += 0.9
    assert limit.allow() is False
    clock.now += 0.2
    assert [limit.allow(), limit.allow()] == [True, False]


def test_a_long_silence_gives_no_more_than_the_burst() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    clock.now += 3600
    assert [limit.allow() for _ in range(21)].count(True) == 20


def test_over_a_minute_no_more_than_burst_and_rate() -> None:
    clock = Clock()
    limit = RateLimit(40, clock)
    allowed = 0
    for _ in range(600):
        allowed += limit.allow()
        clock.now += 0.1
    assert 52 <= allowed <= 54  # 13.3 at once and 40 in the minute


def test_a_tiny_rate_still_allows_one() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    assert [limit.allow(), limit.allow()] == [True, False]
    clock.now += 60
    assert limit.allow() is True


def test_each_conversation_has_its_own_allowance() -> None:
    clock = Clock()
    limits = RateLimits(3, clock)
    assert [limits.allow("a"), limits.allow("a"), limits.allow("b")] == [True, False, True]


def test_idle_conversations_are_forgotten_and_busy_ones_are_not() -> None:
    clock = Clock()
    limits = RateLimits(3, clock)
    for n in range(FORGET_FROM - 1):
        limits.allow(f"idle-{n}")
    clock.now += 60
    limits.allow("busy")
    assert len(limits) == FORGET_FROM
    limits.allow("new")
    assert len(limits) == 2
    assert limits.allow("busy") is False
