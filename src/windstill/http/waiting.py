"""Noticing that a client has left while its answer is being made."""

from __future__ import annotations

from contextlib import suppress

from starlette.requests import Request


async def disconnected(request: Request) -> None:
    """Returns when the client is gone; the request's body must have been read."""
    with suppress(RuntimeError):
        while (await request.receive())["type"] != "http.disconnect":
            pass
