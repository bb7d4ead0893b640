"""The blocks of code in a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """A block. mark: "file" or "not run", with what it is `about`, from the comment before it."""

    language: str
    code: str
    mark: str = ""
    about: str = ""


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    pattern = r"^(?:<!-- (not run|file): (.*?) -->\n)?```(\w*)\n(.*?)^```$"
    for mark, about, language, code in re.findall(pattern, text, re.M | re.S):
        yield Block(language, code, mark, about)
