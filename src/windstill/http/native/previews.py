"""What is found in a photo: a preview of how it would move, or its mattes at full size."""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from windstill.http.native.animations import caller, unless_left
from windstill.http.native.asking import PREVIEW_OPTIONS, read_asked
from windstill.http.native.catalogue import photo_limits
from windstill.http.native.objects import mattes, preview
from windstill.http.refusals import Reason, RequestRefused, failure_of
from windstill.http.service import Service
from windstill.jobs.accounts import Key
from windstill.jobs.errors import Draining
from windstill.jobs.model import MATTES, PREVIEW, Job, State

PRIORITY = 0
"""As animations that nobody waits for on a connection: what costs nothing never comes before what
is paid for.
"""


async def create(request: Request) -> Response:
    """`POST` with a photo: 201 with the preview, which costs no credits."""
    service, job = await _done(request, PREVIEW, PREVIEW_OPTIONS)
    content = preview(job, service.engine, lambda path: service.address(request, path))
    return JSONResponse(content, status_code=201)


async def find_mattes(request: Request) -> Response:
    """`POST` with a photo: 201 with its mattes at full size, which cost no credits."""
    service, job = await _done(request, MATTES, ())
    content = mattes(job, service.engine, lambda path: service.address(request, path))
    return JSONResponse(content, status_code=201)


async def _done(request: Request, kind: str, texts: tuple[str, ...]) -> tuple[Service, Job]:
    """The job of this kind that the request asks for, once it has succeeded."""
    service, key = await caller(request)
    job = await _finished(request, service, await _submitted(request, service, key, kind, texts))
    if job.state is not State.SUCCEEDED:
        raise failure_of(job.failure)
    return service, job


async def _submitted(
    request: Request, service: Service, key: Key, kind: str, texts: tuple[str, ...]
) -> Job:
    """The job that the request asks for. When it returns, the photo is in memory no more."""
    await service.admit(key, kind=kind, cost=0)
    with service.uploads.hold(key.id) as held:
        asked = await read_asked(request, service, key, texts, held)
        submission = asked.submission(
            key.id,
            photo_limits(service.settings),
            kind=kind,
            priority=PRIORITY,
            cost=0,
            attached=True,
            patience=service.settings.answer_seconds,
        )
        job = await service.engine.submit_async(submission)
    request.state.facts.update(job=job.id, bytes=len(asked.photo))
    return job


async def _finished(request: Request, service: Service, job: Job) -> Job:
    """The job once it is finished; without somebody who waits it is cancelled."""
    seconds = service.settings.answer_seconds + 1
    ended: Job | None = None
    try:
        waiting = service.engine.wait_async(job.id, seconds)
        ended = await unless_left(request, service, waiting)
    finally:
        if ended is None or not ended.finished:
            # Shielded from the server's own end, so that no job outlives its request.
            await asyncio.shield(run_in_threadpool(service.engine.cancel, job.id))
    if ended is None:
        raise Draining("The service is about to stop.", retry_after=5)
    if not ended.finished:
        raise RequestRefused(
            Reason.NO_ANSWER_IN_TIME, f"It was not ready within {seconds:g} seconds."
        )
    return ended
