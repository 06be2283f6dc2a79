"""Demo data: invented cases, bookings, work orders and ratings, in every state, the same for the same seed.

Made through the systems themselves at moments of the last weeks, so that deadlines, histories and the
audit trail are what they would be. Marked: names begin with 演示, phones are 199 0000 xxxx, every row's owner
begins with `demo:`, cases carry the `demo` flag and are held by 演示窗口. `demo_clear` finds them by that.
"""

from __future__ import annotations

from actions.backends.demo_bookings import make_bookings
from actions.backends.demo_cases import make_cases
from actions.backends.demo_orders import make_orders
from actions.backends.demo_ratings import make_ratings
from actions.backends.demo_run import PHONES, Amounts, Filling
from actions.backends.order_book import Propose
from actions.backends.store import Store


def fill(store: Store, seed: int, amounts: Amounts, propose: Propose) -> dict[str, int]:
    """Make demo data; return how many of each kind and state there are. The same seed adds nothing twice.

    `propose` is what work orders are filed with (`actions.departments`): it tells danger.
    Raises ValueError for amounts that are negative or more than the phones that are set aside.
    """
    if seed < 0 or min(amounts.cases, amounts.bookings, amounts.orders, amounts.ratings) < 0:
        raise ValueError("--seed 和数量都不能是负数")
    if max(amounts.bookings, amounts.orders) > PHONES:
        raise ValueError(f"预约和工单各最多 {PHONES} 件：演示手机号只有 199 0000 0000 到 199 0000 9999")
    run = Filling.on(store, seed)
    cases = make_cases(run, amounts.cases)
    booked = make_bookings(run, amounts.bookings)
    orders = make_orders(run, amounts.orders, propose)
    make_ratings(run, run.subjects(orders, booked, cases)[: amounts.ratings])
    return dict(sorted(run.made.items()))
