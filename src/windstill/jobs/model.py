"""A job, and every way in which its state may change.

Nothing here reads a clock, a disk or a database: each change is a pure function from one `Job`
and a time to the next, so that all stores share the same rules.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from windstill.errors import WindstillError
from windstill.jobs.callbacks import Callback, Message
from windstill.jobs.errors import JobCrashed, JobInterrupted, JobTimeout


class State(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.FAILED, State.CANCELLED}),
    # Back to the queue when whoever ran it is gone.
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.QUEUED}),
    # A result lives only for its time.
    State.SUCCEEDED: frozenset({State.EXPIRED}),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}

ANIMATE = "animate"
PREVIEW = "preview"
MATTES = "mattes"
FREE_KINDS = (PREVIEW, MATTES)
"""Kinds of jobs that are never paid for."""

UNFINISHED = frozenset({State.QUEUED, State.RUNNING})


@dataclass(frozen=True)
class Lease:
    """Who runs a job, and until when that is believed without a sign of life.

    token: new for every claim; only its bearer may settle the job. holder: the process.
    """

    token: str
    holder: str
    until: float


@dataclass(frozen=True)
class Failure:
    """Why a job failed: the error's stable code, what to tell the user, the field it is about."""

    code: str
    message: str
    field: str | None = None

    @classmethod
    def of(cls, error: WindstillError) -> Failure:
        """What is kept of an error."""
        return cls(error.code, error.message, error.field)


@dataclass(frozen=True)
class Result:
    """What a job made. blob: its name in the blob store. size: bytes. facts: what the task said
    of it (for an animation: width, height, frames, moved, warnings, timings), fit for JSON.
    extras: further blobs that belong to it, by what they are.
    """

    blob: str
    mime: str
    size: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, str] = field(default_factory=dict)

    @property
    def blobs(self) -> tuple[str, ...]:
        """Every blob of the result."""
        return (self.blob, *self.extras.values())


@dataclass(frozen=True, kw_only=True)
class Job:
    """One requested animation, with its owner, state, cost and result.

    Times are seconds since the epoch, by a clock that doesn't jump while the service runs, but for
    expires_at, which is wall time. `payload` is what the task is told, fit for JSON.
    deadline: when a job that is still unfinished is failed. attached: somebody waits for the
    answer on an open connection, so the job is pointless once the service was restarted.
    accepted_by: of an attached job, the process that holds this connection (as `Lease.holder`).
    stage, fraction: how far a running job was at its last sign of life. upload: the photo's blob.
    extras: further uploads, by the name of the file that the task finds beside the photo.
    callback: who is told of its end.
    """

    id: str
    key_id: str
    kind: str = ANIMATE
    payload: Mapping[str, Any] = field(default_factory=dict)
    state: State = State.QUEUED
    priority: int = 0
    cost: int = 0
    attached: bool = False
    accepted_by: str | None = None
    created_at: float = 0.0
    deadline: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    expires_at: float | None = None
    attempts: int = 0
    lease: Lease | None = None
    cancel_requested: bool = False
    stage: str | None = None
    fraction: float = 0.0
    upload: str | None = None
    extras: Mapping[str, str] = field(default_factory=dict)
    result: Result | None = None
    failure: Failure | None = None
    idempotency_key: str | None = None
    fingerprint: str | None = None
    callback: Callback | None = None

    @property
    def uploads(self) -> tuple[str, ...]:
        """Every blob that was uploaded for the job; kept until it is finished."""
        return (*(() if self.upload is None else (self.upload,)), *self.extras.values())

    @property
    def free(self) -> bool:
        """Whether it is of a kind that is never paid for, and waits in places of its own."""
        return self.kind in FREE_KINDS

    @property
    def finished(self) -> bool:
        """Whether the job has reached a state in which nothing more is done for it."""
        return self.state not in UNFINISHED

    def message(self) -> Message | None:
        """That the job has ended, for whoever is to be told."""
        if self.callback is None or self.finished_at is None:
            return None
        now = self.finished_at
        return Message(
            job_id=self.id, key_id=self.key_id, callback=self.callback, created_at=now, next_at=now
        )

    def holds(self, token: str) -> bool:
        """Whether the lease with this token is the one under which the job runs now."""
        return self.state is State.RUNNING and self.lease is not None and self.lease.token == token

    def claimed(self, lease: Lease, now: float) -> Job | None:
        """Taken up to be run; None when it does not wait any more or its deadline has passed."""
        if self.state is not State.QUEUED or now >= self.deadline:
            return None
        return self._moved(
            State.RUNNING,
            lease=lease,
            started_at=now,
            attempts=self.attempts + 1,
            stage=None,
            fraction=0.0,
        )

    def renewed(self, token: str, until: float, stage: str | None, fraction: float) -> Job | None:
        """A sign of life from its runner; None when the lease is no longer the runner's."""
        if not self.holds(token) or self.lease is None:
            return None
        return replace(self, lease=replace(self.lease, until=until), stage=stage, fraction=fraction)

    def succeeded(self, token: str, result: Result, now: float, expires_at: float) -> Job | None:
        """Finished with a result; None when the lease is no longer the runner's."""
        if not self.holds(token):
            return None
        return self._moved(
            State.SUCCEEDED,
            lease=None,
            result=result,
            finished_at=now,
            expires_at=expires_at,
            stage=None,
            fraction=1.0,
        )

    def failed(self, token: str, failure: Failure, now: float) -> Job | None:
        """Finished without a result; None when the lease is no longer the runner's."""
        return self._ended(State.FAILED, now, failure) if self.holds(token) else None

    def stopped(self, token: str, now: float) -> Job | None:
        """Cancelled while it ran; None when the lease is no longer the runner's."""
        return self._ended(State.CANCELLED, now) if self.holds(token) else None

    def cancelled(self, now: float) -> Job | None:
        """Asked to stop: at once when it waits, by its runner when it runs; None when finished."""
        if self.state is State.QUEUED:
            return self._ended(State.CANCELLED, now)
        if self.state is State.RUNNING:
            return replace(self, cancel_requested=True)
        return None

    def granted_time(self, now: float) -> Job | None:
        """With as much time from now on as it had from the start; None when it needs none."""
        deadline = now + (self.deadline - self.created_at)
        if self.finished or self.attached or deadline == self.deadline:
            return None
        return replace(self, deadline=deadline)

    def abandoned(self, token: str, now: float, attempts: int, *, gone: bool = False) -> Job | None:
        """Its run broke off: back to the queue, or failed after `attempts`.

        gone: the service ends, and with it the connection that the job may be attached to.
        None when the lease is no longer the runner's.
        """
        return self._taken_back(now, attempts, gone) if self.holds(token) else None

    def lapsed(self, now: float, attempts: int, *, gone: bool = False) -> Job | None:
        """Swept: its deadline has passed in the queue, or its runner gave no sign of life.

        gone: every runner is known to be dead, whatever the leases say, and so is every
        connection that a job was attached to. None when there is nothing to sweep.
        """
        if self.state is State.QUEUED:
            if now >= self.deadline:
                return self._ended(State.FAILED, now, timed_out(self))
            if gone and self.attached:
                return self._given_up(now)
            return None
        if self.lease is not None and (gone or now >= self.lease.until):
            return self._taken_back(now, attempts, gone)
        return None

    def orphaned(self, gone: Collection[str], now: float, attempts: int) -> Job | None:
        """The processes of these names are gone: what one of them ran goes back to the queue, or
        fails after `attempts`; a job whose client waited on a connection to one of them fails.

        None when the job needs none of them.
        """
        if self.finished:
            return None
        if self.attached and self.accepted_by in gone:
            return self._given_up(now)
        if self.lease is not None and self.lease.holder in gone:
            return self._taken_back(now, attempts, gone=False)
        return None

    def spoilt(self, now: float) -> Job | None:
        """Its message was delivered too often: it never came so far as to be claimed, or broke
        those who claimed it. None when it runs, or is finished.
        """
        if self.state is State.QUEUED:
            told = JobCrashed("The job was begun too often without coming to an end.")
            return self._ended(State.FAILED, now, Failure.of(told))
        return None

    def interrupted(self, now: float) -> Job | None:
        """The service stops: a waiting job that is attached to a connection fails."""
        if self.state is State.QUEUED and self.attached:
            return self._given_up(now)
        return None

    def erased(self, now: float) -> Job | None:
        """Its result is taken away before its time; None when it has none."""
        if self.state is not State.SUCCEEDED:
            return None
        return self._moved(State.EXPIRED, expires_at=now)

    def expired(self, now: float) -> Job | None:
        """Its result's time is over; None when it has no result or the time is not over."""
        if self.state is not State.SUCCEEDED or self.expires_at is None or now < self.expires_at:
            return None
        return self._moved(State.EXPIRED)

    def _taken_back(self, now: float, attempts: int, gone: bool) -> Job:
        over = self.cancel_requested or now >= self.deadline or self.attempts >= attempts
        if over or (self.attached and gone):
            return self._given_up(now)
        return self._moved(State.QUEUED, lease=None, started_at=None, stage=None, fraction=0.0)

    def _given_up(self, now: float) -> Job:
        """Ended from outside, for what was true of it first."""
        if self.cancel_requested:
            return self._ended(State.CANCELLED, now)
        failure = timed_out(self) if now >= self.deadline else interrupted()
        return self._ended(State.FAILED, now, failure)

    def _ended(self, state: State, now: float, failure: Failure | None = None) -> Job:
        return self._moved(state, lease=None, finished_at=now, failure=failure, stage=None)

    def _moved(self, state: State, **changes: Any) -> Job:
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"job {self.id}: {self.state} can't become {state}")
        return replace(self, state=state, **changes)


def new_id() -> str:
    """An unguessable name: 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def timed_out(job: Job) -> Failure:
    """The failure of a job that was unfinished at its deadline."""
    seconds = job.deadline - job.created_at
    return Failure.of(JobTimeout(f"The job was not finished within {seconds:.0f} seconds."))


def interrupted() -> Failure:
    """The failure of a job that the service's end left behind."""
    return Failure.of(
        JobInterrupted("The service was stopped before the job was finished. Please try again.")
    )
