"""What the engine needs from the outside: a store, a queue, and a place for files.

Each port has one contract test suite (tests/adapters) that every implementation passes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from windstill.jobs.accounts import Balance, Bounds, Key, Secret, Standing, Usage
from windstill.jobs.callbacks import Message
from windstill.jobs.model import Job, State

Change = Callable[[Job], Job | None]
"""A pure function from a job to what it becomes; None leaves it as it is. It may run more than
once, when a store repeats a transaction that met another.
"""


class KeyStore(Protocol):
    """Keys, their secrets, and what they have spent. Raises `StoreError` when it can't work."""

    def add_key(self, key: Key, secret: Secret, granted: int | None = None) -> None:
        """Stores a new key with its first secret and its credits; None: without a limit.

        Raises `InvalidKey` when a key that is not revoked has the same name.
        """

    def key(self, key_id: str) -> Key | None:
        """The key with this id."""

    def list_keys(self) -> list[Key]:
        """All keys, revoked ones too, oldest first."""

    def change_key(self, key_id: str, change: Callable[[Key], Key]) -> Key | None:
        """Replaces limits, name, access or revocation of a key in one transaction; None: no such
        key.

        `granted` and what was spent are not changed by this. Raises `InvalidKey` on a name in use.
        """

    def key_of_access(self, access_id: str) -> Key | None:
        """The key whose access key pair has this public half."""

    def use_nonce(self, access_id: str, nonce: str, now: float, until: float) -> bool:
        """Whether nobody has used this nonce of this access key pair; until `until` it is used.

        Of parallel calls, by whichever processes, one is told so. It survives the end of any
        process, but a power failure may undo what was used in its last moments.
        """

    def forget_nonces(self, now: float) -> int:
        """Removes the nonces that may be used again; returns how many."""

    def grant(self, key_id: str, amount: int | None, now: float) -> Key | None:
        """Changes a key's credits as `accounts.regranted` says, and enters it in the ledger."""

    def secrets(self, prefix: str) -> list[tuple[Key, Secret]]:
        """Every secret with this public prefix, expired ones too, and the key it opens."""

    def rotate(self, key_id: str, secret: Secret, old_expire_at: float) -> None:
        """Adds a secret; older ones end at `old_expire_at`, or when they would have before."""

    def balance(self, key_id: str) -> Balance:
        """Credits granted, spent and reserved by unfinished jobs. Unknown keys have none."""

    def usage(self, key_id: str) -> Usage:
        """What became of the key's jobs so far, and how many are unfinished."""


class Outbox(Protocol):
    """Messages that jobs have ended; see `windstill.jobs.callbacks`."""

    def take_messages(
        self,
        now: float,
        until: float,
        limit: int = 20,
        *,
        of_key: int = 20,
        busy: Collection[str] = (),
    ) -> list[Message]:
        """Due messages, each handed out to one caller only until `until`.

        The first of each key before the second of any; of one key those first that are due the
        longest, `of_key` at most. busy: ids of keys none of whose messages are wanted.
        """

    def settle_message(self, message: Message) -> None:
        """Stores what became of a message that was taken."""

    def message(self, job_id: str) -> Message | None:
        """The message about this job, if there is one."""


class JobStore(KeyStore, Outbox, Protocol):
    """Jobs, keys and credits, on disk when a call returns. Usable from several threads.

    Raises `StoreError` when the database can't be used; then nothing was changed, or the
    change is complete: repeating a call with the same ids is safe.
    """

    def submit(self, job: Job, bounds: Bounds) -> tuple[Job, bool]:
        """Takes a job in, in one transaction; returns the stored job and whether it is new.

        An idempotency key that its owner used before returns the earlier job. Otherwise
        `accounts.admit` decides, on figures that no parallel call can change meanwhile, so
        that neither the queue, nor the owner's limit, nor its credits can be overdrawn.
        Raises the refusals of `admit` and `UnknownKey`.
        """

    def standing(
        self, key_id: str, *, free: bool = False, idempotency_key: str | None = None
    ) -> Standing | None:
        """What `submit` would decide on at this moment; free: for a job that is.

        None when it would decide on nothing: the key is unknown, or has used the idempotency key.
        """

    def job(self, job_id: str) -> Job | None:
        """The job with this id."""

    def job_named(self, key_id: str, idempotency_key: str) -> Job | None:
        """The job of this key that was submitted with this idempotency key."""

    def change(self, job_id: str, change: Change, *, durable: bool = True) -> Job | None:
        """Applies `change` in one transaction and returns the new job; None: nothing changed.

        When a job becomes finished by it, its reservation ends in the same transaction: the
        cost is charged, and entered in the ledger, if it succeeded, and released otherwise;
        and `Job.message` is put into the outbox.
        durable: survives a power failure; else only the end of any process, which is quicker.
        """

    def change_all(self, job_ids: Iterable[str], change: Change) -> list[Job]:
        """`change` for several jobs in one transaction; returns those that changed."""

    def jobs(
        self,
        key_id: str,
        *,
        kind: str | None = None,
        limit: int = 50,
        before: tuple[float, str] | None = None,
    ) -> list[Job]:
        """The key's jobs, newest first.

        kind: only of this one. before: (created_at, id) of the last one already seen.
        """

    def waiting(self, limit: int) -> list[Job]:
        """Queued jobs in the order in which they should run: priority, then age."""

    def offers(self, now: float, again: float, limit: int) -> list[Job]:
        """The first of the waiting jobs, as `waiting`, of those that were not offered after
        `again`; from now on they are offered at `now`.

        A job that came back to the queue was not offered. Of parallel calls, only one gets a job.
        """

    def enlist(self, holder: str) -> None:
        """Makes known that this process, as long as it lives and the store is open, is the
        `Lease.holder`, or the `Job.accepted_by`, of this name, which no other has, had, or will
        have.
        """

    def gone(self) -> frozenset[str]:
        """Names that were enlisted, are known to be of nobody any more, and stand in unfinished
        jobs.

        One that lost its connection for a moment is not; one that died is, within about a second.
        A store that can't know answers nothing, and leases tell it later.
        """

    def present(self, name: str) -> bool:
        """Whether somebody holds the name at this moment. A store that can't know says so, too."""

    def orphaned(self, gone: Collection[str], limit: int) -> list[Job]:
        """Unfinished jobs that `Job.orphaned` changes as these are gone; any `limit` of them."""

    def news(self, told: Callable[[str], None]) -> None:
        """Has `told` called with the id of each job that another process changed in state, stage
        or fraction, or asked to stop. It may be called from any thread, and must not block.

        A hint that may be lost; a store that can't tell never does.
        """

    def overdue(self, now: float, limit: int, *, gone: bool = False) -> list[Job]:
        """Unfinished jobs that `Job.lapsed` changes, past their lease or deadline; any `limit`.

        gone: all running and all attached ones, too.
        """

    def outlived(self, now: float, limit: int) -> list[Job]:
        """Succeeded jobs whose result's time is over; those first whose time was over first."""

    def count_waiting(self) -> int:
        """How many jobs are queued; quick, however many jobs there were."""

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state; takes longer the more jobs are remembered."""

    def blobs_in_use(self) -> set[str]:
        """Names of the uploads of unfinished jobs and of the results not yet expired.

        All at once, as a file is only known to be nobody's when all others are known.
        """

    def forget(self, before: float) -> int:
        """Removes jobs that finished before a time and hold no result; returns how many.

        The ledger keeps what they cost.
        """

    def close(self) -> None:
        """Lets go of files and connections."""


class JobQueue(Protocol):
    """Carries the ids of waiting jobs to those who run them. The store is the truth: an id that
    is lost is put again by the sweeper, and one delivered twice is claimed only once.

    reoffer: seconds after which a job that still waits is put again, as its message may be lost;
    0: at every sweep, as putting an id again costs nothing; infinite: never, as the queue looks
    into the store itself.
    """

    @property
    def reoffer(self) -> float:
        """See above."""

    def put(self, job_id: str, priority: int = 0) -> bool:
        """Offers a job; False when there is no room. An id that is in the queue stays one."""

    def take(self, timeout: float | None = None) -> str | None:
        """The next id, highest priority first, then oldest; None after `timeout` or `close`."""

    def done(self, job_id: str) -> None:
        """What was taken needs no other delivery."""

    def close(self) -> None:
        """Ends every `take`, now and later."""

    def spoilt(self) -> list[str]:
        """Ids that were delivered too often without being `done`; they are not offered any more.
        Each is told again and again until it is `done`, too.
        """

    def problems(self) -> list[str]:
        """Why ids can't be carried now, in words; takes a second or two at most."""

    def __len__(self) -> int:
        """How many ids wait (about, for queues that live elsewhere)."""


@dataclass(frozen=True)
class BlobInfo:
    """A stored file: its name, size in bytes, type, and when it was stored."""

    name: str
    size: int
    mime: str
    stored_at: float


class BlobStore(Protocol):
    """Files by name: "uploads/..." and "results/...". Names are unguessable; the caller makes them.

    A blob is there whole or not at all. Raises `BlobMissing` and `StorageError`.
    """

    @property
    def origin(self) -> str | None:
        """Scheme and host of links, where the store serves files itself; None: the service's."""

    def put(
        self, name: str, source: Path | bytes, *, mime: str | None = None, durable: bool = True
    ) -> BlobInfo:
        """Stores bytes, or a file, which may be moved away. durable: survives a power failure."""

    def fetch(self, name: str, target: Path) -> None:
        """Makes the blob's bytes readable at `target`, which must not exist."""

    def stat(self, name: str) -> BlobInfo:
        """What is known of the blob without reading it."""

    def open(self, name: str) -> BinaryIO:
        """A seekable reader, for ranges."""

    def delete(self, name: str) -> None:
        """Removes the blob; one that is not there is no error."""

    def names(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Every blob whose name begins with `prefix`."""

    def sweep(self, keep: set[str], before: float) -> Sequence[str]:
        """Removes blobs stored before a time whose names are not in `keep`, and half-written
        ones; returns their names.
        """

    def link(self, name: str, *, expires_at: float) -> str:
        """An address at which anybody can read the blob until `expires_at`.

        Absolute where the store serves files itself, else relative to the service's own root.
        """
