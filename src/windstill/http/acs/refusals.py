"""Which code of the signed API each refusal and each failure is answered with: one table.

Handlers raise; they never choose a status.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException

from windstill import errors
from windstill.http.acs.codes import AcsCode, acs_codes
from windstill.http.guard import ReplyTooLarge, Unreachable
from windstill.http.refusals import Reason, RequestRefused, reason_of
from windstill.jobs import errors as jobs

Kind = Reason | type[Exception]


class AcsRefused(Exception):
    """A request that is refused with a code of this API's own.

    code: a name in the table of codes. detail: what follows its text. values: of the fields in
    its name and text.
    """

    def __init__(self, code: str, detail: str = "", **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.values = values


TABLE: Mapping[Kind, str] = {
    Reason.UNKNOWN_PATH: "InvalidAction.NotFound",
    Reason.UNKNOWN_PAGE: "InvalidAction.NotFound",
    Reason.WRONG_METHOD: "InvalidAction.NotFound",
    Reason.MALFORMED_REQUEST: "ClientError.IllegalArgument",
    Reason.MISSING_PART: "ClientError.IllegalArgument",
    Reason.EMPTY_PART: "ClientError.IllegalArgument",
    Reason.INVALID_OPERATION: "ClientError.IllegalArgument",
    Reason.INVALID_FIELD: "ClientError.IllegalArgument",
    Reason.BROKEN_BODY: "ClientError.IllegalArgument",
    Reason.SLOW_BODY: "ClientError.IllegalArgument",
    Reason.TOO_MANY_PARTS: "ClientError.IllegalArgument",
    Reason.TOO_MANY_IMAGES: "ClientError.IllegalArgument",
    Reason.NOT_ALLOWED_HERE: "InvalidApi.ForbiddenInvoke",
    Reason.WRONG_SIGNATURE: "InvalidApi.ForbiddenInvoke",
    Reason.ADDRESS_EXPIRED: "InvalidApi.ForbiddenInvoke",
    Reason.BODY_TOO_LARGE: "EntityTooLarge",
    Reason.TOO_MANY_UPLOADS: "InternalError.Busy",
    Reason.TOO_MANY_CONNECTIONS: "Throttling.User",
    Reason.TOO_BUSY: "InternalError.Busy",
    Reason.NO_ANSWER_IN_TIME: "InternalError.Timeout",
    Reason.INTERNAL: "InternalError",
    Unreachable: "InvalidFile.Download",
    ReplyTooLarge: "InvalidFile.Size",
    jobs.Refused: "InternalError.Busy",
    jobs.RateLimited: "Throttling.User",
    jobs.TooManyRunning: "Throttling.User",
    jobs.InsufficientCredits: "InvalidApi.ForbiddenInvoke",
    jobs.Draining: "ServiceUnavailable",
    jobs.UnknownKey: "InvalidAccessKeyId.NotFound",
    jobs.KeyRefused: "InvalidAccessKeyId.Inactive",
    jobs.BlobMissing: "InvalidFile.Download",
    jobs.StoreError: "ServiceUnavailable",
    jobs.StorageError: "ServiceUnavailable",
    jobs.EngineError: "InternalError",
    jobs.JobTimeout: "InternalError.Timeout",
    jobs.JobInterrupted: "ServiceUnavailable",
    jobs.JobEnded: "InternalError.Algo",
    errors.EmptyPhoto: "InvalidFile.Type",
    errors.NotAPhoto: "InvalidFile.Type",
    errors.UnsupportedFormat: "InvalidFile.Type",
    errors.CorruptPhoto: "InvalidFile.Decode",
    errors.FileTooLarge: "InvalidFile.Size",
    errors.PhotoTooSmall: "InvalidFile.Resolution",
    errors.PhotoTooLarge: "InvalidFile.Resolution",
    errors.InvalidPhoto: "InvalidFile.Content",
    errors.NothingToMove: "InvalidFile.Content",
    errors.OutputError: "ServiceUnavailable",
    errors.WindstillError: "InternalError.Algo",
}

# Of these the client is told more than the code's text; of the others, the log is.
_TOLD = (RequestRefused, errors.InvalidPhoto, jobs.InsufficientCredits, jobs.TooManyRunning)


def acs_code_of(kind: Kind) -> AcsCode:
    """The code for this reason or kind of error; the table's closest kind counts."""
    if isinstance(kind, Reason):
        return acs_codes()[TABLE[kind]]
    closest = next((parent for parent in kind.__mro__ if parent in TABLE), Reason.INTERNAL)
    return acs_codes()[TABLE[closest]]


def explain(error: Exception) -> tuple[int, str, str]:
    """The status, the code and the message that answer `error`."""
    if isinstance(error, AcsRefused):
        code = acs_codes()[error.code]
        name, text = code.name.format(**error.values), code.text.format(**error.values)
        return code.status, name, f"{text} {error.detail}".strip()
    if isinstance(error, RequestRefused):
        code = acs_code_of(error.reason)
    elif isinstance(error, HTTPException):
        code = acs_code_of(reason_of(error))
    else:
        code = acs_code_of(type(error))
    detail = str(getattr(error, "message", "")) if isinstance(error, _TOLD) else ""
    return code.status, code.name, f"{code.text} {detail}".strip()
