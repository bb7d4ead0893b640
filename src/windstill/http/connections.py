"""How many connections the service holds: in all, and of one address.

A connection without a request in work is the first to go when there are too many, so that
nobody can keep others out by opening connections and saying nothing.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

from windstill.errors import InvalidSetting
from windstill.http.refusals import Reason, RequestRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SITE_BITS = 64
"""Bits of an IPv6 address that tell networks apart; its owner chooses the rest (RFC 6177)."""


class Held(Protocol):
    """A connection as `Connections` sees it."""

    address: str

    @property
    def idle(self) -> bool:
        """Whether no request is in work on it."""

    def drop(self) -> None:
        """Closes it now."""


class Connections:
    """The open connections of one service.

    most: in all. most_of_one: of one address, and requests in work of one address.
    proxies: addresses whose connections carry many clients, and are not counted as one's.
    """

    def __init__(self, most: int, most_of_one: int, proxies: Collection[Network] = ()) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._proxies = tuple(proxies)
        self._held: dict[Held, None] = {}
        self._of: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()

    def add(self, connection: Held) -> None:
        """Holds a new connection, and lets go of the oldest idle one if there are too many.

        Raises `RequestRefused` when its address has too many, or none of all is idle.
        """
        owner = self._owner(connection.address)
        if owner and self._of[owner] >= self._most_of_one:
            raise _too_many()
        if len(self._held) >= self._most:
            idle = next((held for held in self._held if held.idle), None)
            if idle is None:
                raise _too_many()
            self.discard(idle)
            idle.drop()
        self._held[connection] = None
        if owner:
            self._of[owner] += 1

    def discard(self, connection: Held) -> None:
        """Forgets a connection that was closed; one that is not held is nothing to it."""
        if connection in self._held:
            del self._held[connection]
            _decrease(self._of, self._owner(connection.address))

    @contextmanager
    def request(self, address: str) -> Iterator[None]:
        """Held while a request of this address is in work.

        Behind a trusted proxy the address is the client's, which no connection tells. Raises
        `RequestRefused` when it has too many.
        """
        owner = _site(address)
        if self._requests[owner] >= self._most_of_one:
            raise _too_many()
        self._requests[owner] += 1
        try:
            yield
        finally:
            _decrease(self._requests, owner)

    def _owner(self, address: str) -> str:
        """Who is counted for an address; nobody for a trusted proxy's."""
        found = _parsed(address)
        if found is not None and any(found in network for network in self._proxies):
            return ""
        return _site(address)


def proxies_of(text: str) -> tuple[Network, ...]:
    """Addresses and networks with commas between, as the setting `trusted_proxies` has them.

    `*` is any. Raises `InvalidSetting`.
    """
    if text.strip() == "*":
        text = "0.0.0.0/0, ::/0"
    try:
        return tuple(
            ipaddress.ip_network(part.strip(), strict=False)
            for part in text.split(",")
            if part.strip()
        )
    except ValueError as error:
        raise InvalidSetting(
            f"trusted_proxies: {error}; allowed: addresses or networks such as 10.1.0.0/16, with "
            "commas between, or *.",
            field="trusted_proxies",
        ) from None


def plain(address: str) -> str:
    """An address as it is written usually: an IPv4 one in IPv6 form (::ffff:192.0.2.1) is one."""
    found = _parsed(address)
    return address if found is None else str(found)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _site(address: str) -> str:
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, _SITE_BITS), strict=False))
    return address if found is None else str(found)


def _decrease(counts: Counter[str], owner: str) -> None:
    if owner in counts:
        counts[owner] -= 1
        if not counts[owner]:
            del counts[owner]


def _too_many() -> RequestRefused:
    return RequestRefused(
        Reason.TOO_MANY_CONNECTIONS, "Too many connections at the same time.", retry_after=1
    )
