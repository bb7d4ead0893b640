"""Requests of the service to addresses that clients name, without reaching what only it can reach.

A name is resolved once; every address it has must be a public unicast one, or in a network that
the operator allows; the connection goes to the address that was checked, so that a name that
changes its mind in between gains nothing. Each redirect is checked in the same way. Size and time
are bounded. Why an address is refused is for the log only (OWASP, Server-Side Request Forgery
Prevention).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import h11

from windstill import __version__
from windstill.errors import InvalidSetting, WindstillError
from windstill.http.resolver import Resolver

logger = logging.getLogger("windstill.http")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_URL = 2000
MAX_REDIRECTS = 3
_MAX_HEAD = 32 * 1024
_CHUNK = 64 * 1024
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\.?|\[[0-9a-f:.]{2,45}\]", re.I | re.A)
_TARGET = re.compile(r"[!-~]*")
_PORTS = {"http": 80, "https": 443}

# IANA's special-purpose registries, and what only looks public: relays, and ways to write an
# IPv4 address as an IPv6 one.
_NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class Unreachable(WindstillError):
    """An address that a client named can't or may not be asked."""

    code = "unreachable"
    exit_status = 5


class ReplyTooLarge(Unreachable):
    """The address answered with more bytes than were wanted."""


@dataclass(frozen=True)
class Reply:
    """What an address answered. body: at most as many bytes as were allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Target:
    """Where a request goes. port: never a well-known one but those of the web."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port, as the Host header has them."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _PORTS[self.scheme] else f"{shown}:{self.port}"


class Guard:
    """Sends requests to where it is allowed. networks: those allowed beside the public internet.

    resolve: from a host and a port to its addresses; the system's resolver unless told.
    """

    def __init__(self, networks: Sequence[Network] = (), resolve: Resolve | None = None) -> None:
        self._networks = tuple(networks)
        self._resolve = resolve or Resolver()

    def check(self, url: str) -> Target:
        """What can be told of an address without asking anybody. Raises `Unreachable`."""
        target = parse(url)
        with suppress(ValueError):
            self._check_address(target, ipaddress.ip_address(target.host))
        return target

    async def get(
        self,
        url: str,
        *,
        most: int,
        seconds: float,
        arrived: Callable[[int], None] = lambda count: None,
        allowed: Callable[[str], bool] = lambda url: True,
    ) -> Reply:
        """The answer of an address, after at most three redirects, each of them checked.

        most: bytes of a body; seconds: for everything. arrived: called with the count of bytes
        that have come, before they are kept; what it raises ends the exchange. allowed: whether an
        address may be asked at all; where a redirect leads, too. Raises `Unreachable`, also when
        the answer is longer, late, or no success.
        """
        async with _within(seconds):
            for _ in range(MAX_REDIRECTS + 1):
                if not allowed(url):
                    raise Unreachable("The address leads to one that is not allowed.")
                reply = await self._ask("GET", url, {"accept": "image/*"}, b"", most, arrived)
                if reply.status not in (301, 302, 303, 307, 308):
                    break
                url = urljoin(url, reply.headers.get("location", ""))
            if reply.status != 200:
                raise Unreachable(f"The address answered with status {reply.status}.")
            return reply

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, most: int, seconds: float
    ) -> Reply:
        """The answer to a body; redirects are not followed. Raises `Unreachable`."""
        async with _within(seconds):
            return await self._ask("POST", url, headers, body, most)

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        most: int,
        arrived: Callable[[int], None] = lambda count: None,
    ) -> Reply:
        target = self.check(url)
        address = await self._address(target)
        try:
            reader, writer = await asyncio.open_connection(
                str(address),
                target.port,
                ssl=ssl.create_default_context() if target.scheme == "https" else None,
                server_hostname=target.host.rstrip(".") if target.scheme == "https" else None,
            )
        except OSError as error:
            raise _refusal(target, f"no connection: {error}") from error
        try:
            return await _exchange(reader, writer, method, target, headers, body, most, arrived)
        except (OSError, h11.ProtocolError) as error:
            raise _refusal(target, f"the exchange broke off: {error}") from error
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _address(self, target: Target) -> Address:
        """The checked address to connect to."""
        try:
            found = [
                ipaddress.ip_address(text) for text in await self._resolve(target.host, target.port)
            ]
        except (OSError, ValueError) as error:
            raise _refusal(target, f"not resolved: {error}") from error
        if not found:
            raise _refusal(target, "it has no address")
        for address in found:
            self._check_address(target, address)
        return found[0]

    def _check_address(self, target: Target, address: Address) -> None:
        allowed = any(
            address.version == network.version and address in network for network in self._networks
        )
        if not allowed and not is_public(address):
            raise _refusal(target, f"{address} is not public")


def is_public(address: Address) -> bool:
    """Whether an address is one of a single host on the public internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if getattr(address, "scope_id", None) is not None or address not in _PUBLIC_6:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)


def parse(url: str) -> Target:
    """The parts of an http or https address. Raises `Unreachable` for whatever is odd."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    except ValueError:
        raise Unreachable("The address is malformed.") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    odd = (
        len(url) > MAX_URL
        or parts.scheme not in _PORTS
        or not _HOST.fullmatch(host)
        or not _TARGET.fullmatch(path)
        or (port < 1024 and port not in _PORTS.values())
    )
    if odd:
        raise Unreachable(
            "The address must be an http or https one, in ASCII, without user and password, of "
            f"at most {MAX_URL} characters, with the port 80, 443 or one from 1024."
        )
    return Target(parts.scheme, host.strip("[]").lower(), port, path)


def networks_of(text: str) -> tuple[Network, ...]:
    """Networks with commas between, as the setting has them. Raises `InvalidSetting`."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InvalidSetting(
            f"reachable_networks: {error}; allowed: networks such as 10.1.0.0/16, with commas "
            "between.",
            field="reachable_networks",
        ) from None


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    method: str,
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    most: int,
    arrived: Callable[[int], None],
) -> Reply:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
    sent = {
        "host": target.authority,
        "user-agent": f"windstill/{__version__}",
        "accept-encoding": "identity",
        "connection": "close",
        **({"content-length": str(len(body))} if method == "POST" else {}),
        **headers,
    }
    request = h11.Request(method=method, target=target.path, headers=list(sent.items()))
    events = (request, h11.Data(data=body), h11.EndOfMessage())
    writer.write(b"".join(connection.send(event) or b"" for event in events))
    await writer.drain()
    status, told, kept = 0, {}, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            status = event.status_code
            told = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers
            }
        elif isinstance(event, h11.Data):
            if len(kept) + len(event.data) > most:
                raise ReplyTooLarge(f"The address answered with more than {most:,} bytes.")
            arrived(len(event.data))
            kept += event.data
        elif not isinstance(event, h11.InformationalResponse):
            return Reply(status, told, bytes(kept))


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unreachable(f"The address did not answer within {seconds:g} seconds.") from None


def _refusal(target: Target, reason: str) -> Unreachable:
    # The reason would tell a client what is inside the operator's network.
    logger.info("an address was refused", extra={"facts": {"host": target.host, "reason": reason}})
    return Unreachable("The address can't be reached from here.")
