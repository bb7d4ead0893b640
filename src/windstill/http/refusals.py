"""Which documented code each refusal and each failure is answered with: one table.

Handlers raise; they never choose a status. The errors of `windstill.errors` come from the photo,
the job or the store; `Reason` names what only HTTP can get wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from functools import cache

from starlette.exceptions import HTTPException

from windstill import errors
from windstill.http.codes import Code, codes
from windstill.jobs import errors as jobs
from windstill.jobs.model import Failure


class Reason(Enum):
    """What can be wrong with a request before it becomes a job, or with waiting for one."""

    UNKNOWN_PATH = auto()
    UNKNOWN_PAGE = auto()
    WRONG_METHOD = auto()
    MALFORMED_REQUEST = auto()
    MISSING_PART = auto()
    EMPTY_PART = auto()
    INVALID_OPERATION = auto()
    BROKEN_BODY = auto()
    SLOW_BODY = auto()
    TOO_MANY_PARTS = auto()
    TOO_MANY_IMAGES = auto()
    BODY_TOO_LARGE = auto()
    TOO_MANY_UPLOADS = auto()
    TOO_MANY_CONNECTIONS = auto()
    TOO_BUSY = auto()
    NO_ANSWER_IN_TIME = auto()
    INVALID_FIELD = auto()
    NOT_ALLOWED_HERE = auto()
    WRONG_SIGNATURE = auto()
    ADDRESS_EXPIRED = auto()

    INTERNAL = auto()


class RequestRefused(Exception):
    """A request that is refused for `reason`.

    message: what was wrong and what is allowed, for people. field: the part, option or parameter
    that it is about. retry_after: seconds after which trying again makes sense, or None.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.retry_after = retry_after


class ClientGone(Exception):
    """The client closed its connection before it was answered."""


TABLE: Mapping[Reason | type[Exception], str] = {
    Reason.UNKNOWN_PATH: "ERROR_AI_NOT_EXISTS",
    Reason.UNKNOWN_PAGE: "ERROR_RESOURCE_NOT_FOUND",
    Reason.WRONG_METHOD: "ERROR_ILLEGAL_OPERATION",
    Reason.MALFORMED_REQUEST: "ERROR_PARAMETERS",
    Reason.MISSING_PART: "MISSING_PARAMETERS",
    Reason.EMPTY_PART: "PARAMETERS_CANNOT_EMPTY",
    Reason.INVALID_OPERATION: "ERROR_INVALID_PARAMETER",
    Reason.BROKEN_BODY: "ERROR_PARAMETERS",
    Reason.SLOW_BODY: "ERROR_PARAMETERS",
    Reason.TOO_MANY_PARTS: "ERROR_PARAMETERS",
    Reason.TOO_MANY_IMAGES: "ERROR_TOO_MANY_FILES",
    Reason.BODY_TOO_LARGE: "ERROR_REQUEST_BODY_TOO_LARGE",
    Reason.TOO_MANY_UPLOADS: "EXCEEDING_LIMITS",
    Reason.TOO_MANY_CONNECTIONS: "EXCEEDING_LIMITS",
    Reason.TOO_BUSY: "EXCEEDING_LIMITS",
    Reason.NO_ANSWER_IN_TIME: "AI_SERVICE_TIMEOUT",
    Reason.INVALID_FIELD: "ERROR_INVALID_PARAMETER",
    Reason.NOT_ALLOWED_HERE: "ERROR_ILLEGAL_OPERATION",
    Reason.WRONG_SIGNATURE: "ERROR_ILLEGAL_OPERATION",
    Reason.ADDRESS_EXPIRED: "ERROR_ILLEGAL_OPERATION",
    Reason.INTERNAL: "SERVICE_INTERNAL_ERROR",
    jobs.QueueFull: "EXCEEDING_LIMITS",
    jobs.RateLimited: "EXCEEDING_LIMITS",
    jobs.TooManyRunning: "EXCEEDING_LIMITS",
    jobs.InsufficientCredits: "ERROR_NOT_ENOUGH_CREDITS",
    jobs.IdempotencyConflict: "ERROR_TASK_CONFLICT",
    jobs.Draining: "AI_SERVICE_FLOW_RESTRICTION",
    jobs.UnknownKey: "ERROR_APPLICATIONS_NOT_EXISTS",
    jobs.RevokedKey: "ERROR_USER_LOCKED",
    jobs.UnknownJob: "ERROR_RESOURCE_NOT_FOUND",
    jobs.BlobMissing: "ERROR_FILE_NOT_FOUND",
    jobs.LinkRefused: "ERROR_FILE_NOT_FOUND",
    jobs.StoreError: "ERROR_RESOURCE_UNAVAILABLE",
    jobs.StorageError: "FILE_SERVICE_ERROR",
    jobs.EngineError: "SERVICE_INTERNAL_ERROR",
    jobs.JobTimeout: "AI_SERVICE_TIMEOUT",
    jobs.JobInterrupted: "AI_SERVICE_FLOW_RESTRICTION",
    jobs.JobEnded: "AI_SERVICE_INTERNAL_ERROR",
    errors.InvalidOption: "ERROR_INVALID_PARAMETER",
    errors.EmptyPhoto: "PARAMETERS_CANNOT_EMPTY",
    errors.NotAPhoto: "FILE_DECODING_FAILURE",
    errors.UnsupportedFormat: "UNSUPPORTED_FILE_TYPES",
    errors.CorruptPhoto: "FILE_DECODING_FAILURE",
    errors.FileTooLarge: "FILE_SIZE_EXCEEDS_LIMIT",
    errors.PhotoTooSmall: "ERROR_LOW_RESOLUTION",
    errors.PhotoTooLarge: "FILE_RESOLUTION_EXCEEDS_LIMITS",
    errors.InvalidPhoto: "ERROR_INVALID_FILE",
    errors.NothingToMove: "ERROR_NO_RECOGNITION_TARGET_DETECTED",
    errors.PerceptionError: "AI_SERVICE_INTERNAL_ERROR",
    errors.EncoderError: "PROCESSING_FAILURE",
    errors.OutputError: "FILE_SERVICE_ERROR",
    errors.WindstillError: "PROCESSING_FAILURE",
}


def code_for(error: Exception) -> Code:
    """The documented code that answers `error`."""
    if isinstance(error, RequestRefused):
        return code_of(error.reason)
    if isinstance(error, HTTPException):
        return code_of(reason_of(error))
    return code_of(type(error))


def code_of(kind: Reason | type[Exception]) -> Code:
    """The documented code for this reason or kind of error; the table's closest kind counts."""
    if isinstance(kind, Reason):
        return codes()[TABLE[kind]]
    closest = next((parent for parent in kind.__mro__ if parent in TABLE), Reason.INTERNAL)
    return codes()[TABLE[closest]]


def failure_of(failure: Failure | None) -> errors.WindstillError:
    """The error that a stored failure was made of; of a job that was cancelled, why it ended."""
    if failure is None:
        return jobs.JobInterrupted("The job was cancelled.")
    kind = _kinds().get(failure.code, jobs.InternalError)
    return kind(failure.message, field=failure.field)


@cache
def _kinds() -> dict[str, type[errors.WindstillError]]:
    """Every kind of error by its code."""
    found: dict[str, type[errors.WindstillError]] = {}
    waiting = [errors.WindstillError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting.extend(kind.__subclasses__())
    return found


def unknown_path(path: str) -> RequestRefused:
    """The refusal of a path that leads nowhere; within the API it is an API that doesn't exist."""
    if path.startswith(("/api/", "/image/")):
        return RequestRefused(Reason.UNKNOWN_PATH, "There is no such API on this service.")
    return RequestRefused(Reason.UNKNOWN_PAGE, "There is nothing at this address.")


def reason_of(error: HTTPException) -> Reason:
    """What the framework's own refusal of a request means."""
    reasons = {404: Reason.UNKNOWN_PATH, 405: Reason.WRONG_METHOD, 413: Reason.BODY_TOO_LARGE}
    return reasons.get(error.status_code, Reason.MALFORMED_REQUEST)
