"""The compatible endpoint: a photo in, the link to its loop out, in one answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from windstill.http.advice import missing_image
from windstill.http.envelope import success
from windstill.http.multipart import Form, FormLimits, read_form
from windstill.http.refusals import Reason, RequestRefused, failure_of
from windstill.http.service import Service, ids_of, service_of
from windstill.http.waiting import finished
from windstill.jobs.engine import Submission
from windstill.jobs.model import Job, Result, State
from windstill.jobs.task import payload
from windstill.options import Operation, Options
from windstill.photo import COMPATIBLE_LIMITS
from windstill.photo.signature import accepted_format
from windstill.settings import CompatibleFormat, Settings

OPERATIONS = tuple(word for word in get_args(Operation) if word != "auto")
WARNING_HEADER = "x-windstill-warning"
PRIORITY = 1
"""Whoever waits on an open connection comes before those who will ask again."""


async def image_fine_tuning(request: Request) -> Response:
    """`POST` with the parts `image` and `operation`; waits for the job and answers its link."""
    service = service_of(request)
    job = await _submitted(request, service)
    with service.pace.wait():
        # A second more than the job itself has, so that its own failure is what is told.
        job = await finished(request, service, job, service.settings.answer_seconds + 1)
    service.pace.saw(job.started_at, job.finished_at)
    return _answer(request, service, job)


async def _submitted(request: Request, service: Service) -> Job:
    """The job that the request asks for. When it returns, the photo is in memory no more."""
    key = await service.authenticate(request)
    service.pace.admit()
    await service.admit(key)
    with service.uploads.hold(key.id) as held:
        form = await read_form(request, _form_limits(service.settings), held)
        operation = _operation(form, request)
        photo = _photo(form)
        submission = Submission(
            key_id=key.id,
            photo=photo,
            payload=job_payload(service.settings, operation, service.settings.format),
            attached=True,
            priority=PRIORITY,
            patience=service.settings.answer_seconds,
        )
        # Others may have come while the body was read.
        service.pace.admit()
        job = await service.engine.submit_async(submission)
    request.state.facts.update(job=job.id, bytes=len(photo), operation=operation)
    return job


def job_payload(
    settings: Settings, operation: Operation, format: CompatibleFormat
) -> dict[str, object]:
    """What the job's process is told to do."""
    options = Options(
        operation=operation,
        seconds=settings.seconds,
        fps=settings.fps,
        strength=settings.strength,
        format=format,
        quality=settings.quality,
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
        rate=settings.upload_rate,
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
        raise RequestRefused(Reason.MISSING_PART, missing_image(form.unknown))
    if image.size == 0:
        raise RequestRefused(Reason.EMPTY_PART, "image is an empty file.")
    COMPATIBLE_LIMITS.check_bytes(image.size)
    accepted_format(image.data, COMPATIBLE_LIMITS)
    return image.data


def _answer(request: Request, service: Service, job: Job) -> Response:
    result = result_of(job)
    response = success(ids_of(request), data={"url": result_url(request, service, job)})
    response.headers.update(warning_headers(result))
    return response


def result_of(job: Job) -> Result:
    """What a finished job made. Raises what it failed with."""
    if job.state is not State.SUCCEEDED or job.result is None:
        raise failure_of(job.failure)
    return job.result


def warning_headers(result: Result) -> dict[str, str]:
    """A header with the codes of a result's warnings, if it has any."""
    warnings = [str(notice["code"]) for notice in result.facts.get("warnings", ())]
    return {WARNING_HEADER: ", ".join(warnings)} if warnings else {}


def result_url(request: Request, service: Service, job: Job) -> str:
    """Where the job's result can be fetched without a key until it expires."""
    return service.address(request, service.engine.link(job))
