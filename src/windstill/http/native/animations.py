"""Animations: made, told, listed, cancelled."""

from __future__ import annotations

import asyncio
import base64
import binascii
import struct
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from windstill.http.native.asking import (
    FURTHER,
    IMAGE_URL,
    OPTIONS,
    WEBHOOK,
    read_asked,
    wait_seconds,
)
from windstill.http.native.catalogue import photo_limits
from windstill.http.native.objects import animation
from windstill.http.numbers import whole_number
from windstill.http.refusals import ClientGone, Reason, RequestRefused
from windstill.http.service import Service, service_of
from windstill.http.waiting import disconnected
from windstill.jobs.accounts import Key
from windstill.jobs.callbacks import Callback
from windstill.jobs.errors import UnknownJob
from windstill.jobs.model import ANIMATE, Job

KIND = ANIMATE
TEXTS = (*OPTIONS, *FURTHER, "priority", IMAGE_URL, WEBHOOK)
MAX_LIMIT = 100
DEFAULT_LIMIT = 20
CANCEL_SECONDS = 3.0
"""How long a cancelled job may take to end before it is told as still running."""

_CURSOR = struct.Struct(">d16s")
T = TypeVar("T")


async def create(request: Request) -> Response:
    """`POST` with a photo: 202 with the animation, or 201 when it is finished within `Prefer`."""
    service, key = await caller(request)
    job = await _submitted(request, service, key)
    seconds = wait_seconds(request)
    headers = {"location": f"/v1/animations/{job.id}"}
    if seconds:
        headers["preference-applied"] = f"wait={seconds:g}"
        job = await _waited(request, service, job, seconds)
    return _told(request, service, job, 201 if job.finished else 202, headers)


async def _submitted(request: Request, service: Service, key: Key) -> Job:
    """The job that the request asks for. When it returns, the photo is in memory no more."""
    name = request.headers.get("idempotency-key")
    await service.admit(key, idempotency_key=name)
    with service.uploads.hold(key.id) as held:
        asked = await read_asked(request, service, key, TEXTS, held)
        submission = asked.submission(
            key.id,
            photo_limits(service.settings),
            kind=KIND,
            priority=asked.priority,
            idempotency_key=name,
            patience=service.settings.finish_seconds,
            callback=asked.webhook and Callback(asked.webhook, service.address(request, "")),
        )
        job = await service.engine.submit_async(submission)
    request.state.facts.update(job=job.id, bytes=len(asked.photo))
    return job


async def webhook_secret(request: Request) -> Response:
    """`GET`: what the signatures of the caller's webhooks are checked with."""
    service, key = await caller(request)
    if service.courier is None:
        raise RequestRefused(Reason.NOT_ALLOWED_HERE, "This service sends no webhooks.")
    return JSONResponse({"secret": service.courier.secret_of(key.id)})


async def show(request: Request) -> Response:
    """`GET`: one animation."""
    service, job = await own_animation(request)
    return _told(request, service, job)


async def cancel(request: Request) -> Response:
    """`DELETE`: cancels an animation that is not finished; of a finished one, erases the result."""
    service, job = await own_animation(request)
    await run_in_threadpool(service.engine.cancel, job.id)
    job = await service.engine.wait_async(job.id, CANCEL_SECONDS)
    job = await run_in_threadpool(service.engine.erase, job.id)
    return _told(request, service, job)


async def listing(request: Request) -> Response:
    """`GET`: the caller's animations, newest first, in pages."""
    service, key = await caller(request)
    limit = _limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
    cursor = request.query_params.get("cursor")
    before = None if cursor is None else _position(cursor)
    found = await service.engine.call(
        partial(service.engine.jobs, key.id, kind=KIND, limit=limit + 1, before=before)
    )
    page = found[:limit]
    more = len(found) > limit
    return JSONResponse(
        {
            "animations": [
                animation(job, service.engine, lambda path: service.address(request, path))
                for job in page
            ],
            "next": _cursor(page[-1]) if more else None,
        }
    )


async def caller(request: Request) -> tuple[Service, Key]:
    """The service, and whose key the request carries."""
    service = service_of(request)
    return service, await service.authenticate(request, bearer=True)


async def own_animation(request: Request) -> tuple[Service, Job]:
    """The animation that the path names. Raises `UnknownJob`, also for one of another key."""
    service, key = await caller(request)
    job = await service.engine.call(service.engine.job, request.path_params["id"], key.id)
    if job.kind != KIND:
        raise UnknownJob("There is no such animation.")
    return service, job


async def unless_left(request: Request, service: Service, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns; None when the service must stop first.

    Raises `ClientGone` when the client leaves first. Either way `work` is cancelled.
    """
    left = asyncio.create_task(disconnected(request))
    stopped = asyncio.create_task(service.gone.wait())
    done = asyncio.create_task(work)
    try:
        await asyncio.wait({left, stopped, done}, return_when=asyncio.FIRST_COMPLETED)
        if done.done():
            return done.result()
        if stopped.done():
            return None
        raise ClientGone
    finally:
        for task in (left, stopped, done):
            task.cancel()
        await asyncio.gather(left, stopped, done, return_exceptions=True)


async def _waited(request: Request, service: Service, job: Job, seconds: float) -> Job:
    waited = await unless_left(request, service, service.engine.wait_async(job.id, seconds))
    return job if waited is None else waited


def _told(
    request: Request,
    service: Service,
    job: Job,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    content = animation(job, service.engine, lambda path: service.address(request, path))
    return JSONResponse(content, status_code=status, headers=headers)


def _limit(text: str) -> int:
    limit = whole_number(text, 1, MAX_LIMIT)
    if limit is None:
        raise RequestRefused(
            Reason.INVALID_FIELD,
            f"limit is not a whole number from 1 to {MAX_LIMIT}.",
            field="limit",
        )
    return limit


def _cursor(job: Job) -> str:
    """Where the page that ends with this job ends."""
    packed = _CURSOR.pack(job.created_at, bytes.fromhex(job.id))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def _position(cursor: str) -> tuple[float, str]:
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        created_at, job_id = _CURSOR.unpack(packed)
    except (binascii.Error, struct.error, ValueError):
        raise RequestRefused(
            Reason.INVALID_FIELD,
            "cursor is not one that this service gave: send next of the page before.",
            field="cursor",
        ) from None
    return created_at, job_id.hex()
