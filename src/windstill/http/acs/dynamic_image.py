"""GenerateDynamicImage: a photo's address in, the link to its loop out, in one answer."""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.requests import Request

from windstill.http.acs.answers import Success
from windstill.http.acs.call import Call
from windstill.http.acs.refusals import AcsRefused
from windstill.http.acs.uploads import Uploads
from windstill.http.guard import Unreachable, parse
from windstill.http.micro_motion import (
    OPERATIONS,
    PRIORITY,
    job_payload,
    result_of,
    result_url,
    warning_headers,
)
from windstill.http.service import Service
from windstill.http.uploads import Held
from windstill.http.waiting import finished
from windstill.jobs.accounts import Key
from windstill.jobs.config import DYNAMIC_IMAGE
from windstill.jobs.engine import Submission
from windstill.options import Operation
from windstill.photo import COMPATIBLE_LIMITS
from windstill.photo.signature import accepted_format

ACTION, VERSION = "GenerateDynamicImage", "2019-09-30"
PATIENCE = 9.5
"""Seconds for everything: most clients give up at 10, by default, and then learn no reason."""
FETCH_SECONDS = 5.0


async def generate_dynamic_image(
    request: Request, service: Service, uploads: Uploads, call: Call, key: Key, deadline: float
) -> Success:
    """Waits for the job, and answers its link. deadline: of that, by the event loop's clock.

    Raises `AcsRefused` and what jobs are refused or fail with.
    """
    url = call.required("Url")
    operation = call.required("Operation")
    if operation not in OPERATIONS:
        allowed = f"Allowed are {', '.join(OPERATIONS)}."
        raise AcsRefused("InvalidParameter", allowed, name="Operation")
    clock = asyncio.get_running_loop().time
    service.pace.admit(deadline - clock())
    await service.admit(key, kind=DYNAMIC_IMAGE)
    with service.uploads.hold(key.id) as held:
        photo = await uploads.taken(request, service, key, url)
        if photo is None:
            seconds = min(FETCH_SECONDS, deadline - clock())
            with service.fetches.hold(key.id):
                photo = await _fetched(service, url, seconds, held)
        else:
            held.take(len(photo))
        # What can be told without decoding; the rest is the job's matter.
        COMPATIBLE_LIMITS.check_bytes(len(photo))
        accepted_format(photo, COMPATIBLE_LIMITS)
        # Others may have come while it was fetched.
        service.pace.admit(left := deadline - clock())
        submission = Submission(
            key_id=key.id,
            kind=DYNAMIC_IMAGE,
            photo=photo,
            payload=job_payload(
                service.settings,
                cast(Operation, operation),
                format="mp4" if service.settings.acs_api == "mp4" else "avi",
            ),
            attached=True,
            priority=PRIORITY,
            patience=left,
        )
        job = await service.engine.submit_async(submission)
    request.state.facts.update(job=job.id, bytes=len(photo), operation=operation)
    del photo, submission  # they are stored, and waiting may take long
    with service.pace.wait():
        job = await finished(request, service, job, left)
    service.pace.saw(job.started_at, job.finished_at)
    result = result_of(job)
    await uploads.used(request, service, url)
    return Success({"Data": {"Url": result_url(request, service, job)}}, warning_headers(result))


async def _fetched(service: Service, url: str, seconds: float, held: Held) -> bytes:
    """What is at an address. Raises `AcsRefused` for what is none, and `Unreachable`."""
    try:
        parse(url)
    except Unreachable as error:
        raise AcsRefused("InvalidFile.URL", error.message) from None
    reply = await service.guard.get(
        url, most=COMPATIBLE_LIMITS.max_bytes, seconds=seconds, arrived=held.take
    )
    return reply.body
