"""receipt: what exactly was said, and from which version."""

from __future__ import annotations

import argparse
import json
from typing import Any

from knowledge.receipts import ReceiptBook, UnknownReceipt
from knowledge.settings import KnowledgeSettings


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser("receipt", help="按答复凭证编号，查当时究竟答复了什么、依据哪一版指南")
    parser.add_argument("id", help="凭证编号，例如 DF20261124-7KQ2M9XA")
    parser.add_argument("--json", action="store_true", help="输出完整记录")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Exit status 1 when there is no such answer."""
    if not settings.answers_database.is_file():
        raise UnknownReceipt(f"no answers were ever stored in {settings.answers_database}; set NCZF_DATA_DIR")
    book = ReceiptBook(settings.answers_database)
    found = book.get(options.id)
    book.close()
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    print(f"{found['id']}  {found['at']}  {found['outcome']}  {found['guide_id'] or '-'}")
    for source in found["sources"]:
        version = f"{source['version']}版（{source['reviewed_on']}核对）"
        print(f"指南 {source['guide_id']} {version}，索引 {found['snapshot']}")
    if found["situation"]:
        print("情形 " + "、".join(f"{key}={value}" for key, value in found["situation"].items()))
    print(found["text"])
    return 0
