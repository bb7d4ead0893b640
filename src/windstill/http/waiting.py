"""Waiting for a job whose client waits for its answer, and noticing that the client has left."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from windstill.http.refusals import ClientGone, Reason, RequestRefused
from windstill.http.service import Service
from windstill.jobs.errors import Draining
from windstill.jobs.model import Job


async def finished(request: Request, service: Service, job: Job, seconds: float) -> Job:
    """The job once it is finished. Cancels it when the client leaves, the service must stop, or
    `seconds` are over: `ClientGone`, `Draining`, `RequestRefused`.
    """
    left = asyncio.create_task(disconnected(request))
    stopped = asyncio.create_task(service.gone.wait())
    ended = asyncio.create_task(service.engine.wait_async(job.id, seconds))
    try:
        await asyncio.wait({left, stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and ended.result().finished:
            return ended.result()
        # Shielded from the server's own end, so that no job outlives its request.
        await asyncio.shield(run_in_threadpool(service.engine.cancel, job.id))
        if ended.done():
            raise RequestRefused(
                Reason.NO_ANSWER_IN_TIME, f"The loop was not ready within {seconds:g} seconds."
            )
        if stopped.done():
            raise Draining("The service is about to stop.", retry_after=5)
        raise ClientGone
    finally:
        for task in (left, stopped, ended):
            task.cancel()
        await asyncio.gather(left, stopped, ended, return_exceptions=True)


async def disconnected(request: Request) -> None:
    """Returns when the client is gone; the request's body must have been read."""
    with suppress(RuntimeError):
        while (await request.receive())["type"] != "http.disconnect":
            pass
