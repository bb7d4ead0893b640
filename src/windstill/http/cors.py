"""Letting browsers call: preflights, and the headers of every answer (Fetch standard, CORS)."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import Scope

METHODS = "GET, HEAD, POST, OPTIONS"
REQUEST_HEADERS = (
    "ailabapi-api-key, x-rapidapi-key, x-rapidapi-host, authorization, content-type, accept, "
    "range, cache-control, x-requested-with, *"
)
"""Named for browsers that don't know *, and because * doesn't cover authorization."""

EXPOSED_HEADERS = (
    "x-request-id, x-windstill-warning, retry-after, content-length, content-range, "
    "content-disposition"
)


def preflight(methods: Collection[str]) -> Response:
    """The answer to OPTIONS on a path that knows `methods`; on an unknown path they are empty.

    Browsers may send what is not allowed, too, so that the page is told so in the envelope.
    `mark` says whether the origin is welcome.
    """
    allowed = ", ".join((*sorted(methods), "OPTIONS")) if methods else METHODS
    others = "".join(f", {method}" for method in sorted(methods) if method not in METHODS)
    return Response(
        status_code=204,
        headers={
            "allow": allowed,
            "access-control-allow-methods": METHODS + others,
            "access-control-allow-headers": REQUEST_HEADERS,
            "access-control-max-age": "86400",
        },
    )


def mark(origins: str, scope: Scope, headers: MutableHeaders) -> None:
    """Adds what lets the page of a welcome origin read the answer.

    origins: the setting, "*" or origins with commas between.
    """
    origin = Headers(scope=scope).get("origin")
    welcome = [part.strip().rstrip("/") for part in origins.split(",") if part.strip()]
    if "*" in welcome:
        headers["access-control-allow-origin"] = "*"
    else:
        headers.add_vary_header("Origin")
        if origin is None or origin not in welcome:
            return
        headers["access-control-allow-origin"] = origin
    headers["access-control-expose-headers"] = EXPOSED_HEADERS
