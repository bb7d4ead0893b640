"""Answers of the signed API: JSON, or XML where an RPC request asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Scope

from windstill.http.acs.call import is_form_upload
from windstill.http.acs.refusals import explain

JSON = "application/json;charset=utf-8"
XML = "text/xml;charset=utf-8"
"""Exactly so: clients compare the type before they read an error."""

_AS_XML = "acs_as_xml"


def ask_for_xml(scope: Scope) -> None:
    """Has this request answered in XML from now on."""
    scope["state"][_AS_XML] = True


class Success(NamedTuple):
    """What an action answers. headers: beside those that all answers have."""

    content: Mapping[str, object]
    headers: Mapping[str, str] = MappingProxyType({})


def answer(scope: Scope, request_id: str, action: str, success: Success) -> Response:
    """The answer of an action that succeeded."""
    response = _response(scope, request_id, f"{action}Response", success.content, 200)
    response.headers.update(success.headers)
    return response


def refusal(
    error: Exception, scope: Scope, request_id: str, headers: Mapping[str, str]
) -> tuple[str, Response]:
    """The code of an error, and the answer that tells it."""
    status, code, message = explain(error)
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    content = {"Code": code, "Message": message, "RequestId": request_id, "HostId": host}
    if is_form_upload(scope):
        response = xml("Error", content, status, "application/xml")
    else:
        response = _response(scope, request_id, "Error", content, status)
    response.headers.update(headers)
    return code, response


def xml(root: str, content: Mapping[str, object], status: int, media_type: str) -> Response:
    """An answer in XML; mappings become elements with elements in them."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{_elements(content)}</{root}>'
    return Response(text.encode(), status, media_type=media_type)


def _response(
    scope: Scope, request_id: str, root: str, content: Mapping[str, object], status: int
) -> Response:
    content = {"RequestId": request_id, **content}
    if scope["state"].get(_AS_XML):
        response = xml(root, content, status, XML)
    else:
        text = json.dumps(content, ensure_ascii=False)
        response = Response(text.encode(errors="replace"), status, media_type=JSON)
    response.headers["x-acs-request-id"] = request_id
    return response


def _elements(content: Mapping[str, object]) -> str:
    parts = []
    for name, value in content.items():
        inside = (
            _elements(value) if isinstance(value, Mapping) else escape(_text(value), quote=False)
        )
        parts.append(f"<{name}>{inside}</{name}>")
    return "".join(parts)


def _text(value: object) -> str:
    # XML 1.0 has no control characters, not even escaped.
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in str(value))
