"""Server-sent events: how far an animation is, as it happens (HTML standard, 9.2)."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from windstill.http.native.animations import own_animation, unless_left
from windstill.http.native.objects import animation, fraction
from windstill.http.refusals import ClientGone
from windstill.http.service import Service
from windstill.jobs.errors import EngineError
from windstill.jobs.model import Job

logger = logging.getLogger("windstill.http")

PAUSE = 0.1
"""Seconds between two reports of progress, at least."""
HEARTBEAT = 10.0
"""Seconds of silence after which a comment shows that the connection lives."""
WRITE_SECONDS = 60.0


async def events(request: Request) -> Response:
    """`GET`: `progress` events until the animation is finished, then one `done` event.

    A client that leaves changes nothing about the animation. When the service must stop, the
    stream ends without `done`: the client connects again and goes on.
    """
    service, job = await own_animation(request)
    return _EventStream(request, service, job)


class _EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, request: Request, service: Service, job: Job) -> None:
        super().__init__(headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._request = request
        self._service = service
        self._job = job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        if scope["method"] != "HEAD":
            try:
                await unless_left(Request(scope, receive), self._service, self._tell(send))
            except TimeoutError:
                raise ClientGone from None  # it takes nothing any more
            except EngineError as error:
                # The answer has begun: all that can be done is to let the client ask again.
                logger.error("the events of job %s break off: %s", self._job.id, error)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        last: dict[str, Any] = {}
        told_at = loop.time()
        async with aclosing(self._service.engine.follow(self._job.id)) as steps:
            async for job in steps:
                step = {"state": job.state, "stage": job.stage, "fraction": fraction(job)}
                if job.finished:
                    await _send(send, _event("done", self._object(job)))
                elif step != last:
                    await _send(send, _event("progress", step))
                    last, told_at = step, loop.time()
                    await asyncio.sleep(PAUSE)
                elif loop.time() - told_at > HEARTBEAT:
                    await _send(send, b": still at it\n\n")
                    told_at = loop.time()
                if self._service.draining:
                    return

    def _object(self, job: Job) -> dict[str, Any]:
        service, request = self._service, self._request
        return animation(job, service.engine, lambda path: service.address(request, path))


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def _send(send: Send, data: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await send({"type": "http.response.body", "body": data, "more_body": True})
