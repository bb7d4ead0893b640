"""The web page's files: read once, compressed once, and nothing else can be asked for.

The page asks for them below a fingerprint of them all, /static/FINGERPRINT/NAME, where a browser
keeps them for a year: after an upgrade it asks below another one. The page itself is checked by its
ETag. It comes with its words in it, so that they are there before any script is.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
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
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "mp4": "video/mp4",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}

PAGE = "index.html"


_FOREVER = "public, max-age=31536000, immutable"
_ALWAYS_CHECKED = "no-cache"
_TEXT = re.compile(r"'([\w.]+)': '([^']*)'")
_PLACE = re.compile(r'(<(\w+)[^>]* data-t="([\w.]+)"[^>]*>)(</\2>)')


@dataclass(frozen=True)
class StaticFile:
    """One file as it is served, plain and compressed; None: it is compressed as it is."""

    body: bytes
    compressed: bytes | None
    type: str
    etag: str


async def page(request: Request) -> Response:
    """The web page, in the language that the browser prefers; its script may choose another."""
    response = _answer(request, _page_in(_language(request)), _ALWAYS_CHECKED)
    response.headers["vary"] = "Accept-Encoding, Accept-Language"
    service = service_of(request)
    response.headers.update(
        _page_headers(service.settings.public_url, service.engine.blobs.origin or "")
    )
    return response


async def static(request: Request) -> Response:
    """One of the web page's files, by its exact name in the catalogue; anything else is a 404."""
    name = request.path_params["name"]
    below, _, rest = name.partition("/")
    hashed = re.fullmatch(r"[0-9a-f]{16}", below) is not None
    found = catalogue().get(rest if hashed else name)
    if found is None:
        raise unknown_path(request.url.path)
    # Who still has the page of before an upgrade gets what there is now, and does not keep it.
    return _answer(request, found, _FOREVER if below == fingerprint() else _ALWAYS_CHECKED)


@cache
def fingerprint() -> str:
    """A word that changes whenever a file does."""
    tags = "".join(f"{name}{file.etag}" for name, file in sorted(catalogue().items()))
    return hashlib.sha256(tags.encode()).hexdigest()[:16]


@cache
def languages() -> dict[str, dict[str, str]]:
    """The texts of the page by language and key, out of the script that has them."""
    script = catalogue()["messages.js"].body.decode()
    parts = re.split(r"^const (\w\w) = \{$", script, flags=re.M)
    return {
        name: dict(_TEXT.findall(part)) for name, part in zip(parts[1::2], parts[2::2], strict=True)
    }


@cache
def _page_in(language: str) -> StaticFile:
    texts = languages()[language]
    page = catalogue()[PAGE].body.decode().replace('<html lang="en">', f'<html lang="{language}">')
    page = re.sub(r'"static/', f'"static/{fingerprint()}/', page)
    filled = _PLACE.sub(
        lambda found: f"{found[1]}{escape(texts.get(found[3], ''))}{found[4]}", page
    )
    return _file(filled.encode(), TYPES["html"])


def _language(request: Request) -> str:
    """The first language that the browser asks for and the page speaks."""
    asked = re.findall(r"(?:^|,)\s*(\w\w)", request.headers.get("accept-language", ""))
    return next((name for name in asked if name in languages()), "en")


@cache
def catalogue() -> dict[str, StaticFile]:
    """Every file that may be asked for, by its name below /static/."""
    player = files("windstill.web").joinpath("player")
    return {
        **dict(_collect(files("windstill.http").joinpath("pages", "static"), "")),
        **dict(_collect(player, "player/")),
    }


def _collect(folder: Traversable, prefix: str) -> Iterator[tuple[str, StaticFile]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _collect(entry, f"{prefix}{entry.name}/")
            continue
        kind = TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None and not entry.name.startswith("."):
            yield prefix + entry.name, _file(entry.read_bytes(), kind)


def _file(body: bytes, kind: str) -> StaticFile:
    tag = hashlib.sha256(body).hexdigest()[:32]
    textual = not kind.startswith(("image/jpeg", "video/"))
    return StaticFile(body, gzip.compress(body, mtime=0) if textual else None, kind, tag)


def _answer(request: Request, file: StaticFile, caching: str) -> Response:
    takes = re.search(r"\bgzip\b(?!\s*;\s*q=0(?![.\d]*[1-9]))", _accepted(request)) is not None
    compressed = file.compressed if takes else None
    etag = f'"{file.etag}"' if compressed is None else f'"{file.etag}-gz"'
    headers = {"cache-control": caching, "etag": etag, "vary": "Accept-Encoding"}
    known = {tag.strip().removeprefix("W/") for tag in _if_none_match(request)}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if compressed is not None:
        headers["content-encoding"] = "gzip"
    body = file.body if compressed is None else compressed
    return Response(body, media_type=file.type, headers=headers)


def _accepted(request: Request) -> str:
    return request.headers.get("accept-encoding", "")


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
