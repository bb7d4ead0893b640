"""The web page's files: read once, checked by ETag, and nothing else can be asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from windstill.http.refusals import unknown_path
from windstill.http.service import service_of

TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}

PAGE = "index.html"


@dataclass(frozen=True)
class StaticFile:
    """One file as it is served."""

    body: bytes
    type: str
    etag: str


async def page(request: Request) -> Response:
    """The web page."""
    response = _answer(request, catalogue()[PAGE])
    service = service_of(request)
    response.headers.update(
        _page_headers(service.settings.public_url, service.engine.blobs.origin or "")
    )
    return response


async def static(request: Request) -> Response:
    """One of the web page's files, by its exact name in the catalogue; anything else is a 404."""
    found = catalogue().get(request.path_params["name"])
    if found is None:
        raise unknown_path(request.url.path)
    return _answer(request, found)


@cache
def catalogue() -> dict[str, StaticFile]:
    """Every file that may be asked for, by its name below /static/."""
    return dict(_collect(files("windstill.http").joinpath("pages", "static"), ""))


def _collect(folder: Traversable, prefix: str) -> Iterator[tuple[str, StaticFile]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _collect(entry, f"{prefix}{entry.name}/")
            continue
        kind = TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None and not entry.name.startswith("."):
            body = entry.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            yield prefix + entry.name, StaticFile(body, kind, etag)


def _answer(request: Request, file: StaticFile) -> Response:
    # Names stay the same when the service is upgraded, so that a copy is always checked first.
    headers = {"cache-control": "no-cache", "etag": file.etag}
    known = {tag.strip().removeprefix("W/") for tag in _if_none_match(request)}
    if file.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.type, headers=headers)


def _if_none_match(request: Request) -> list[str]:
    return request.headers.get("if-none-match", "").split(",")


def _page_headers(public_url: str, files_origin: str) -> dict[str, str]:
    """What the page may load: its own files, the service, and what it made itself.

    The result's link may lead to another host than the page's: with `public_url`, and to the
    object store at `files_origin`, if there is one.
    """
    parts = urlsplit(public_url)
    public = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    own = " ".join(filter(None, ("'self'", public, files_origin)))
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"{own} blob: data:",
        "media-src": f"{own} blob:",
        "connect-src": own,
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "geolocation=(), microphone=(), payment=(), usb=()",
    }
