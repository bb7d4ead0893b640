"""The contract of `windstill.jobs.ports.Outbox`, and of what is stored beside a job's one file."""

from __future__ import annotations

import sqlite3
import threading
from importlib import resources
from pathlib import Path

from tests.adapters.examples import (
    NOW,
    WIDE,
    add_key,
    callback,
    claim,
    make_job,
    submit,
    succeed,
)
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.callbacks import RETRIES, Message
from windstill.jobs.model import Failure, Job, Result
from windstill.jobs.ports import JobStore


def test_a_message_is_there_when_its_job_has_ended_and_not_before(store: JobStore) -> None:
    key = add_key(store)
    done, cancelled, failed, silent = (
        submit(store, key, callback=None if index == 3 else callback()) for index in range(4)
    )
    claim(store, done)
    claim(store, failed)
    assert store.take_messages(NOW + 99, NOW + 199) == []
    succeed(store, done)
    store.change(cancelled.id, lambda job: job.cancelled(NOW + 2))
    store.change(failed.id, lambda job: job.failed("token", Failure("x", "y"), NOW + 3))
    succeed(store, claim(store, silent))
    assert store.message(silent.id) is None
    taken = store.take_messages(NOW + 99, NOW + 199)
    assert [message.job_id for message in taken] == [cancelled.id, failed.id, done.id]
    assert {message.callback for message in taken} == {callback()}
    assert {message.attempts for message in taken} == {1}


def test_a_message_goes_to_one_sender_until_its_time_is_over(store: JobStore) -> None:
    key = add_key(store)
    for _ in range(12):
        store.change(submit(store, key, callback=callback()).id, lambda job: job.cancelled(NOW))
    found: list[Message] = []
    barrier = threading.Barrier(4)

    def take() -> None:
        barrier.wait()
        while taken := store.take_messages(NOW, NOW + 60, 2):
            found.extend(taken)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len({message.job_id for message in found}) == 12
    again = store.take_messages(NOW + 60, NOW + 120, 50)
    assert {message.attempts for message in again} == {2}


def test_no_key_s_messages_hold_up_another_s(store: JobStore) -> None:
    keys = [add_key(store, name) for name in ("many", "few", "none")]
    for number in range(12):
        key = keys[1] if number == 11 else keys[0]
        job = submit(store, key, callback=callback())
        store.change(job.id, lambda job, at=NOW + number: job.cancelled(at))  # type: ignore[misc]
    many, few, _ = (key.id for key in keys)
    first = store.take_messages(NOW + 99, NOW + 199, 4, of_key=3)
    assert [message.key_id for message in first] == [many, few, many, many]
    assert [message.created_at for message in first] == [NOW, NOW + 11, NOW + 1, NOW + 2]
    assert store.take_messages(NOW + 99, NOW + 199, busy=[many]) == []
    later = first[0].postponed(NOW + 500)
    store.settle_message(later)
    assert (later.attempts, store.message(later.job_id)) == (0, later)
    assert len(store.take_messages(NOW + 99, NOW + 199)) == 8


def test_a_message_is_tried_again_later_and_later_and_then_given_up(store: JobStore) -> None:
    job = submit(store, add_key(store), callback=callback())
    store.change(job.id, lambda job: job.cancelled(NOW))
    now, pauses = NOW, []
    while taken := store.take_messages(now, now + 60):
        (message,) = taken
        settled = message.failed(now, "The receiver answered 500.")
        store.settle_message(settled)
        assert store.message(job.id) == settled
        if settled.next_at is not None:
            assert store.take_messages(settled.next_at - 1, now) == []
            pauses.append(settled.next_at - now)
            now = settled.next_at
    assert tuple(pauses) == RETRIES
    assert store.take_messages(NOW + 1e9, NOW + 2e9) == []


def test_what_arrived_is_not_sent_again_and_is_forgotten_with_the_job(store: JobStore) -> None:
    job = submit(store, add_key(store), callback=callback())
    store.change(job.id, lambda job: job.cancelled(NOW))
    (message,) = store.take_messages(NOW, NOW + 60)
    store.settle_message(message.delivered(NOW + 1))
    assert store.take_messages(NOW + 1e6, NOW + 2e6) == []
    store.forget(NOW)
    assert store.message(job.id) is not None
    store.forget(NOW + 1)
    assert store.message(job.id) is None


def test_further_files_are_in_use_as_long_as_the_first(store: JobStore) -> None:
    key = add_key(store)
    extras = {"sky_matte": "uploads/sky", "hair_matte": "uploads/hair"}
    job, _ = store.submit(make_job(key, extras=extras), WIDE)
    assert store.job(job.id) == job
    assert store.blobs_in_use() == {job.upload, *extras.values()}
    claim(store, job)
    result = Result("results/motion.bin", "x/y", 5, {}, {"mattes": "results/mattes.png"})
    done = store.change(job.id, lambda job: job.succeeded("token", result, NOW, NOW + 9))
    assert store.job(job.id) == done
    assert store.blobs_in_use() == set(result.blobs)
    store.change(job.id, lambda job: job.expired(NOW + 9))
    assert store.blobs_in_use() == set()


def test_jobs_of_one_kind_are_listed_alone(store: JobStore) -> None:
    key = add_key(store)
    jobs = [
        submit(store, key, kind=kind, created_at=NOW + index)
        for index, kind in enumerate(("animate", "preview", "animate"))
    ]
    assert store.jobs(key.id, kind="animate") == [jobs[2], jobs[0]]
    before = (jobs[2].created_at, jobs[2].id)
    assert store.jobs(key.id, kind="animate", before=before) == [jobs[0]]
    assert len(store.jobs(key.id)) == 3


def test_a_database_of_the_first_schema_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    scripts = resources.files("windstill.adapters.sqlite") / "migrations"
    old = sqlite3.connect(path)
    old.executescript((scripts / "0001_jobs.sql").read_text())
    old.executescript(
        "PRAGMA user_version = 1;"
        "INSERT INTO keys (id, name, created_at) VALUES ('k', 'anna', 1);"
        "INSERT INTO jobs (id, key_id, kind, payload, state, priority, cost, attached, created_at,"
        " deadline, attempts, cancel_requested, fraction, upload)"
        " VALUES ('j', 'k', 'animate', '{}', 'queued', 0, 15, 0, 1, 2, 0, 0, 0, 'uploads/1');"
    )
    old.close()
    store = SqliteStore(path)
    job = store.job("j")
    assert job == Job(id="j", key_id="k", cost=15, created_at=1, deadline=2, upload="uploads/1")
    assert store.blobs_in_use() == {"uploads/1"}
    assert store.balance("k").reserved == 15
    store.close()


def test_questions_about_messages_and_kinds_use_an_index(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "jobs.db")
    questions = [
        "SELECT * FROM outbox WHERE next_at <= 5 ORDER BY next_at LIMIT 9",
        "SELECT * FROM jobs WHERE key_id = 'k' AND kind = 'animate' AND (created_at, id) < (5, 'x')"
        " ORDER BY created_at DESC, id DESC LIMIT 9",
    ]
    with store.database.reading() as db:
        for question in questions:
            plan = " ".join(row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {question}"))
            assert "INDEX" in plan, (question, plan)
            assert "TEMP B-TREE" not in plan, (question, plan)
    store.close()
