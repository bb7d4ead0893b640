"""A client of a Windstill service: its native API (/v1), and the compatible endpoint.

    from windstill import Client, Options

    with Client("http://127.0.0.1:8080", key="...") as client:
        client.animate("photo.jpg", Options(strength="calm"), output="loop.mp4")

`AsyncClient` has the same methods to be awaited. Needs the extra `client`.
"""

from __future__ import annotations

from windstill.extras import needs

try:
    import httpx as _httpx  # noqa: F401
except ModuleNotFoundError as error:  # pragma: no cover
    raise ModuleNotFoundError(
        needs("windstill.Client needs", "httpx", "client"), name=error.name
    ) from error

from windstill.client.answers import (
    CompatibleResult,
    RemoteAnimation,
    RemoteMattes,
    RemotePage,
    RemotePreview,
    RemoteResult,
)
from windstill.client.asynchronous import AsyncClient
from windstill.client.errors import AnimationFailed, ServiceError, ServiceUnreachable
from windstill.client.synchronous import Client

__all__ = [
    "AnimationFailed",
    "AsyncClient",
    "Client",
    "CompatibleResult",
    "RemoteAnimation",
    "RemoteMattes",
    "RemotePage",
    "RemotePreview",
    "RemoteResult",
    "ServiceError",
    "ServiceUnreachable",
]
