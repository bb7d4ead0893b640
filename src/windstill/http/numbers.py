"""Whole numbers in what clients send: the only place where their digits become one."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9]{1,19}")
"""ASCII only, and so few that the number fits into 64 bits: `int` takes the digits of every script
and as many as there are."""


def whole_number(text: str, low: int = 0, high: int = 2**63) -> int | None:
    """The number from `low` to `high` that the text is; None when it is anything else."""
    if not _DIGITS.fullmatch(text):
        return None
    number = int(text)
    return number if low <= number <= high else None
