"""Yes, no or neither: how people answer a confirmation, 对 / 不对 / 是不是啊."""

from __future__ import annotations

import re
import unicodedata

_NO = re.compile(
    r"不是|不对|不行|不用|不要|不好|不可以|不需要|不同意|不确[认定]|不能|不想|不愿|不了|没有|没错(?<!没错)|没(?!问题|错|毛病|关系|事)|别|错了|否|no\b|nope"
    r"|算了|不\Z|\A不[,，。!！]|冇|莫|都不|拒绝|哪里是"
)
_YES = re.compile(
    r"是|对|好|行|可以|嗯|恩|确[认定]|没问题|没错|没毛病|要得|中\Z|ok\b|okay|yes|\Ay\Z|yeah|同意|需要|要的|\A要\Z|有的|\A有\Z|正确|当然|就这|就它|成\Z|得\Z|妥|欧克"
    r"|👌|👍|1\Z"
)
_OPEN = re.compile(
    r"是不是|对不对|行不行|可不可以|好不好|要不要|吗\Z|吗[?？]|[?？]\Z|什么|怎么|哪|多少|几点|多久|不知道|不清楚|不确定"
)
_DOUBLE = re.compile(r"不是不|没有不|不会不")


def yes_or_no(raw: str) -> bool | None:
    """True for yes, False for no, None for a question, both, or anything else."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", raw)).lower().strip("。.!！~,，")
    if not text or len(text) > 24 or _OPEN.search(text) or _DOUBLE.search(text):
        return None
    if _NO.search(text):
        return False
    return True if _YES.search(text) else None
