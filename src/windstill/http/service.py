"""What every handler works with: settings, engine, metrics, and who may call."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from starlette.requests import Request

from windstill.http.advice import misplaced_key
from windstill.http.connections import Connections
from windstill.http.envelope import Ids
from windstill.http.guard import Guard
from windstill.http.metrics import Metrics
from windstill.http.pace import Pace
from windstill.http.uploads import Fetches, UploadMemory
from windstill.jobs.accounts import Key
from windstill.jobs.engine import Engine
from windstill.jobs.errors import Draining, UnknownKey
from windstill.jobs.model import ANIMATE
from windstill.settings import Settings

if TYPE_CHECKING:
    from windstill.http.native.courier import Courier

KEY_HEADERS = ("ailabapi-api-key", "x-rapidapi-key")
MAX_KEY_LENGTH = 200

_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?",
    re.A,
)


@dataclass
class Service:
    """One running service. courier: sends webhooks, where that is allowed. draining: it takes
    nothing new; gone: it waits for nothing more.
    """

    settings: Settings
    engine: Engine
    metrics: Metrics
    pace: Pace
    guard: Guard
    connections: Connections
    uploads: UploadMemory
    fetches: Fetches
    courier: Courier | None = None
    draining: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def authenticate(self, request: Request, *, bearer: bool = False) -> Key:
        """Whose key the request carries. Raises `UnknownKey` or `RevokedKey`.

        bearer: it comes as a bearer token (RFC 6750), or in the first of the compatible headers.
        """
        names = KEY_HEADERS[:1] if bearer else KEY_HEADERS
        secret = next((request.headers[name] for name in names if name in request.headers), "")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if bearer and scheme.lower() == "bearer":
            secret = token.strip()
        if not secret or len(secret) > MAX_KEY_LENGTH:
            how = "as Authorization: Bearer KEY" if bearer else "in the header ailabapi-api-key"
            right = ("authorization", *names) if bearer else names
            found = None if secret else misplaced_key(request, right)
            if bearer and not secret and scheme and not token:
                found = "the header Authorization, without the word Bearer"
            instead = f" What looks like one is in {found}." if found else ""
            raise UnknownKey(f"The API key is missing or unknown: send it {how}.{instead}")
        key = await self.engine.call(self.engine.keys.authenticate, secret)
        request.state.facts["key"] = key.id
        return key

    async def admit(
        self,
        key: Key,
        *,
        kind: str = ANIMATE,
        cost: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Raises what a job of this key would be refused with; asked before a body is read."""
        self.check_open()
        await self.engine.call(
            partial(self.engine.check, key, kind=kind, cost=cost, idempotency_key=idempotency_key)
        )

    def check_open(self) -> None:
        """Raises `Draining` when nothing new is taken."""
        if self.draining or self.engine.draining:
            raise Draining("The service is about to stop.", retry_after=5)

    def address(self, request: Request, path: str) -> str:
        """The absolute address of `path` for this client; an absolute one stays as it is.

        Without `public_url` it begins with the host that the request named, if that is a host at
        all, else with the address at which the connection arrived.
        """
        if "://" in path:
            return path
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/") + path
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            name, port = request.scope["server"]
            host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        return f"{request.url.scheme}://{host}{path}"


def service_of(request: Request) -> Service:
    """The service that the application was made for."""
    return cast(Service, request.app.state.service)


def ids_of(request: Request) -> Ids:
    """The ids that the boundary gave this request."""
    return cast(Ids, request.state.ids)
