"""Results by signed link: GET and HEAD, with ranges, without a key, until the time in the link."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from windstill.http.refusals import ClientGone
from windstill.http.service import Service, service_of
from windstill.jobs.errors import BlobMissing, LinkRefused
from windstill.jobs.media import saved_as
from windstill.jobs.ports import BlobInfo

_RANGE = re.compile(r"\s*(\d{0,19})-(\d{0,19})\s*", re.A)

WRITE_SECONDS = 60.0
"""A client that takes nothing for so long is let go, so that it can't hold a file open."""


MAX_AGE = 3600
"""How many seconds a browser may show its own copy, at most; never beyond the link's time."""


class LocalFiles(Protocol):
    """What delivery needs of a blob store whose links lead to this service."""

    def check(self, name: str, expires: str, signature: str) -> BlobInfo:
        """The blob, when the link is genuine and its time is not over."""

    def path(self, name: str) -> Path:
        """Where its bytes are."""


async def deliver(request: Request) -> Response:
    """`GET` and `HEAD` of a result. Any refusal is the same 404, so that nothing can be probed."""
    service = service_of(request)
    query = request.query_params
    name = request.path_params["name"]
    try:
        info, path, stat = await run_in_threadpool(
            _genuine, service, name, query.get("expires", ""), query.get("signature", "")
        )
    except (BlobMissing, LinkRefused, OSError):
        raise BlobMissing("This link is not valid, or its time is over.") from None
    return TimedFileResponse(
        path,
        media_type=info.mime,
        stat_result=stat,
        headers=_headers(
            name,
            float(query["expires"]) - service.engine.clock(),
            save=query.get("download", "") not in ("", "0"),
        ),
    )


def _genuine(
    service: Service, name: str, expires: str, signature: str
) -> tuple[BlobInfo, Path, os.stat_result]:
    blobs = service.engine.blobs
    if not hasattr(blobs, "check"):
        raise BlobMissing("Results are not served from here.")
    local = cast(LocalFiles, blobs)
    info = local.check(name, expires, signature)
    path = local.path(name)
    return info, path, path.stat()


def local_file(service: Service, name: str) -> tuple[Path, os.stat_result, str]:
    """Where a blob's bytes are, what the system knows of them, and their type.

    Raises `BlobMissing`, also where the store serves files itself.
    """
    blobs = cast(LocalFiles, service.engine.blobs)
    try:
        path = blobs.path(name)
        return path, path.stat(), service.engine.blobs.stat(name).mime
    except OSError:
        raise BlobMissing("The result is gone.") from None


def _headers(name: str, seconds_left: float, *, save: bool) -> Mapping[str, str]:
    """save: browsers shall store the file instead of showing it."""
    how = "attachment" if save else "inline"
    age = max(0, min(MAX_AGE, int(seconds_left)))
    return {
        "content-disposition": f'{how}; filename="{saved_as(name)}"',
        "cache-control": f"private, max-age={age}",
        "cross-origin-resource-policy": "cross-origin",
        "x-robots-tag": "noindex",
        # A page that was made runs its script, but not as one of this service's own.
        **({"content-security-policy": "sandbox allow-scripts"} if name.endswith(".html") else {}),
    }


def _understood(asked: str) -> bool:
    """Whether a Range header is one of bytes; any other is as good as none (RFC 9110, 14.2)."""
    unit, _, ranges = asked.partition("=")
    return unit.strip().lower() == "bytes" and all(map(_is_range, ranges.split(",")))


def _is_range(text: str) -> bool:
    match = _RANGE.fullmatch(text)
    if match is None:
        return False
    first, last = match.groups()
    return int(first) <= int(last) if first and last else bool(first or last)


class TimedFileResponse(FileResponse):
    """A file response that gives up on a client that stops reading."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with the file, or the ranges of it that are asked for."""
        if not _understood(Headers(scope=scope).get("range", "")):
            kept = [pair for pair in scope["headers"] if pair[0] != b"range"]
            scope = {**scope, "headers": kept}

        async def timed(message: Message) -> None:
            async with asyncio.timeout(WRITE_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, timed)
        except TimeoutError:
            raise ClientGone from None  # it takes nothing any more
