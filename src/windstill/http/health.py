"""What tells machines how the service is: alive, ready, and its metrics."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from windstill.http.refusals import unknown_path
from windstill.http.service import service_of


async def livez(request: Request) -> Response:
    """200 as long as the process answers at all."""
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 when new jobs are taken; 503 with the reasons while draining or when a part is broken."""
    service = service_of(request)
    problems = await run_in_threadpool(service.engine.healthy)
    if service.draining or service.engine.draining:
        problems = ["draining", *problems]
    status = "not ready" if problems else "ready"
    return JSONResponse(
        {"status": status, "problems": problems}, status_code=503 if problems else 200
    )


async def metrics(request: Request) -> Response:
    """Prometheus metrics, unless the operator has turned them off."""
    service = service_of(request)
    if not service.settings.metrics:
        raise unknown_path(request.url.path)
    text = await run_in_threadpool(service.metrics.text)
    return Response(text, media_type=service.metrics.content_type)
