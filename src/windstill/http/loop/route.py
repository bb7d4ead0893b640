"""`GET /loop/...`: a photo's address in, its loop out; the same asked again is the same job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from windstill.http.files import TimedFileResponse, local_file
from windstill.http.guard import Unreachable
from windstill.http.loop.address import LoopAddress, read_address
from windstill.http.loop.results import RETRY_SECONDS, Results
from windstill.http.loop.signers import Signers
from windstill.http.loop.sources import Sources
from windstill.http.native.animations import unless_left
from windstill.http.native.asking import FETCH_SECONDS, checked_photo
from windstill.http.native.catalogue import photo_limits
from windstill.http.native.problems import LOOP_ROOT
from windstill.http.numbers import whole_number
from windstill.http.refusals import Reason, RequestRefused, failure_of
from windstill.http.service import Service, service_of
from windstill.jobs.access import AccessRing
from windstill.jobs.accounts import Key
from windstill.jobs.engine import Engine, Submission
from windstill.jobs.errors import BlobMissing
from windstill.jobs.model import ANIMATE, MATTES, Job, State
from windstill.jobs.task import payload
from windstill.opening import access_secret
from windstill.settings import Settings

POSTER = "jpg"


def loop_routes(settings: Settings, engine: Engine) -> tuple[Route, ...]:
    """The route of signed addresses, where the operator allows any source."""
    sources = Sources(settings.loop_sources)
    if not sources:
        return ()
    signers = Signers(AccessRing(engine.keys, access_secret(settings)), engine.steady)
    loops = Loops(signers, sources, Results(engine))

    async def answer(request: Request) -> Response:
        return await loops.answer(request)

    return (Route(f"{LOOP_ROOT}{{rest:path}}", answer, methods=["GET"]),)


class Loops:
    """Answers signed addresses of one service."""

    def __init__(self, signers: Signers, sources: Sources, results: Results) -> None:
        self._signers = signers
        self._sources = sources
        self._results = results

    async def answer(self, request: Request) -> Response:
        """One request, from its signature to the file, or to 202 while that is being made."""
        service = service_of(request)
        seconds = _wait_seconds(request, service)
        key, asked = await self._asked(request, service)
        job = await self._job(request, service, key, asked)
        request.state.facts["job"] = job.id
        waited = await unless_left(request, service, service.engine.wait_async(job.id, seconds))
        job = job if waited is None else waited
        if not job.finished:
            return JSONResponse(
                {"id": job.id, "state": job.state.value},
                status_code=202,
                headers={"retry-after": str(RETRY_SECONDS)},
            )
        if job.state is not State.SUCCEEDED:
            raise failure_of(job.failure)
        return await _file(request, service, job, asked)

    async def _asked(self, request: Request, service: Service) -> tuple[Key, LoopAddress]:
        raw = request.scope["raw_path"].decode("latin-1")
        signature, slash, rest = raw.partition(LOOP_ROOT)[2].partition("/")
        path = slash + rest
        key = await service.engine.call(self._signers.signer, signature, path)
        request.state.facts["key"] = key.id
        asked = read_address(path)
        if asked.expires is not None and asked.expires <= service.engine.clock():
            raise RequestRefused(Reason.ADDRESS_EXPIRED, "The time of this address is over.")
        if not self._sources.allow(asked.source):
            raise RequestRefused(
                Reason.NOT_ALLOWED_HERE,
                "Photos of this address may not be animated here.",
                field="source",
            )
        return key, asked

    async def _job(self, request: Request, service: Service, key: Key, asked: LoopAddress) -> Job:
        """The job that makes what is asked for, or made it; there is one, whatever the crowd."""
        kind = MATTES if asked.is_matte else ANIMATE

        async def made(name: str) -> Job:
            await service.admit(key, kind=kind, cost=_cost(kind), idempotency_key=name)
            with service.uploads.hold(key.id) as held, service.fetches.hold(key.id):
                photo = await self._fetched(asked.source, service, held.take)
                return await service.engine.submit_async(
                    _submission(key, asked, kind, name, photo, service)
                )

        return await self._results.find(key.id, kind, asked.result_name, made)

    async def _fetched(self, source: str, service: Service, arrived: Any) -> bytes:
        limits = photo_limits(service.settings)
        try:
            reply = await service.guard.get(
                source,
                most=limits.max_bytes,
                seconds=FETCH_SECONDS,
                arrived=arrived,
                allowed=self._sources.allow,
            )
        except Unreachable as error:
            raise Unreachable(error.message, field="source") from None
        return checked_photo(reply.body, limits)


def _cost(kind: str) -> int | None:
    return 0 if kind == MATTES else None


def _submission(
    key: Key, asked: LoopAddress, kind: str, name: str, photo: bytes, service: Service
) -> Submission:
    limits = photo_limits(service.settings)
    told: Mapping[str, Any] = payload(
        asked.options,
        asdict(limits) | {"formats": list(limits.formats)},
        # Made with every loop, so that both addresses are one job.
        poster=None if kind == MATTES else POSTER,
    )
    return Submission(
        key_id=key.id,
        photo=photo,
        payload=told,
        kind=kind,
        cost=_cost(kind),
        idempotency_key=name,
        patience=service.settings.finish_seconds,
    )


def _wait_seconds(request: Request, service: Service) -> float:
    """How long the request may wait: as long as the service's answers, or less, as `wait` says."""
    most = service.settings.answer_seconds
    text = request.query_params.get("wait")
    if text is None:
        return most
    seconds = whole_number(text, 0, 10**6)
    if seconds is None:
        raise RequestRefused(
            Reason.INVALID_FIELD, "wait is not a whole number of seconds.", field="wait"
        )
    return min(most, float(seconds))


async def _file(request: Request, service: Service, job: Job, asked: LoopAddress) -> Response:
    """The result's file; where an object store has it, the way there."""
    engine = service.engine
    extra = {"poster": "poster", "hair": "hair"}.get(asked.show)
    if job.result is None or job.expires_at is None:
        raise BlobMissing("The result is gone.")
    blob = job.result.blob if extra is None else job.result.extras[extra]
    end = min(job.expires_at, asked.expires or job.expires_at)
    age = max(0, int(end - engine.clock()))
    headers = {
        "etag": f'"{job.id}-{asked.show}"',
        "cache-control": f"public, max-age={age}",
        "cross-origin-resource-policy": "cross-origin",
    }
    known = {tag.strip().removeprefix("W/") for tag in _tags(request)}
    if headers["etag"] in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if engine.blobs.origin is not None:
        link = await run_in_threadpool(engine.link, job, extra)
        return RedirectResponse(link, 302, {**headers, "cache-control": "no-cache"})
    path, stat, mime = await run_in_threadpool(local_file, service, blob)
    if mime == "text/html":
        headers["content-security-policy"] = "sandbox allow-scripts"
    return TimedFileResponse(path, media_type=mime, stat_result=stat, headers=headers)


def _tags(request: Request) -> list[str]:
    return request.headers.get("if-none-match", "").split(",")
