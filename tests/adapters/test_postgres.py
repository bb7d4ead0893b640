from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.adapters.examples import (
    LEASE,
    NOW,
    WIDE,
    add_key,
    check_filled,
    claim,
    fill,
    make_job,
    submit,
    succeed,
)
from tests.adapters.test_sqlite import CLAIMER, SUBMITTER, run_four
from tests.servers.postgres import PostgresServer, start_postgres
from windstill.adapters.postgres import PostgresQueue, PostgresStore
from windstill.adapters.postgres.connection import Connection
from windstill.jobs.accounts import Balance, Bounds
from windstill.jobs.errors import QueueFull, StoreError
from windstill.jobs.model import Job, Lease, State

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, threading
from windstill.adapters.postgres import PostgresStore
store = PostgresStore(sys.argv[1])
store.enlist(sys.argv[2])
print("enlisted", flush=True)
sys.stdin.read()
store.close()
"""


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that the test may stop."""
    (tmp_path / "server").mkdir()
    server = start_postgres(tmp_path / "server")
    yield server
    server.stop()


def test_several_processes_can_not_overdraw_or_settle_twice(
    store: PostgresStore, postgres_url: str
) -> None:
    key = add_key(store, granted=15 * 33)
    swapped = ("windstill.adapters.sqlite import SqliteStore", "SqliteStore(Path(sys.argv[1]))")
    given = ("windstill.adapters.postgres import PostgresStore", "PostgresStore(sys.argv[1])")
    submitter, claimer = (
        program.replace(swapped[0], given[0]).replace(swapped[1], given[1])
        for program in (SUBMITTER, CLAIMER)
    )
    assert sum(run_four(submitter, postgres_url)) == 33
    assert store.balance(key.id) == Balance(495, 0, 495)
    assert sum(run_four(claimer, postgres_url)) == 33
    assert store.balance(key.id) == Balance(495, 495, 0)
    assert store.usage(key.id).succeeded == 33


def test_a_queue_is_filled_to_its_last_place_and_not_beyond(
    store: PostgresStore, postgres_url: str
) -> None:
    with store.database.connect() as db:
        # Up to where every connection could take the last place, and from there on one by one.
        places = int(db.execute("SHOW max_connections").fetchall()[0]["max_connections"]) + 20
    other = PostgresStore(postgres_url)
    keys = [add_key(store, name) for name in ("anna", "otto", "ida", "emil")]
    taken: list[Job] = []

    def ask(number: int) -> None:
        with suppress(QueueFull):
            while True:
                job = make_job(keys[number])
                (store, other)[number % 2].submit(job, Bounds(queue=places))
                taken.append(job)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == store.count_waiting() == places
    other.close()


def test_processes_that_start_together_make_the_schema_once(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create_database()
    stores: list[PostgresStore] = []
    threads = [threading.Thread(target=lambda: stores.append(PostgresStore(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 4
    key = add_key(stores[0])
    assert stores[3].list_keys() == [key]
    for opened in stores:
        opened.close()
    postgres_server.drop_database(url)


def test_a_filled_database_of_an_older_version_is_brought_up_to_date(postgres_url: str) -> None:
    store = PostgresStore(postgres_url)
    filled = fill(store)
    store.close()
    with psycopg.connect(postgres_url) as db:
        db.execute("ALTER TABLE windstill.jobs DROP COLUMN accepted_by")
        db.execute("ALTER TABLE windstill.keys DROP COLUMN high_priority")
        db.execute("ALTER TABLE windstill.outbox DROP COLUMN key_id")
        db.execute("DROP TABLE windstill.nonces")
        for column in ("id", "generation", "former_until", "closed_at"):
            db.execute(f"ALTER TABLE windstill.keys DROP COLUMN access_{column}".encode())
        db.execute("UPDATE windstill.schema_version SET version = 1")
    store = PostgresStore(postgres_url)
    check_filled(store, filled)
    store.close()


def test_a_newer_schema_is_left_alone(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as db:
        db.execute("UPDATE windstill.schema_version SET version = 99")
    with pytest.raises(StoreError, match="newer version"):
        PostgresStore(postgres_url)


def test_the_database_itself_refuses_a_second_charge(store: PostgresStore) -> None:
    job = submit(store, add_key(store))
    succeed(store, claim(store, job))
    with pytest.raises(StoreError) as refused:
        store.database.write(
            lambda db: db.execute(
                "INSERT INTO ledger (key_id, job_id, reason, amount, at) "
                "VALUES (%s, %s, 'charge', 15, %s)",
                (job.key_id, job.id, NOW),
            )
        )
    assert isinstance(refused.value.__cause__, psycopg.errors.UniqueViolation)


def test_frequent_questions_are_answered_by_an_index(store: PostgresStore) -> None:
    questions = [
        "SELECT SUM(cost) FROM jobs WHERE key_id = 'k' AND state IN ('queued', 'running')",
        "SELECT COUNT(*) FROM jobs WHERE state = 'queued'",
        "SELECT * FROM jobs WHERE state = 'queued' ORDER BY priority DESC, created_at, id LIMIT 9",
        "SELECT * FROM jobs WHERE state = 'running' AND lease_holder = ANY('{a,b}')",
        "SELECT * FROM jobs WHERE accepted_by = ANY('{a,b}') AND state IN ('queued', 'running')",
        "SELECT * FROM jobs WHERE state = 'succeeded' AND expires_at <= 5 "
        "ORDER BY expires_at LIMIT 9",
        "SELECT * FROM jobs WHERE key_id = 'k' AND (created_at, id) < (5, 'x' COLLATE \"C\") "
        "ORDER BY created_at DESC, id DESC LIMIT 9",
        "SELECT * FROM jobs WHERE key_id = 'k' AND idempotency_key = 'i'",
        "SELECT * FROM secrets WHERE prefix = 'p'",
        "SELECT * FROM outbox WHERE next_at <= 5 ORDER BY next_at LIMIT 9",
    ]
    with store.database.connect() as db:
        db.execute("SET enable_seqscan = off")
        for question in questions:
            plan = str(db.execute(f"EXPLAIN {question}".encode()).fetchall())
            assert "Index" in plan or "Bitmap" in plan, (question, plan)
            assert "Seq Scan" not in plan, (question, plan)
            assert "Sort" not in plan, (question, plan)


def test_texts_that_the_database_can_not_hold_do_no_harm(store: PostgresStore) -> None:
    key = add_key(store)
    assert store.job("a\0b") is None
    assert store.key("a\0b") is None
    assert store.secrets("a\0b") == []
    job = submit(store, key, payload={"note": "a\0b"})
    assert store.job(job.id) == job
    claim(store, job)
    renewed = store.change(job.id, lambda job: job.renewed("token", NOW, "a\0b", 0.5))
    assert renewed is not None
    found = store.job(job.id)
    assert found is not None
    assert found.stage == "a\ufffdb"
    with pytest.raises(StoreError):
        submit(store, key, kind="\ud800")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://windstill:hush@127.0.0.1:1/windstill",
        "postgresql://windstill:hush@[nonsense/windstill",
        "postgresql//windstill:hush@127.0.0.1/windstill",
        "hush",
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_password(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        PostgresStore(url)
    assert "hush" not in str(refused.value)


def test_a_wrong_password_is_not_repeated(postgres_server: PostgresServer) -> None:
    with pytest.raises(StoreError, match="authentication") as refused:
        PostgresStore(postgres_server.url.replace(postgres_server.password, "hush"))
    assert "hush" not in str(refused.value)


def test_a_server_that_was_restarted_is_not_even_noticed(own_server: PostgresServer) -> None:
    store = PostgresStore(own_server.url)
    key = add_key(store)
    threads = [threading.Thread(target=submit, args=(store, key)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own_server.restart()
    submit(store, key)
    assert store.count_waiting() == 7
    store.close()


def test_a_server_that_stands_still_is_given_up_and_used_again_later(
    own_server: PostgresServer,
) -> None:
    store = PostgresStore(own_server.url, patience=1)
    key = add_key(store)
    own_server.suspend()
    try:
        with pytest.raises(StoreError):
            submit(store, key)
        with pytest.raises(StoreError):
            store.count_waiting()
    finally:
        own_server.resume()
    submit(store, key)
    assert store.key(key.id) == key
    store.close()


def test_who_stands_still_in_a_transaction_does_not_keep_the_others(
    store: PostgresStore, postgres_url: str
) -> None:
    key = add_key(store)
    hurried = PostgresStore(postgres_url, patience=1)
    with store.database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM keys FOR UPDATE")
        with pytest.raises(StoreError, match="timeout"):
            submit(hurried, key)
        assert hurried.job("x") is None  # reading goes on
        other.execute("ROLLBACK")
    submit(hurried, key)
    hurried.close()


def test_a_call_waits_for_a_connection_only_for_a_while(postgres_url: str) -> None:
    store = PostgresStore(postgres_url, size=1, patience=1)

    def nested(db: Connection) -> None:
        with pytest.raises(StoreError, match="in use"):
            store.count_waiting()

    store.database.read(nested)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.count_waiting()


@pytest.mark.parametrize("how", [signal.SIGKILL, None], ids=["killed", "closed"])
def test_jobs_of_a_process_that_is_gone_are_orphaned(
    store: PostgresStore, postgres_url: str, how: signal.Signals | None
) -> None:
    store.enlist("here")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, postgres_url, "there"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == b"enlisted\n"
        key = add_key(store)
        mine, theirs, unknown = (submit(store, key) for _ in range(3))
        claim(store, mine, Lease("a", "here", NOW))
        theirs = claim(store, theirs, Lease("b", "there", NOW))
        claim(store, unknown, Lease("c", "never enlisted", NOW))
        turn = threading.Event()
        while store.line.steady < 2.5:
            turn.wait(0.05)
        assert store.gone() == frozenset()
        if how is not None:
            os.kill(holder.pid, how)
    found: frozenset[str] = frozenset()
    while not found:
        found = store.gone()
    assert found == {"there"}
    assert store.orphaned(found, 9) == [theirs]


def test_a_process_with_waiting_clients_is_missed_until_their_jobs_have_ended(
    store: PostgresStore, postgres_url: str
) -> None:
    store.enlist("here")
    other = PostgresStore(postgres_url)
    other.enlist("there")
    key = add_key(store)
    mine = submit(store, key, attached=True, accepted_by="here")
    theirs = submit(store, key, attached=True, accepted_by="there")
    assert store.present("there")
    other.close()
    while store.present("there"):
        pass
    assert store.present("here")
    found: frozenset[str] = frozenset()
    while not found:
        found = store.gone()
    assert found == {"there"}
    store.forget(NOW + 9)  # remembers who was enlisted as long as a job needs it
    assert store.gone() == {"there"}
    for job in (mine, theirs):
        store.change(job.id, lambda job: job.orphaned({"there"}, NOW + 9, 3))
    assert store.gone() == frozenset()
    assert store.job(mine.id) == mine


def test_a_holder_whose_connection_broke_is_back_before_it_is_missed(
    store: PostgresStore, postgres_url: str
) -> None:
    other = PostgresStore(postgres_url)
    store.enlist("here")
    other.enlist("there")
    claim(store, submit(store, add_key(store)), Lease("b", "there", NOW))
    turn = threading.Event()
    while store.line.steady < 2.5:
        turn.wait(0.05)
    before = other.line.steady
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE locktype = 'advisory' "
            "AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = "
            "hashtextextended('windstill holder there', 0)"
        )
    while other.line.steady >= before:
        assert store.gone() == frozenset()
    while other.line.steady < 0.5:
        assert store.gone() == frozenset()
    other.close()


def test_news_are_of_other_processes_and_of_what_people_see(
    store: PostgresStore, postgres_url: str
) -> None:
    other = PostgresStore(postgres_url)
    told: list[str] = []
    heard = threading.Event()

    def hear(job_id: str) -> None:
        told.append(job_id)
        heard.set()

    store.news(hear)
    store.enlist("here")  # from now on, it listens
    job = submit(store, add_key(store))
    claim(store, job)  # by this process itself
    other.change(job.id, lambda job: job.renewed("token", NOW + 99, None, 0.0))  # a sign of life
    other.change(job.id, lambda job: job.cancelled(NOW))
    assert heard.wait(10)
    assert told == [job.id]
    assert other.change(job.id, lambda job: job.stopped("token", NOW)) is not None
    while len(told) < 2:
        heard.wait(0.01)
    assert told == [job.id] * 2
    other.close()


def test_a_taker_is_told_of_a_job_of_another_process(
    store: PostgresStore, postgres_url: str
) -> None:
    other = PostgresStore(postgres_url)
    key = add_key(store)
    taken: list[str | None] = []
    here, there = PostgresQueue(store), PostgresQueue(other)
    thread = threading.Thread(target=lambda: taken.append(there.take(30)))
    thread.start()
    job = submit(store, key)
    assert here.put(job.id)
    thread.join()
    assert taken == [job.id]
    assert here.take(0) is None  # reserved for who has it
    claim(other, job, LEASE)
    there.done(job.id)
    assert len(here) == 0
    here.close()
    there.close()
    other.close()


def test_close_leaves_no_thread_and_no_handle(postgres_url: str) -> None:
    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = handles(), threading.active_count()
    store = PostgresStore(postgres_url)
    store.enlist("here")
    store.submit(make_job(add_key(store)), WIDE)
    assert store.counts()[State.QUEUED] == 1
    store.close()
    store.close()
    assert (handles(), threading.active_count()) == before
