"""Refusals and failures as problem details (RFC 9457): one table of codes and statuses.

A program tells problems apart by `code`, which is that of `windstill.errors` or names what only
HTTP can get wrong. Handlers raise; they never choose a status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from windstill import errors
from windstill.errors import WindstillError
from windstill.http.guard import Unreachable
from windstill.http.native.catalogue import allowed_in
from windstill.http.refusals import Reason, RequestRefused, reason_of
from windstill.jobs import errors as jobs

MEDIA_TYPE = "application/problem+json"
ROOT = "/v1"
LOOP_ROOT = "/loop/"

Kind = Reason | type[Exception]


class Meaning(NamedTuple):
    """How a kind of refusal is told. code: its own, where the error has none."""

    status: int
    title: str
    code: str = ""


TABLE: Mapping[Kind, Meaning] = {
    Reason.UNKNOWN_PATH: Meaning(404, "There is nothing here", "not_found"),
    Reason.UNKNOWN_PAGE: Meaning(404, "There is nothing here", "not_found"),
    Reason.WRONG_METHOD: Meaning(405, "The method is not allowed", "method_not_allowed"),
    Reason.MALFORMED_REQUEST: Meaning(400, "The request is malformed", "malformed_request"),
    Reason.MISSING_PART: Meaning(400, "Something is missing", "missing_field"),
    Reason.EMPTY_PART: Meaning(400, "Something is empty", "empty_field"),
    Reason.INVALID_OPERATION: Meaning(400, "An option is not allowed", "invalid_option"),
    Reason.INVALID_FIELD: Meaning(400, "A field is not allowed", "invalid_field"),
    Reason.BROKEN_BODY: Meaning(400, "The body can't be read", "broken_body"),
    Reason.SLOW_BODY: Meaning(408, "The body came too slowly", "slow_body"),
    Reason.TOO_MANY_PARTS: Meaning(400, "The form has too many parts", "too_many_parts"),
    Reason.TOO_MANY_IMAGES: Meaning(400, "A file is given several times", "too_many_files"),
    Reason.BODY_TOO_LARGE: Meaning(413, "The body is too large", "body_too_large"),
    Reason.TOO_MANY_UPLOADS: Meaning(429, "Too many uploads at once", "too_many_uploads"),
    Reason.TOO_MANY_CONNECTIONS: Meaning(
        429, "Too many connections at once", "too_many_connections"
    ),
    Reason.TOO_BUSY: Meaning(429, "Too many jobs are waiting", "too_busy"),
    Reason.NO_ANSWER_IN_TIME: Meaning(504, "It was not ready in time", "no_answer_in_time"),
    Reason.NOT_ALLOWED_HERE: Meaning(403, "The operator does not allow this", "not_allowed_here"),
    Reason.WRONG_SIGNATURE: Meaning(403, "The signature is not right", "wrong_signature"),
    Reason.ADDRESS_EXPIRED: Meaning(410, "The address has ended", "address_expired"),
    Reason.INTERNAL: Meaning(500, "The service has a defect", "internal_error"),
    jobs.Refused: Meaning(503, "The request was not taken"),
    jobs.QueueFull: Meaning(429, "Too many jobs are waiting"),
    jobs.Draining: Meaning(503, "The service is about to stop"),
    jobs.RateLimited: Meaning(429, "Too many requests"),
    jobs.TooManyRunning: Meaning(429, "Too many unfinished jobs"),
    jobs.InsufficientCredits: Meaning(402, "Not enough credits"),
    jobs.IdempotencyConflict: Meaning(422, "The idempotency key is in use"),
    jobs.KeyRefused: Meaning(401, "The key is not accepted"),
    jobs.UnknownKey: Meaning(401, "The key is missing or unknown"),
    jobs.RevokedKey: Meaning(403, "The key was revoked"),
    jobs.UnknownJob: Meaning(404, "There is no such job"),
    jobs.BlobMissing: Meaning(404, "The result is gone"),
    jobs.LinkRefused: Meaning(404, "The link is not valid"),
    jobs.EngineError: Meaning(500, "The service has a defect"),
    jobs.StoreError: Meaning(503, "The service can't work now"),
    jobs.StorageError: Meaning(503, "The service can't work now"),
    jobs.JobEnded: Meaning(500, "The job broke off"),
    jobs.JobTimeout: Meaning(504, "The job took too long"),
    jobs.JobInterrupted: Meaning(503, "The job was interrupted"),
    errors.InvalidOption: Meaning(400, "An option is not allowed"),
    errors.InvalidMatte: Meaning(422, "A matte can't be used"),
    errors.InvalidPhoto: Meaning(422, "The photo can't be used"),
    errors.EmptyPhoto: Meaning(400, "The photo is empty"),
    errors.NotAPhoto: Meaning(415, "The file is not a photo"),
    errors.UnsupportedFormat: Meaning(415, "The photo's format is not accepted"),
    errors.CorruptPhoto: Meaning(422, "The photo is damaged"),
    errors.FileTooLarge: Meaning(413, "The photo's file is too large"),
    errors.PhotoTooSmall: Meaning(422, "The photo is too small"),
    errors.PhotoTooLarge: Meaning(422, "The photo is too large"),
    errors.NothingToMove: Meaning(422, "Nothing in the photo can move"),
    errors.OutputError: Meaning(503, "The service can't work now"),
    Unreachable: Meaning(422, "The address can't be reached"),
    errors.WindstillError: Meaning(500, "The animation failed"),
}


def is_native(path: str) -> bool:
    """Whether a path belongs to the native API, or is the address of a loop."""
    return path == ROOT or path.startswith((f"{ROOT}/", LOOP_ROOT))


def meaning_of(kind: Kind) -> Meaning:
    """How this reason or kind of error is told; the table's closest kind counts."""
    if isinstance(kind, Reason):
        return TABLE[kind]
    closest = next((parent for parent in kind.__mro__ if parent in TABLE), Reason.INTERNAL)
    found = TABLE[closest]
    if closest is Reason.INTERNAL or not issubclass(kind, WindstillError):
        return found
    return found._replace(code=kind.code)


def meaning_for(error: Exception) -> Meaning:
    """How this error is told."""
    if isinstance(error, RequestRefused):
        return meaning_of(error.reason)
    if isinstance(error, HTTPException):
        return meaning_of(reason_of(error))
    return meaning_of(type(error))


def problem(error: Exception, detail: str, instance: str | None = None) -> dict[str, Any]:
    """The problem object of an error. detail: what the client is told. instance: the request."""
    meaning = meaning_for(error)
    field = getattr(error, "field", None)
    allowed = allowed_in(field)
    return {
        "type": f"/docs#{meaning.code}",
        "title": meaning.title,
        "status": meaning.status,
        "detail": detail,
        "code": meaning.code,
        "field": field,
        **({} if allowed is None else {"allowed": allowed}),
        **({} if instance is None else {"instance": instance}),
    }


def problem_response(
    error: Exception, detail: str, instance: str, headers: Mapping[str, str]
) -> JSONResponse:
    """The answer that refuses a request of the native API."""
    content = problem(error, detail, instance)
    extra = {"www-authenticate": "Bearer"} if content["status"] == 401 else {}
    return JSONResponse(
        content,
        status_code=content["status"],
        media_type=MEDIA_TYPE,
        headers={**headers, **extra},
    )
