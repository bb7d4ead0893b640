"""Which photos may be animated by address: those below the addresses that the operator names."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from windstill.errors import InvalidSetting
from windstill.http.guard import Target, Unreachable, parse

ANY = "*"
_DOTS = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\]|$)")


class Sources:
    """Addresses as the setting has them, with commas between; `*` is every public one.

    One with a path allows what lies below it. Raises `InvalidSetting`.
    """

    def __init__(self, text: str) -> None:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        self._any = ANY in parts
        try:
            self._below = [parse(part) for part in parts if part != ANY]
        except Unreachable as error:
            raise InvalidSetting(
                f"loop_sources: {error.message} Or it is {ANY}.", field="loop_sources"
            ) from None

    def __bool__(self) -> bool:
        return self._any or bool(self._below)

    def allow(self, url: str) -> bool:
        """Whether a photo at this address may be animated."""
        try:
            target = parse(url)
        except Unreachable:
            return False
        # Servers resolve dots, decoded ones too, so that they lead out of a folder.
        if _DOTS.search(unquote(urlsplit(url).path)):
            return False
        return self._any or any(_is_below(target, base) for base in self._below)


def _is_below(target: Target, base: Target) -> bool:
    same = (target.scheme, target.host, target.port) == (base.scheme, base.host, base.port)
    folder = base.path if base.path.endswith("/") else f"{base.path}/"
    return same and (target.path == base.path or target.path.startswith(folder))
