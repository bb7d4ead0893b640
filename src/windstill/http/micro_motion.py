"""The compatible endpoint: a photo in, the link to its loop out, in one answer."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import cast, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from windstill.http.envelope import success
from windstill.http.multipart import Form, FormLimits, read_form
from windstill.http.refusals import ClientGone, Reason, RequestRefused, failure_of
from windstill.http.service import Service, ids_of, service_of
from windstill.http.waiting import disconnected
from windstill.jobs.engine import Submission
from windstill.jobs.errors import Draining
from windstill.jobs.model import Job, State
from windstill.jobs.task import payload
from windstill.options import Operation, Options
from windstill.photo import COMPATIBLE_LIMITS
from windstill.photo.signature import accepted_format
from windstill.settings import Settings

OPERATIONS = tuple(word for word in get_args(Operation) if word != "auto")
WARNING_HEADER = "x-windstill-warning"
PRIORITY = 1
"""Whoever waits on an open connection comes before those who will ask again."""


async def image_fine_tuning(request: Request) -> Response:
    """`POST` with the parts `image` and `operation`; waits for the job and answers its link."""
    service = service_of(request)
    key = await service.authenticate(request)
    service.admit()
    async with service.upload():
        form = await read_form(request, _form_limits(service.settings))
        operation = _operation(form, request)
        photo = _photo(form)
        submission = Submission(
            key_id=key.id,
            photo=photo,
            payload=job_payload(service.settings, operation),
            attached=True,
            priority=PRIORITY,
            patience=service.settings.answer_seconds,
        )
        # Others may have come while the body was read.
        service.pace.admit()
        job = await service.engine.submit_async(submission)
    request.state.facts.update(job=job.id, bytes=len(photo), operation=operation)
    with service.pace.wait():
        job = await _finished(request, service, job)
    service.pace.saw(job.started_at, job.finished_at)
    return _answer(request, service, job)


def job_payload(settings: Settings, operation: Operation) -> dict[str, object]:
    """What the job's process is told to do."""
    options = Options(
        operation=operation,
        seconds=settings.seconds,
        fps=settings.fps,
        strength=settings.strength,
        format=settings.format,
    )
    return payload(
        options,
        limits=asdict(COMPATIBLE_LIMITS),
        require_motion=settings.nothing_to_move == "refuse",
    )


def _form_limits(settings: Settings) -> FormLimits:
    return FormLimits(
        files={"image": COMPATIBLE_LIMITS.max_bytes},
        texts=("operation",),
        body_bytes=settings.max_body_bytes,
        parts=settings.max_parts,
        seconds=settings.upload_seconds,
        wanted="the parts image (a file) and operation",
    )


def _operation(form: Form, request: Request) -> Operation:
    sent = form.texts.get("operation")
    given = sent or request.query_params.get("operation")
    given = given.strip() if given is not None else sent
    allowed = f"allowed are {', '.join(OPERATIONS)}"
    if given is None:
        raise RequestRefused(Reason.MISSING_PART, f"operation is missing; {allowed}.")
    if not given:
        raise RequestRefused(Reason.EMPTY_PART, f"operation is empty; {allowed}.")
    if given not in OPERATIONS:
        shown = f" {given!r}" if given.isascii() and len(given) <= 20 else " something else"
        raise RequestRefused(Reason.INVALID_OPERATION, f"operation is{shown}; {allowed}.")
    return cast(Operation, given)


def _photo(form: Form) -> bytes:
    """The photo's bytes, after what can be told without decoding; the rest is the job's matter."""
    image = form.files.get("image")
    if image is None:
        raise RequestRefused(Reason.MISSING_PART, "image is missing: send the photo as a file.")
    if image.size == 0:
        raise RequestRefused(Reason.EMPTY_PART, "image is an empty file.")
    COMPATIBLE_LIMITS.check_bytes(image.size)
    photo = bytes(image.data)
    accepted_format(photo, COMPATIBLE_LIMITS)
    return photo


async def _finished(request: Request, service: Service, job: Job) -> Job:
    """The job once it is finished. Cancels it when the client leaves or the service must stop."""
    left = asyncio.create_task(disconnected(request))
    stopped = asyncio.create_task(service.gone.wait())
    ended = asyncio.create_task(
        service.engine.wait_async(job.id, service.settings.answer_seconds + 1)
    )
    try:
        await asyncio.wait({left, stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and ended.result().finished:
            return ended.result()
        # Shielded from the server's own end, so that no job outlives its request.
        await asyncio.shield(run_in_threadpool(service.engine.cancel, job.id))
        if ended.done():
            raise RequestRefused(
                Reason.NO_ANSWER_IN_TIME,
                f"The loop was not ready within {service.settings.answer_seconds:g} seconds.",
            )
        if stopped.done():
            raise Draining("The service is about to stop.", retry_after=5)
        raise ClientGone
    finally:
        for task in (left, stopped, ended):
            task.cancel()
        await asyncio.gather(left, stopped, ended, return_exceptions=True)


def _answer(request: Request, service: Service, job: Job) -> Response:
    if job.state is not State.SUCCEEDED or job.result is None:
        raise failure_of(job.failure)
    response = success(ids_of(request), data={"url": result_url(request, service, job)})
    warnings = [str(notice["code"]) for notice in job.result.facts.get("warnings", ())]
    if warnings:
        response.headers[WARNING_HEADER] = ", ".join(warnings)
    return response


def result_url(request: Request, service: Service, job: Job) -> str:
    """Where the job's result can be fetched without a key until it expires."""
    return service.address(request, service.engine.link(job))
