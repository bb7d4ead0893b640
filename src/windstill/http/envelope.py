"""The JSON object around every answer of the compatible API, and the ids in it."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse

from windstill.http.codes import Code
from windstill.settings import StatusProfile

_count = itertools.count()


@dataclass(frozen=True)
class Ids:
    """How one request is named in its answer and in the log.

    request_id: an upper-case UUID. log_id: decimal digits, as text; they grow with time.
    """

    request_id: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    log_id: str = field(default_factory=lambda: f"{time.time_ns() // 1_000_000}{next(_count):06d}")


def success(ids: Ids, **content: object) -> JSONResponse:
    """An answer with status 200; `content` is `data`, and what a route has beside it.

    error_code is always there and a number, because many clients test it strictly.
    """
    detail = {"status_code": 200, "code": "", "code_message": "", "message": ""}
    return JSONResponse(
        {
            "request_id": ids.request_id,
            "log_id": ids.log_id,
            "error_code": 0,
            "error_code_str": "",
            "error_msg": "",
            "error_detail": detail,
            **content,
        }
    )


def failure(
    ids: Ids,
    code: Code,
    profile: StatusProfile,
    message: str,
    *,
    origin: str = "",
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An answer that refuses or reports a failure.

    message: what was wrong, for people. origin: Windstill's own code of the error, if it has one;
    error_msg has it in the middle, as the retired API had its provider's.
    """
    status = code.status(profile)
    parts = (code.text, origin, message)
    return JSONResponse(
        {
            "request_id": ids.request_id,
            "log_id": ids.log_id,
            "error_code": status,
            "error_code_str": code.group,
            "error_msg": " - ".join(part for part in parts if part),
            "error_detail": {
                "status_code": status,
                "code": code.name,
                "code_message": code.text,
                "message": message or code.text,
            },
        },
        status_code=status,
        headers=dict(headers or {}),
    )
