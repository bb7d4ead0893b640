"""What a service may answer instead of a result, as a branch of the tree of errors.

WindstillError
├── ServiceError           the service refused the request, or failed
│   └── AnimationFailed    the request was taken, but has no result
└── ServiceUnreachable     no answer came at all
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windstill.errors import WindstillError

if TYPE_CHECKING:
    from windstill.client.answers import RemoteAnimation


class ServiceError(WindstillError):
    """The service refused the request, or failed.

    code: of the service; stable, for programs. status: of HTTP. field: what it is about, if one
    field is. allowed: what that field may be, if the service says so. request_id: by which its
    operator finds it in the log. retry_after: seconds after which to try again, if it says so.
    """

    code: str = "service_error"  # type: ignore[misc]  # each has the service's own

    def __init__(
        self,
        message: str,
        *,
        code: str = "service_error",
        status: int = 0,
        field: str | None = None,
        allowed: Any = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, field=field)
        self.code = code
        self.status = status
        self.allowed = allowed
        self.request_id = request_id
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.message, self.__dict__.copy())


class AnimationFailed(ServiceError):
    """The animation failed, was cancelled, or is gone; `animation` is its last known state."""

    animation: RemoteAnimation


class ServiceUnreachable(WindstillError):
    """No usable answer came: no connection, a timeout, or something that is no Windstill."""

    code = "service_unreachable"


def _rebuilt(kind: type[ServiceError], message: str, values: dict[str, Any]) -> ServiceError:
    error = kind(message)
    error.__dict__.update(values)
    return error
