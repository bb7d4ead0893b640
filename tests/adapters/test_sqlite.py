from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.examples import NOW, add_key, check_filled, claim, fill, submit, succeed
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.accounts import Balance
from windstill.jobs.errors import StoreError
from windstill.jobs.model import State

ROOT = Path(__file__).parents[2]

SUBMITTER = """
import sys
from pathlib import Path
from tests.adapters.examples import WIDE, make_job
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.errors import InsufficientCredits
store = SqliteStore(Path(sys.argv[1]))
(key,) = store.list_keys()
taken = 0
for number in range(20):
    try:
        store.submit(make_job(key, id=f"{sys.argv[2]}-{number}"), WIDE)
        taken += 1
    except InsufficientCredits:
        pass
store.close()
print(taken)
"""

CLAIMER = """
import sys
from pathlib import Path
from tests.adapters.examples import NOW, succeed
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.model import Lease, Result
store = SqliteStore(Path(sys.argv[1]))
done = 0
while jobs := store.waiting(1):
    lease = Lease(sys.argv[2], "here", NOW + 30)
    job = store.change(jobs[0].id, lambda job: job.claimed(lease, NOW))
    if job is not None:
        result = Result(f"results/{job.id}.mp4", "video/mp4", 1)
        settled = store.change(
            job.id, lambda job: job.succeeded(lease.token, result, NOW, NOW + 9)
        )
        done += settled is not None
store.close()
print(done)
"""


def run_four(program: str, path: Path | str) -> list[int]:
    """What four processes print that run a program on one database at once."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path), f"process{number}"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    return [int(output) for output in outputs]


def test_several_processes_can_not_overdraw_or_settle_twice(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    store = SqliteStore(path)
    key = add_key(store, granted=15 * 33)
    assert sum(run_four(SUBMITTER, path)) == 33
    assert store.balance(key.id) == Balance(495, 0, 495)
    assert sum(run_four(CLAIMER, path)) == 33
    assert store.balance(key.id) == Balance(495, 495, 0)
    assert store.usage(key.id).succeeded == 33
    store.close()


def test_what_was_stored_is_there_after_opening_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "jobs.db")
    key = add_key(store, granted=100)
    job = submit(store, key)
    succeed(store, claim(store, job))
    done = store.job(job.id)
    store.close()
    with pytest.raises(StoreError):
        store.job(job.id)
    again = SqliteStore(tmp_path / "jobs.db")
    assert again.job(job.id) == done
    assert again.list_keys() == [key]
    assert again.counts()[State.SUCCEEDED] == 1
    again.close()


def test_the_database_itself_refuses_a_second_charge(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "jobs.db")
    job = submit(store, add_key(store))
    succeed(store, claim(store, job))
    with pytest.raises(StoreError) as refused, store.database.writing() as db:
        db.execute(
            "INSERT INTO ledger (key_id, job_id, reason, amount, at) VALUES (?, ?, ?, ?, ?)",
            (job.key_id, job.id, "charge", 15, NOW),
        )
    assert isinstance(refused.value.__cause__, sqlite3.IntegrityError)
    store.close()


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "jobs.db")
    add_key(store)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("jobs.db", "jobs.db-wal", "jobs.db-shm"), 0o600)
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.db"]


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer version"):
        SqliteStore(path)


def test_a_filled_database_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    store = SqliteStore(path)
    filled = fill(store)
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE jobs DROP COLUMN accepted_by")
        db.execute("ALTER TABLE keys DROP COLUMN high_priority")
        db.execute("ALTER TABLE outbox DROP COLUMN key_id")
        db.execute("DROP TABLE nonces")
        db.execute("DROP INDEX keys_access")
        for column in ("id", "generation", "former_until", "closed_at"):
            db.execute(f"ALTER TABLE keys DROP COLUMN access_{column}")
        db.execute("PRAGMA user_version = 4")
    db.close()
    store = SqliteStore(path)
    check_filled(store, filled)
    store.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 20])
def test_a_damaged_file_is_an_error_of_the_tree(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "jobs.db"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        SqliteStore(path)
    assert path.read_bytes() == content


def test_a_database_locked_for_too_long_refuses_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    store = SqliteStore(path, busy=0.05)
    key = add_key(store)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        submit(store, key)
    assert store.counts()[State.QUEUED] == 0  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    submit(store, key)
    assert store.counts()[State.QUEUED] == 1
    store.close()


def test_frequent_questions_are_answered_by_an_index(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "jobs.db")
    questions = [
        "SELECT COALESCE(SUM(cost), 0) FROM jobs WHERE key_id = 'k' "
        "AND state IN ('queued', 'running')",
        "SELECT COUNT(*) FROM jobs WHERE state = 'queued'",
        "SELECT * FROM jobs WHERE state = 'queued' ORDER BY priority DESC, created_at, id LIMIT 9",
        "SELECT * FROM jobs WHERE state = 'succeeded' AND expires_at <= 5 "
        "ORDER BY expires_at LIMIT 9",
        "SELECT * FROM jobs WHERE key_id = 'k' AND (created_at, id) < (5, 'x') "
        "ORDER BY created_at DESC, id DESC LIMIT 9",
        "SELECT * FROM jobs WHERE key_id = 'k' AND idempotency_key = 'i'",
        "SELECT * FROM secrets WHERE prefix = 'p'",
    ]
    with store.database.reading() as db:
        for question in questions:
            plan = " ".join(row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {question}"))
            assert "INDEX" in plan, (question, plan)
            assert "TEMP B-TREE" not in plan, (question, plan)
    store.close()
