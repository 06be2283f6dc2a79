"""How long a look-up takes among few and among many."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from actions.backends.case_import import import_cases
from actions.backends.case_rows import Titles
from actions.backends.local_cases import LocalCases
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.numbers import CASE, check_digit
from actions.backends.store import Store
from actions.measuring.crowd import case_no, grow, last4, order_no
from actions.measuring.figures import Figure, percentile

SAMPLE, WARM = 400, 20
"""Look-ups that count, and those before them that only warm up."""
COLUMNS = {
    "case_no": "",
    "phone_last4": "1357",
    "applicant": "演示测量",
    "item": "居住证申领",
    "department": "南昌市公安局",
    "status": "审核中",
    "submitted_on": "",
}


def lookups(few_store: Store, many_store: Store, few: int, many: int) -> list[Figure]:
    """p50 and p95 among `few` and among `many` cases and orders, and the ratio of the two.

    The two databases are asked in turn: whatever else the machine does slows down both alike.
    """
    kind = many_store.engine.dialect.name
    grow(few_store, 0, few)
    began = time.perf_counter()
    grow(many_store, 0, many)
    rate = 2 * many / (time.perf_counter() - began)
    found = [Figure(kind, f"filling up to {many:,} of each", rate, "rows/s")]
    ways: tuple[tuple[str, Callable[[Store, int], object]], ...] = (
        ("case by number", _case),
        ("work order by number and phone", _order),
    )
    for name, look in ways:
        times: dict[int, list[float]] = {few: [], many: []}
        for turn in range(SAMPLE + WARM):
            for store, size in ((few_store, few), (many_store, many)):
                number = turn * 7919 % size
                at = time.perf_counter()
                look(store, number)
                if turn >= WARM:
                    times[size].append(time.perf_counter() - at)
        for size, took in times.items():
            found.append(Figure(kind, f"{name} among {size:,}: p50", percentile(took, 0.5), "ms"))
            found.append(Figure(kind, f"{name} among {size:,}: p95", percentile(took, 0.95), "ms"))
        ratio = percentile(times[many], 0.5) / percentile(times[few], 0.5)
        found.append(Figure(kind, f"{name}: p50 among {many:,} / {few:,}", ratio, "times"))
    return found


def _case(store: Store, number: int) -> object:
    return LocalCases(store).status(case_no(store, number), phone_last4=last4(number), client=f"m{number}")


def _order(store: Store, number: int) -> object:
    return LocalWorkOrders(store).find(order_no(store, number), owner="somebody", phone_last4=last4(number))


def imports(store: Store, rows: int) -> list[Figure]:
    """Rows per second of a CSV of cases. Raises ValueError when a row is refused."""
    titles = Titles.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow([titles.titles[name][0] for name in COLUMNS])
            day = store.clock().date() - timedelta(days=30)
            for number in range(rows):
                digits = f"{day - timedelta(days=number // 1_000_000):%Y%m%d}{number % 1_000_000:06}"
                values = {"case_no": f"{CASE}{digits}{check_digit(digits)}", "submitted_on": day.isoformat()}
                sheet.writerow([values.get(name, text) for name, text in COLUMNS.items()])
        began = time.perf_counter()
        report = import_cases(store, path, titles)
        took = time.perf_counter() - began
    if report.new != rows:
        raise ValueError(f"import: {report.new} of {rows} rows written; faults {report.faults[:3]}")
    return [Figure(store.engine.dialect.name, f"import of {rows:,} cases (CSV)", rows / took, "rows/s")]
