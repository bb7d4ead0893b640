"""Keys as the store knows them, and the rule by which a job is admitted."""

from __future__ import annotations

from dataclasses import dataclass, field

from windstill.jobs.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    QueueFull,
    RevokedKey,
    TooManyRunning,
)
from windstill.jobs.model import Job


@dataclass(frozen=True, kw_only=True)
class Access:
    """A key's access key pair, for clients that sign their requests. Its secret is derived from
    `generation` (see `windstill.jobs.access`) and stored nowhere.

    id: the pair's public half. former_until: until when the secret of the generation before signs,
    too. closed_at: when the pair was switched off, if it is.
    """

    id: str
    generation: int = 1
    former_until: float | None = None
    closed_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Key:
    """Someone who may submit jobs.

    rate: submissions a second, and job_limit: unfinished jobs at once; None: the service's default.
    high_priority: whether it may ask for its jobs to be run first.
    """

    id: str
    name: str
    created_at: float
    revoked_at: float | None = None
    rate: float | None = None
    job_limit: int | None = None
    access: Access | None = None
    high_priority: bool = False

    @property
    def revoked(self) -> bool:
        """Whether the key was revoked."""
        return self.revoked_at is not None


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One of a key's secrets, as stored: its public prefix and the SHA-256 of the whole."""

    prefix: str
    digest: bytes = field(repr=False)
    created_at: float
    expires_at: float | None = None

    def live(self, now: float) -> bool:
        """Whether the secret opens its key at this time."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True)
class Balance:
    """A key's credits. granted: None without a limit. reserved: for its unfinished jobs."""

    granted: int | None
    spent: int
    reserved: int

    @property
    def left(self) -> int | None:
        """Granted and not spent; what the owner is told. None without a limit."""
        return None if self.granted is None else self.granted - self.spent

    @property
    def available(self) -> int | None:
        """What a new job may cost; None without a limit."""
        return None if self.left is None else self.left - self.reserved


def regranted(balance: Balance, amount: int | None) -> int | None:
    """What is granted after `amount` was added, or taken away when negative; None: no limit.

    A key without a limit gets one by this, counted from what it has spent. What is spent
    can't be taken away.
    """
    if amount is None:
        return None
    before = balance.spent if balance.granted is None else balance.granted
    return max(before + amount, balance.spent)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How many of a key's jobs ended in which way, and how many are unfinished."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    unfinished: int = 0


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the service admits. queue: jobs that may wait, and of these own_queue: of one key, None:
    all. job_limit: unfinished jobs of a key without a limit of its own; None: any number.
    retry_after: seconds to tell the refused.
    """

    queue: int
    own_queue: int | None = None
    job_limit: int | None = None
    retry_after: float = 1.0


@dataclass(frozen=True)
class Standing:
    """What a store must know to admit a job, read within the transaction that adds it.

    queued, queued_own: waiting jobs of all keys and of this one, that cost something or cost
    nothing as this job does (`Job.free`): neither kind takes the other's places.
    """

    key: Key
    balance: Balance
    queued: int
    unfinished: int
    queued_own: int = 0


def admit(cost: int, standing: Standing, bounds: Bounds) -> None:
    """Raises the refusal that applies, if any.

    `RevokedKey`, `QueueFull`, `TooManyRunning` or `InsufficientCredits`.
    """
    if standing.key.revoked:
        raise RevokedKey("This key was revoked.")
    if standing.queued >= bounds.queue:
        raise QueueFull(
            "Too many jobs are waiting. Please try again later.", retry_after=bounds.retry_after
        )
    if bounds.own_queue is not None and standing.queued_own >= bounds.own_queue:
        raise TooManyRunning(
            f"{standing.queued_own} such jobs of this key wait already.",
            retry_after=bounds.retry_after,
        )
    own = standing.key.job_limit
    limit = bounds.job_limit if own is None else own
    if limit is not None and standing.unfinished >= limit:
        raise TooManyRunning(
            f"This key has {standing.unfinished} unfinished jobs; {limit} are allowed at once.",
            retry_after=bounds.retry_after,
        )
    available = standing.balance.available
    if available is not None and available < cost:
        raise InsufficientCredits(
            f"The job costs {cost} credits, and {max(available, 0)} are available."
        )


def same_request(earlier: Job, job: Job) -> Job:
    """The earlier job of an idempotency key; `IdempotencyConflict` if it asked for other things."""
    if earlier.fingerprint != job.fingerprint:
        raise IdempotencyConflict(
            "This idempotency key was used before, for a different photo, different options, "
            "another priority or another webhook."
        )
    return earlier
