"""Masks for what the citizen gave us and sees again: enough to recognise, too little to misuse."""

from __future__ import annotations


def mask_name(name: str) -> str:
    """Keep the family name: 王小明 -> 王**."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_phone(phone: str) -> str:
    """Keep three and four digits: 13812345678 -> 138****5678."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"
