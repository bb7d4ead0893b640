"""A job store that forgets: the twin of the durable ones, for tests and for trying things out."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from windstill.jobs.accounts import (
    Balance,
    Bounds,
    Key,
    Secret,
    Standing,
    Usage,
    admit,
    regranted,
    same_request,
)
from windstill.jobs.callbacks import Message
from windstill.jobs.errors import InvalidKey, UnknownKey
from windstill.jobs.model import UNFINISHED, Job, State
from windstill.jobs.ports import Change


@dataclass
class _Account:
    key: Key
    granted: int | None
    secrets: list[Secret]
    spent: int = 0
    ended: Counter[State] = field(default_factory=Counter)


class MemoryStore:
    """Implements `windstill.jobs.ports.JobStore` in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._accounts: dict[str, _Account] = {}
        self._jobs: dict[str, Job] = {}
        self._outbox: dict[str, Message] = {}
        self._offered: dict[str, float] = {}
        self._nonces: dict[tuple[str, str], float] = {}

    def add_key(self, key: Key, secret: Secret, granted: int | None = None) -> None:
        """See the port."""
        with self._lock:
            self._check_name(key)
            self._accounts[key.id] = _Account(key, granted, [secret])

    def key(self, key_id: str) -> Key | None:
        """See the port."""
        with self._lock:
            account = self._accounts.get(key_id)
            return None if account is None else account.key

    def list_keys(self) -> list[Key]:
        """See the port."""
        with self._lock:
            found = [account.key for account in self._accounts.values()]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    def change_key(self, key_id: str, change: Callable[[Key], Key]) -> Key | None:
        """See the port."""
        with self._lock:
            account = self._accounts.get(key_id)
            if account is None:
                return None
            key = change(account.key)
            self._check_name(key)
            account.key = key
            return key

    def key_of_access(self, access_id: str) -> Key | None:
        """See the port."""
        found = (key for key in self.list_keys() if key.access and key.access.id == access_id)
        return next(found, None)

    def use_nonce(self, access_id: str, nonce: str, now: float, until: float) -> bool:
        """See the port."""
        with self._lock:
            is_new = self._nonces.get((access_id, nonce), now) <= now
            if is_new:
                self._nonces[access_id, nonce] = until
            return is_new

    def forget_nonces(self, now: float) -> int:
        """See the port."""
        with self._lock:
            before = len(self._nonces)
            self._nonces = {used: until for used, until in self._nonces.items() if until > now}
            return before - len(self._nonces)

    def grant(self, key_id: str, amount: int | None, now: float) -> Key | None:
        """See the port."""
        with self._lock:
            account = self._accounts.get(key_id)
            if account is None:
                return None
            account.granted = regranted(self.balance(key_id), amount)
            return account.key

    def secrets(self, prefix: str) -> list[tuple[Key, Secret]]:
        """See the port."""
        with self._lock:
            found = [
                (account.key, secret)
                for account in self._accounts.values()
                for secret in account.secrets
                if secret.prefix == prefix
            ]
        return sorted(found, key=lambda pair: pair[1].created_at)

    def rotate(self, key_id: str, secret: Secret, old_expire_at: float) -> None:
        """See the port."""
        with self._lock:
            account = self._accounts[key_id]
            ends = [old.expires_at for old in account.secrets]
            account.secrets = [
                replace(old, expires_at=min(old_expire_at, old_expire_at if end is None else end))
                for old, end in zip(account.secrets, ends, strict=True)
            ] + [secret]

    def balance(self, key_id: str) -> Balance:
        """See the port."""
        with self._lock:
            account = self._accounts.get(key_id)
            if account is None:
                return Balance(0, 0, 0)
            reserved = sum(job.cost for job in self._unfinished(key_id))
            return Balance(account.granted, account.spent, reserved)

    def usage(self, key_id: str) -> Usage:
        """See the port."""
        with self._lock:
            account = self._accounts.get(key_id)
            if account is None:
                return Usage()
            return Usage(
                succeeded=account.ended[State.SUCCEEDED],
                failed=account.ended[State.FAILED],
                cancelled=account.ended[State.CANCELLED],
                unfinished=len(self._unfinished(key_id)),
            )

    def submit(self, job: Job, bounds: Bounds) -> tuple[Job, bool]:
        """See the port."""
        with self._lock:
            for earlier in self._jobs.values():
                named = job.idempotency_key is not None and earlier.key_id == job.key_id
                if named and earlier.idempotency_key == job.idempotency_key:
                    return same_request(earlier, job), False
            account = self._accounts.get(job.key_id)
            if account is None:
                raise UnknownKey("There is no such key.")
            admit(job.cost, self._standing(account.key, free=job.free), bounds)
            self._jobs[job.id] = job
            return job, True

    def standing(
        self, key_id: str, *, free: bool = False, idempotency_key: str | None = None
    ) -> Standing | None:
        """See the port."""
        with self._lock:
            account = self._accounts.get(key_id)
            used = idempotency_key is not None and self._select(
                lambda job: job.key_id == key_id and job.idempotency_key == idempotency_key
            )
            return None if account is None or used else self._standing(account.key, free=free)

    def job(self, job_id: str) -> Job | None:
        """See the port."""
        with self._lock:
            return self._jobs.get(job_id)

    def job_named(self, key_id: str, idempotency_key: str) -> Job | None:
        """See the port."""
        with self._lock:
            found = self._select(
                lambda job: job.key_id == key_id and job.idempotency_key == idempotency_key
            )
            return found[0] if found else None

    def change(self, job_id: str, change: Change, *, durable: bool = True) -> Job | None:
        """See the port."""
        changed = self.change_all([job_id], change)
        return changed[0] if changed else None

    def change_all(self, job_ids: Iterable[str], change: Change) -> list[Job]:
        """See the port."""
        with self._lock:
            pairs = []
            for job_id in job_ids:
                before = self._jobs.get(job_id)
                after = None if before is None else change(before)
                if before is not None and after is not None and after != before:
                    pairs.append((before, after))
            for before, after in pairs:
                self._jobs[after.id] = after
                if after.state is not State.QUEUED:
                    self._offered.pop(after.id, None)
                if after.finished and not before.finished:
                    account = self._accounts[after.key_id]
                    account.ended[after.state] += 1
                    account.spent += after.cost if after.state is State.SUCCEEDED else 0
                    message = after.message()
                    if message is not None:
                        self._outbox[message.job_id] = message
            return [after for _, after in pairs]

    def jobs(
        self,
        key_id: str,
        *,
        kind: str | None = None,
        limit: int = 50,
        before: tuple[float, str] | None = None,
    ) -> list[Job]:
        """See the port."""
        bound = before or (float("inf"), "")
        found = self._select(
            lambda job: (
                job.key_id == key_id
                and kind in (None, job.kind)
                and (job.created_at, job.id) < bound
            )
        )
        return sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)[:limit]

    def waiting(self, limit: int) -> list[Job]:
        """See the port."""
        found = self._select(lambda job: job.state is State.QUEUED)
        return sorted(found, key=lambda job: (-job.priority, job.created_at, job.id))[:limit]

    def offers(self, now: float, again: float, limit: int) -> list[Job]:
        """See the port."""
        with self._lock:
            offered = self._offered
            found = [
                job
                for job in self.waiting(len(self._jobs))
                if job.id not in offered or offered[job.id] <= again
            ][:limit]
            offered.update({job.id: now for job in found})
            return found

    def enlist(self, holder: str) -> None:
        """See the port."""

    def gone(self) -> frozenset[str]:
        """Nobody: there is no other process."""
        return frozenset()

    def present(self, name: str) -> bool:
        """See the port."""
        return True

    def orphaned(self, gone: Collection[str], limit: int) -> list[Job]:
        """See the port."""
        return self._select(lambda job: job.orphaned(gone, 0.0, 1) is not None)[:limit]

    def news(self, told: Callable[[str], None]) -> None:
        """See the port."""

    def overdue(self, now: float, limit: int, *, gone: bool = False) -> list[Job]:
        """See the port."""

        def due(job: Job) -> bool:
            if job.state is State.QUEUED:
                return now >= job.deadline or (gone and job.attached)
            return job.lease is not None and (gone or now >= job.lease.until)

        return self._select(due)[:limit]

    def outlived(self, now: float, limit: int) -> list[Job]:
        """See the port."""
        found = self._select(lambda job: job.expired(now) is not None)
        return sorted(found, key=lambda job: job.expires_at or 0.0)[:limit]

    def count_waiting(self) -> int:
        """See the port."""
        return len(self._select(lambda job: job.state is State.QUEUED))

    def counts(self) -> dict[State, int]:
        """See the port."""
        with self._lock:
            found = Counter(job.state for job in self._jobs.values())
        return {state: found[state] for state in State}

    def blobs_in_use(self) -> set[str]:
        """See the port."""
        unfinished = self._select(lambda job: job.state in UNFINISHED)
        done = self._select(lambda job: job.state is State.SUCCEEDED)
        results = {blob for job in done if job.result is not None for blob in job.result.blobs}
        return {blob for job in unfinished for blob in job.uploads} | results

    def forget(self, before: float) -> int:
        """See the port."""
        with self._lock:
            past = self._select(
                lambda job: (
                    job.finished
                    and job.state is not State.SUCCEEDED
                    and job.finished_at is not None
                    and job.finished_at < before
                )
            )
            for job in past:
                del self._jobs[job.id]
            for message in list(self._outbox.values()):
                if message.next_at is None and message.created_at < before:
                    del self._outbox[message.job_id]
            return len(past)

    def take_messages(
        self,
        now: float,
        until: float,
        limit: int = 20,
        *,
        of_key: int = 20,
        busy: Collection[str] = (),
    ) -> list[Message]:
        """See the port."""
        with self._lock:
            due = [
                message
                for message in self._outbox.values()
                if message.next_at is not None
                and message.next_at <= now
                and message.key_id not in busy
            ]
            due.sort(key=lambda message: message.next_at or 0.0)
            seen: Counter[str] = Counter()
            turns = []
            for message in due:
                seen[message.key_id] += 1
                turns.append((seen[message.key_id], message))
            wanted = sorted((pair for pair in turns if pair[0] <= of_key), key=lambda pair: pair[0])
            taken = [message.taken(until) for _, message in wanted[:limit]]
            self._outbox.update({message.job_id: message for message in taken})
            return taken

    def settle_message(self, message: Message) -> None:
        """See the port."""
        with self._lock:
            self._outbox[message.job_id] = message

    def message(self, job_id: str) -> Message | None:
        """See the port."""
        with self._lock:
            return self._outbox.get(job_id)

    def close(self) -> None:
        """See the port."""

    def _select(self, wanted: Callable[[Job], bool]) -> list[Job]:
        with self._lock:
            return [job for job in self._jobs.values() if wanted(job)]

    def _unfinished(self, key_id: str) -> list[Job]:
        return self._select(lambda job: job.key_id == key_id and job.state in UNFINISHED)

    def _standing(self, key: Key, *, free: bool) -> Standing:
        queued = self._select(lambda job: job.state is State.QUEUED and job.free == free)
        return Standing(
            key=key,
            balance=self.balance(key.id),
            queued=len(queued),
            queued_own=sum(job.key_id == key.id for job in queued),
            unfinished=len(self._unfinished(key.id)),
        )

    def _check_name(self, key: Key) -> None:
        for account in self._accounts.values():
            other = account.key
            taken = other.name == key.name and other.id != key.id
            if taken and not other.revoked and not key.revoked:
                raise InvalidKey(f"There is a key named {key.name!r} already.", field="name")
