"""A request as JSON, read into the same form as a multipart one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request

from windstill.http.advice import check_not_compressed
from windstill.http.multipart import MAX_NAME, Form, FormLimits, body_chunks
from windstill.http.refusals import Reason, RequestRefused
from windstill.http.uploads import Held

MAX_BYTES = 64 * 1024


async def read_json(request: Request, limits: FormLimits, held: Held) -> Form:
    """The form that a JSON object tells: options in its member `options`, all else beside it.

    Raises `RequestRefused` when the body is no such object.
    """
    check_not_compressed(request)
    body = bytearray()
    async for chunk in body_chunks(request, MAX_BYTES, limits.seconds, limits.rate):
        held.take(len(chunk))
        body += chunk
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestRefused(Reason.BROKEN_BODY, "The body is not valid JSON.") from None
    if not isinstance(told, dict):
        raise RequestRefused(Reason.BROKEN_BODY, "The body is not a JSON object.")
    options = told.pop("options", {})
    if not isinstance(options, dict):
        raise RequestRefused(Reason.BROKEN_BODY, "options is not a JSON object.", field="options")
    form = Form()
    for name, value in _members(told, options):
        if name in limits.texts:
            form.texts[name] = _text(name, value, limits.text_bytes)
        else:
            # A lone surrogate, which JSON can spell, could not be told in the answer.
            form.unknown = form.unknown or name[:MAX_NAME].encode(errors="replace").decode()
    return form


def _members(*objects: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for members in objects:
        yield from members.items()


def _text(name: str, value: object, most: int) -> str:
    """A value as the text that a form would carry."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str) and len(value) <= most:
        return value
    raise RequestRefused(
        Reason.INVALID_FIELD, f"{name} is not a text, number, true or false.", field=name
    )
