"""The parts of the OpenAPI description that are the same for every service."""

from __future__ import annotations

from typing import Any

from windstill.http.codes import Code, codes
from windstill.jobs.media import SUFFIXES

DESCRIPTION = """\
Windstill turns one still photo into a short, seamlessly looping video in which only the sky
drifts, only the hair sways, or both. The compatible API answers as the retired "Image Micro
Motion" API did, so programs written for that one work after changing the base URL.

Every answer of the compatible API is the same object: error_code is 0 on success and the HTTP
status otherwise; error_detail.code says precisely what was wrong.
"""

ANIMATION = """\
Send `image` (JPEG, PNG or BMP by content, whatever its name and type; at most {megabytes} MiB;
sides larger than 32 and smaller than 2000 pixels) and `operation` (`1` or `01`: the sky moves,
`10`: the hair, `11`: both). `operation` may be a text part, a file part, or in the query string.
The key goes into the header `ailabapi-api-key` or `X-RapidAPI-Key`.

The answer comes when the loop is ready, at the latest after {answer:g} seconds. `data.url` opens
with a plain GET, without a key, until it expires. A header names what could not move.
"""

OPERATION_PARAMETER: dict[str, Any] = {
    "name": "operation",
    "in": "query",
    "required": False,
    "description": "Instead of the part of the same name.",
    "schema": {"type": "string", "enum": ["1", "01", "10", "11"]},
}

UPLOAD: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image", "operation"],
                "properties": {
                    "image": {"type": "string", "format": "binary", "minLength": 1},
                    "operation": {"type": "string", "enum": ["1", "01", "10", "11"]},
                },
            }
        }
    },
}

LINK_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "As the link has it.",
        "schema": {"type": "string", "minLength": 1},
    },
    *(
        {
            "name": name,
            "in": "query",
            "required": True,
            "description": "As the link has it.",
            "schema": {"type": "string"},
        }
        for name in ("expires", "signature")
    ),
    {
        "name": "download",
        "in": "query",
        "required": False,
        "description": "1: browsers save the file instead of showing it.",
        "schema": {"type": "string", "enum": ["0", "1"]},
    },
]

VIDEO: dict[str, Any] = {
    "description": "The video, or another file that a job made.",
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SUFFIXES},
}

_PLAIN = "text/plain"
_HTML = "text/html"
_JSON = "application/json"
OPERATION_PAGES: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    ("/livez", "livez", "Whether the process answers", _JSON, {"200": "It does."}),
    (
        "/readyz",
        "readyz",
        "Whether new jobs are taken",
        _JSON,
        {"200": "They are.", "503": "Not now; the problems are named."},
    ),
    ("/metrics", "metrics", "Prometheus metrics", _PLAIN, {"200": "In the text format."}),
    ("/openapi.json", "openapi", "This description", _JSON, {"200": "OpenAPI 3.1."}),
    ("/docs", "docs", "This description for people", _HTML, {"200": "A page."}),
    ("/", "home", "What runs here", _HTML, {"200": "A page."}),
)


def page_schema(kind: str) -> dict[str, str]:
    """The schema of an operator's page of this content type."""
    return {"type": "object"} if kind == _JSON else {"type": "string"}


HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "The request_id of the answer.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which trying again makes sense.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "X-Windstill-Warning": {
        "description": "Codes of what the caller should know, such as that no sky was found.",
        "schema": {"type": "string"},
    },
}


def header_references(*names: str) -> dict[str, Any]:
    """References to the descriptions of these headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_IDS: dict[str, Any] = {
    "request_id": {
        "type": "string",
        "pattern": "^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$",
    },
    "log_id": {"type": "string", "pattern": "^[0-9]+$"},
}
_FIELDS = ["request_id", "log_id", "error_code", "error_code_str", "error_msg", "error_detail"]


def _envelope(error_code: dict[str, Any], code: dict[str, Any], **content: Any) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": [*_FIELDS, *content],
        "properties": {
            **_IDS,
            "error_code": error_code,
            "error_code_str": text,
            "error_msg": text,
            "error_detail": {
                "type": "object",
                "required": ["status_code", "code", "code_message", "message"],
                "properties": {
                    "status_code": {"type": "integer"},
                    "code": code,
                    "code_message": text,
                    "message": text,
                },
            },
            **content,
        },
    }


_POOL: dict[str, Any] = {
    "type": "object",
    "required": ["unique_sign", "name", "balance", "total"],
    "properties": {
        "unique_sign": {"type": "string"},
        "name": {"type": "string"},
        "balance": {"type": "number"},
        "total": {"type": "number"},
        "last_recharge_balance": {"type": "number"},
        "balance_warning": {"type": "number"},
        "first_buy_time": {"type": "integer", "description": "Seconds since 1970."},
        "last_update_time": {"type": "integer", "description": "Seconds since 1970."},
    },
}
_LINK: dict[str, Any] = {"url": {"type": "string", "format": "uri"}}
_SUCCESS: tuple[dict[str, Any], dict[str, Any]] = ({"const": 0, "type": "integer"}, {"const": ""})

SCHEMAS: dict[str, Any] = {
    "AnimationAnswer": _envelope(
        *_SUCCESS, data={"type": "object", "required": ["url"], "properties": _LINK}
    ),
    "CreditsAnswer": _envelope(*_SUCCESS, data={"type": "array", "items": _POOL}),
    "TaskAnswer": _envelope(
        *_SUCCESS,
        task_status={"type": "integer", "enum": [0, 1, 2]},
        data={"type": "object", "properties": _LINK},
    ),
    "Failure": _envelope(
        {"type": "integer", "minimum": 400, "maximum": 599},
        {"type": "string", "enum": list(codes())},
    ),
}


def example_success(suffix: str) -> dict[str, Any]:
    """A success of the animation endpoint."""
    return {
        "request_id": "A6697900-DAA5-510F-BF1E-12F51DAD40D1",
        "log_id": "1763820000000000001",
        "error_code": 0,
        "error_code_str": "",
        "error_msg": "",
        "error_detail": {"status_code": 200, "code": "", "code_message": "", "message": ""},
        "data": {
            "url": f"http://127.0.0.1:8080/files/results/5f3c….{suffix}"
            "?expires=1763906400&signature=…"
        },
    }


def example_failure(code: Code, status: int) -> dict[str, Any]:
    """A failure with this code."""
    return {
        "request_id": "A6697900-DAA5-510F-BF1E-12F51DAD40D1",
        "log_id": "1763820000000000002",
        "error_code": status,
        "error_code_str": code.group,
        "error_msg": code.text,
        "error_detail": {
            "status_code": status,
            "code": code.name,
            "code_message": code.text,
            "message": code.text,
        },
    }
