"""The API as described by OpenAPI, for programs and for people; the web page is in `static`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from windstill import __version__
from windstill.http.codes import codes
from windstill.http.native.description import meanings
from windstill.http.openapi import describe
from windstill.http.refusals import TABLE
from windstill.http.service import service_of
from windstill.http.static import fingerprint

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


async def openapi(request: Request) -> Response:
    """The OpenAPI description."""
    return JSONResponse(describe(service_of(request).settings))


async def docs(request: Request) -> Response:
    """The OpenAPI description as a page."""
    service = service_of(request)
    description = describe(service.settings)
    return _page(
        "docs.html",
        address=escape(service.address(request, "")),
        lifetime=lifetime(service.settings.result_seconds),
        version=escape(__version__),
        introduction=_paragraphs(description["info"]["description"]),
        operations="".join(
            _operation(path, method, operation)
            for path, item in description["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "delete")
        ),
        codes=_codes(),
        problems=_problems(),
    )


def _problems() -> str:
    """The table that the `type` of each problem of `/v1` points into."""
    rows = "".join(
        f'<tr id="{escape(m.code)}"><td><code>{escape(m.code)}</code></td><td>{m.status}</td>'
        f"<td>{escape(m.title)}</td></tr>"
        for m in meanings()
    )
    return f"<table><tr><th>code</th><th>status</th><th>meaning</th></tr>{rows}</table>"


def lifetime(seconds: int) -> str:
    """A span of time in words."""
    for unit, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"


def _page(name: str, **values: str) -> Response:
    text = Template(_resource(name)).substitute(fingerprint=fingerprint(), **values)
    return HTMLResponse(text, headers=_HEADERS)


@cache
def _resource(name: str) -> str:
    return files("windstill.http").joinpath("pages", name).read_text(encoding="utf-8")


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = [(status, answer["description"]) for status, answer in operation["responses"].items()]
    return "".join(
        (
            f"<h2>{escape(operation['summary'])}</h2>",
            f'<p><span class="method">{method.upper()}</span> <code>{escape(path)}</code></p>',
            _paragraphs(operation.get("description", "")),
            _parameters(operation.get("parameters", ())),
            '<div class="scroll" tabindex="0">',
            _table(("status", "meaning"), rows),
            "</div>",
            _example(operation["responses"].get("200", {})),
        )
    )


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (parameter["name"], parameter["in"], parameter.get("description", ""))
        for parameter in parameters
    ]
    return _table(("parameter", "in", "meaning"), rows) if rows else ""


def _example(answer: Mapping[str, Any]) -> str:
    example = answer.get("content", {}).get("application/json", {}).get("example")
    if example is None:
        return ""
    return f'<pre tabindex="0">{escape(json.dumps(example, indent=1, ensure_ascii=False))}</pre>'


def _codes() -> str:
    used = set(TABLE.values())
    rows = [
        (f"{code.name}{' *' if code.name in used else ''}", code.current, code.former, code.text)
        for code in codes().values()
    ]
    return _table(("code", "status", "in 2025", "meaning"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{titles}</tr>{body}</table>"


def _paragraphs(text: str) -> str:
    parts = (part.strip() for part in text.split("\n\n"))
    return "".join(f"<p>{_code_marks(escape(part))}</p>" for part in parts if part)


def _code_marks(text: str) -> str:
    pieces = text.split("`")
    return "".join(
        f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces)
    )
