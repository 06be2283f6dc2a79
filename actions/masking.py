"""Masks for what the citizen gave us and sees again: enough to recognise, too little to misuse."""

from __future__ import annotations

import re

ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])([1-9]\d{5})(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)")


def mask_name(name: str) -> str:
    """Keep the family name: 王小明 -> 王**."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_phone(phone: str) -> str:
    """Keep three and four digits: 13812345678 -> 138****5678."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"


def mask_text(text: str) -> str:
    """Mask identity and mobile numbers in the citizen's own words when these are shown again."""
    return MOBILE.sub(r"\1****\2", ID_NUMBER.sub(r"\1************", text))
