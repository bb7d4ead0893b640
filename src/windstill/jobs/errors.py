"""What the engine refuses, and what can become of a job, as branches of the tree of errors.

WindstillError
├── Refused                the request was not taken; nothing was stored or charged
│   ├── QueueFull          too many jobs wait already
│   ├── Draining           the service is about to stop
│   ├── RateLimited        this key asks too often
│   ├── TooManyRunning     this key has too many unfinished jobs
│   ├── InsufficientCredits
│   └── IdempotencyConflict  the idempotency key belongs to a different request
├── KeyRefused
│   ├── UnknownKey         no such key, or its secret has expired
│   └── RevokedKey         the key exists, but was revoked
├── InvalidKey             a key can't be created or changed like that
├── UnknownJob             no such job for this key
├── BlobMissing            no such upload or result
├── LinkRefused            a signed link was altered
│   └── LinkExpired        the link was good once
├── EngineError            the service can't do its work
│   ├── StoreError         the database can't be used now
│   ├── StorageError       a file can't be stored or read
│   ├── DataFolderBusy     another service works on this folder
│   └── InternalError      the job met a defect of the program
└── JobEnded               why a job ended without a result, beside the errors of the task
    ├── JobTimeout         not finished by its deadline
    ├── JobCrashed         its process died
    ├── JobOutOfMemory     its process needed more memory than allowed
    └── JobInterrupted     the service stopped, and the job could not be taken up again
"""

from __future__ import annotations

from windstill.errors import WindstillError


class Refused(WindstillError):
    """The request was not taken; it may be repeated after `retry_after` seconds, if given."""

    code = "refused"
    retry_after: float | None = None

    def __init__(
        self, message: str, *, field: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return type(self)._rebuild, (self.message, self.field, self.retry_after)

    @classmethod
    def _rebuild(cls, message: str, field: str | None, retry_after: float | None) -> Refused:
        return cls(message, field=field, retry_after=retry_after)


class QueueFull(Refused):
    """As many jobs wait as the queue may hold."""

    code = "queue_full"


class Draining(Refused):
    """The service finishes what runs and takes nothing new."""

    code = "draining"


class RateLimited(Refused):
    """The key's requests come faster than its rate allows."""

    code = "rate_limited"


class TooManyRunning(Refused):
    """The key has as many unfinished jobs as it may have."""

    code = "too_many_running"


class InsufficientCredits(Refused):
    """What the key has left, less what its unfinished jobs reserve, is less than the cost."""

    code = "insufficient_credits"


class IdempotencyConflict(Refused):
    """The idempotency key was used before, for a different photo or different options."""

    code = "idempotency_conflict"
    field = "idempotency_key"


class KeyRefused(WindstillError):
    """The caller may not use the service."""

    code = "key_refused"


class UnknownKey(KeyRefused):
    """No such key, or its secret has expired."""

    code = "unknown_key"


class RevokedKey(KeyRefused):
    """The key exists, but was revoked."""

    code = "revoked_key"


class InvalidKey(WindstillError):
    """A key can't be created, found or changed like that."""

    code = "invalid_key"
    exit_status = 2


class UnknownJob(WindstillError):
    """No such job, or it belongs to another key."""

    code = "unknown_job"


class BlobMissing(WindstillError):
    """No such upload or result, or no more."""

    code = "blob_missing"


class LinkRefused(WindstillError):
    """The signed link does not fit its name, time and signature."""

    code = "link_refused"


class LinkExpired(LinkRefused):
    """The link is genuine, but its time is over."""

    code = "link_expired"


class EngineError(WindstillError):
    """The service can't do its work; the caller is not to blame."""

    code = "engine_error"


class StoreError(EngineError):
    """The database can't be used now: locked for too long, full disk, damaged."""

    code = "store_error"


class StorageError(EngineError):
    """An upload or a result can't be stored or read."""

    code = "storage_error"


class DataFolderBusy(EngineError):
    """Another service works on this data folder."""

    code = "data_folder_busy"


class InternalError(EngineError):
    """The job met a defect of the program; the log says which."""

    code = "internal_error"


class JobEnded(WindstillError):
    """Why a job ended without a result, beside the errors that its task raises."""

    code = "job_ended"


class JobTimeout(JobEnded):
    """The job was not finished by its deadline, or used up its processor time."""

    code = "job_timeout"


class JobCrashed(JobEnded):
    """The job's process died or broke its rules."""

    code = "job_crashed"


class JobOutOfMemory(JobEnded):
    """The job's process needed more memory than it may use."""

    code = "job_out_of_memory"


class JobInterrupted(JobEnded):
    """The service stopped while the job was unfinished, and it could not be taken up again."""

    code = "job_interrupted"
