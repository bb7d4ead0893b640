"""What strangers are told of defects, and how long they may hold what they don't take."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Message

from windstill.http import files
from windstill.http.boundary import Boundary
from windstill.http.connections import Connections
from windstill.http.files import TimedFileResponse
from windstill.http.native import events
from windstill.http.refusals import ClientGone
from windstill.http.service import Service
from windstill.settings import Settings

INSIDE = "/var/lib/windstill/windstill.db of postgresql://user:password@db"


async def broken(request: Request) -> Response:
    raise RuntimeError(INSIDE)


@pytest.mark.parametrize("path", ["/v1/animations", "/api/image/x"])
def test_a_defect_is_one_sentence(path: str, caplog: pytest.LogCaptureFixture) -> None:
    service = SimpleNamespace(
        settings=Settings(),
        metrics=SimpleNamespace(count=lambda *told: None),
        connections=Connections(9, 9),
        draining=False,
    )
    application = Boundary(Router([Route(path, broken)]), cast(Service, service))
    transport = httpx.ASGITransport(cast(Any, application))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path)

    answer = asyncio.run(ask())
    assert answer.status_code >= 500
    for word in ("/var/lib", "password", "RuntimeError", "Traceback"):
        assert word not in answer.text
    assert INSIDE in caplog.text


async def never(message: Message) -> None:
    """A connection whose client reads nothing."""
    await asyncio.Event().wait()


async def silent() -> Message:
    """A connection whose client sends nothing more."""
    await asyncio.Event().wait()
    return {}


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Runs what must end by itself."""

    async def bounded() -> None:
        task = asyncio.ensure_future(work)
        ended, _ = await asyncio.wait([task], timeout=20)
        assert ended, "it goes on"
        await task

    asyncio.run(bounded())


def test_a_file_is_not_held_open_by_who_does_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WRITE_SECONDS", 0.05)
    (tmp_path / "video").write_bytes(bytes(1000))
    scope = {"type": "http", "method": "GET", "headers": [], "extensions": {}}
    with pytest.raises(ClientGone):
        soon(TimedFileResponse(tmp_path / "video")(scope, silent, never))


def test_events_are_not_told_to_who_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "WRITE_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        soon(events._send(never, b"event: progress\n\n"))
