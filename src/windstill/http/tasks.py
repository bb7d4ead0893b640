"""The platform's polling of asynchronous tasks, answered for jobs of this service.

The compatible endpoint is synchronous and names no task; this route is for programs that poll
whatever they are given. A job's id is its task id.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from windstill.http.envelope import success
from windstill.http.micro_motion import result_url
from windstill.http.refusals import Reason, RequestRefused, failure_of
from windstill.http.service import ids_of, service_of
from windstill.jobs.errors import BlobMissing
from windstill.jobs.model import State

STATUS = {State.QUEUED: 0, State.RUNNING: 1, State.SUCCEEDED: 2}
"""The platform's numbers. A task that failed is answered as the error it failed with."""


async def query_async_task_result(request: Request) -> Response:
    """`GET` with `task_id` in the query string."""
    service = service_of(request)
    key = await service.authenticate(request)
    task_id = request.query_params.get("task_id", request.query_params.get("taskId"))
    if task_id is None:
        raise RequestRefused(Reason.MISSING_PART, "task_id is missing in the query string.")
    if not task_id.strip():
        raise RequestRefused(Reason.EMPTY_PART, "task_id is empty.")
    job = await service.engine.call(service.engine.job, task_id.strip(), key.id)
    if job.state is State.EXPIRED:
        raise BlobMissing("The result's time is over.")
    if job.state not in STATUS:
        raise failure_of(job.failure)
    data = {"url": result_url(request, service, job)} if job.state is State.SUCCEEDED else {}
    return success(ids_of(request), task_status=STATUS[job.state], data=data)
