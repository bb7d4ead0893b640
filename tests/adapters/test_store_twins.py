"""The durable stores and their twin in memory do the same, whatever is done to them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.adapters.examples import NOW
from tests.servers.postgres import PostgresServer
from windstill.adapters.memory import MemoryStore
from windstill.adapters.postgres import PostgresStore
from windstill.adapters.sqlite import SqliteStore
from windstill.errors import WindstillError
from windstill.jobs.accounts import Bounds, Key, Secret
from windstill.jobs.model import UNFINISHED, Failure, Job, Lease, Result, State
from windstill.jobs.ports import JobStore

ACCOUNTS = (
    "SELECT keys.spent, COALESCE(SUM(ledger.amount), 0) AS charged FROM keys LEFT JOIN ledger "
    "ON ledger.key_id = keys.id AND ledger.reason = 'charge' GROUP BY keys.id"
)
KEYS = ("k0", "k1")
BOUNDS = Bounds(queue=4, job_limit=3)
numbers = st.integers(0, 7)
tokens = st.sampled_from(["a", "b"])


class Twins(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.durable: JobStore = self.open()
        self.stores = (self.durable, MemoryStore())
        self.now = NOW
        self.charged: dict[str, int] = {}
        for index, name in enumerate(KEYS):
            key = Key(id=name, name=name, created_at=NOW + index)
            self.both("add_key", key, Secret(prefix=name, digest=name.encode(), created_at=NOW), 60)

    def open(self) -> JobStore:
        self.folder = tempfile.TemporaryDirectory()
        return SqliteStore(Path(self.folder.name) / "jobs.db")

    def accounts(self) -> list[tuple[int, int]]:
        """What each key has spent, and what its charges add up to."""
        assert isinstance(self.durable, SqliteStore)
        with self.durable.database.reading() as db:
            return db.execute(ACCOUNTS).fetchall()

    def teardown(self) -> None:
        self.durable.close()
        self.folder.cleanup()

    def both(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Calls both; they must answer or refuse alike."""
        answers = []
        for store in self.stores:
            try:
                answers.append(getattr(store, method)(*arguments, **named))
            except WindstillError as error:
                answers.append((type(error), str(error)))
        assert answers[0] == answers[1]
        return answers[0]

    @rule(number=numbers, key=st.sampled_from(KEYS), name=st.none() | st.just("same"))
    def submit(self, number: int, key: str, name: str | None) -> None:
        if self.durable.job(f"j{number}") is not None:
            return
        self.now += 1
        job = Job(
            id=f"j{number}",
            key_id=key,
            cost=15,
            created_at=self.now,
            deadline=self.now + 50,
            attached=number in (3, 4),
            accepted_by="there" if number in (3, 4) else None,
            priority=number % 2,
            upload=f"uploads/{number}",
            idempotency_key=name,
        )
        self.both("submit", job, BOUNDS)

    @rule(number=numbers, token=tokens)
    def claim(self, number: int, token: str) -> None:
        lease = Lease(token, "here", self.now + 10)
        self.change(number, lambda job: job.claimed(lease, self.now))

    @rule(number=numbers, token=tokens)
    def succeed(self, number: int, token: str) -> None:
        result = Result(f"results/{number}.mp4", "video/mp4", 1)
        now = self.now
        done = self.change(number, lambda job: job.succeeded(token, result, now, now + 20))
        if done is not None:
            self.charged[done.id] = self.charged.get(done.id, 0) + 1

    @rule(number=numbers, token=tokens)
    def fail(self, number: int, token: str) -> None:
        self.change(number, lambda job: job.failed(token, Failure("x", "y"), self.now))

    @rule(number=numbers, token=tokens)
    def abandon(self, number: int, token: str) -> None:
        self.change(number, lambda job: job.abandoned(token, self.now, 2))

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        self.change(number, lambda job: job.cancelled(self.now))

    @rule(gone=st.booleans(), passed=st.integers(0, 30))
    def sweep(self, gone: bool, passed: int) -> None:
        self.now += passed
        found = {job.id for job in self.both_sorted("overdue", self.now, 9, gone=gone)}
        self.both("change_all", sorted(found), lambda job: job.lapsed(self.now, 2, gone=gone))
        outlived = {job.id for job in self.both_sorted("outlived", self.now, 9)}
        self.both("change_all", sorted(outlived), lambda job: job.expired(self.now))

    @rule(gone=st.sampled_from([("here",), ("there",), ("there", "here")]))
    def take_back(self, gone: tuple[str, ...]) -> None:
        found = {job.id for job in self.both_sorted("orphaned", gone, 9)}
        self.both("change_all", sorted(found), lambda job: job.orphaned(gone, self.now, 2))
        assert self.both_sorted("orphaned", gone, 9) == []

    @rule(again=st.integers(0, 9), limit=st.integers(1, 3))
    def offer(self, again: int, limit: int) -> None:
        self.both("offers", self.now, self.now - again, limit)

    @rule(key=st.sampled_from(KEYS), amount=st.none() | st.integers(-40, 60))
    def grant(self, key: str, amount: int | None) -> None:
        self.both("grant", key, amount, self.now)

    @rule(key=st.sampled_from(KEYS))
    def revoke(self, key: str) -> None:
        self.both("change_key", key, lambda key: replace(key, revoked_at=self.now))

    @rule(passed=st.integers(0, 100))
    def forget(self, passed: int) -> None:
        self.both("forget", self.now - passed)

    def change(self, number: int, change: Any) -> Job | None:
        found: Job | None = self.both("change", f"j{number}", change)
        return found

    def both_sorted(self, method: str, *arguments: Any, **named: Any) -> list[Job]:
        answers = [
            sorted(getattr(store, method)(*arguments, **named), key=lambda job: job.id)
            for store in self.stores
        ]
        assert answers[0] == answers[1]
        return answers[0]

    @invariant()
    def credits_are_exact(self) -> None:
        for key in KEYS:
            balance = self.both("balance", key)
            jobs = self.both("jobs", key)
            self.both("usage", key)
            unfinished = [job for job in jobs if job.state in UNFINISHED]
            assert balance.reserved == 15 * len(unfinished)
            assert balance.granted is None or balance.spent <= balance.granted
        rows = self.accounts()
        assert all(spent == charged for spent, charged in rows)
        assert sum(spent for spent, _ in rows) == 15 * len(self.charged)

    @invariant()
    def both_say_the_same(self) -> None:
        counts = self.both("counts")
        assert len(self.both("waiting", 100)) == counts[State.QUEUED] <= BOUNDS.queue + 3
        self.both("blobs_in_use")
        self.both("list_keys")


SETTINGS = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_file_does_what_memory_does() -> None:
    run_state_machine_as_test(Twins, settings=SETTINGS)


def test_a_server_does_what_memory_does(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    class PostgresTwins(Twins):
        def open(self) -> JobStore:
            self.url = postgres_server.create_database(postgres_template)
            return PostgresStore(self.url)

        def accounts(self) -> list[tuple[int, int]]:
            assert isinstance(self.durable, PostgresStore)
            rows = self.durable.database.read(lambda db: db.execute(ACCOUNTS.encode()).fetchall())
            return [(row["spent"], row["charged"]) for row in rows]

        def teardown(self) -> None:
            self.durable.close()
            postgres_server.drop_database(self.url)

    run_state_machine_as_test(PostgresTwins, settings=SETTINGS)
