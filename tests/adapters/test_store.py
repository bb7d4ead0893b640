"""The contract of `windstill.jobs.ports.JobStore`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.adapters.examples import (
    LEASE,
    NOW,
    WIDE,
    add_key,
    claim,
    make_job,
    result_of,
    submit,
    succeed,
)
from windstill.errors import WindstillError
from windstill.jobs.accounts import Access, Balance, Bounds, Secret, Usage
from windstill.jobs.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    InvalidKey,
    QueueFull,
    RevokedKey,
    TooManyRunning,
    UnknownKey,
)
from windstill.jobs.model import Failure, Job, Lease, State
from windstill.jobs.ports import JobStore


def test_a_job_comes_back_as_it_was_stored(store: JobStore) -> None:
    key = add_key(store)
    job = make_job(
        key,
        kind="animate",
        payload={"options": {"operation": "11"}, "note": "Grüße ✓"},
        priority=3,
        attached=True,
        accepted_by="here",
        idempotency_key="again",
        fingerprint="f" * 64,
    )
    assert store.submit(job, WIDE) == (job, True)
    assert store.job(job.id) == job
    running = claim(store, job)
    assert store.job(job.id) == running
    done = succeed(store, job)
    assert done is not None
    assert done.result == result_of(job)
    assert store.job(job.id) == done
    assert store.job("nonsense") is None


def test_a_failure_comes_back_as_it_was_stored(store: JobStore) -> None:
    job = claim(store, submit(store, add_key(store)))
    failure = Failure("corrupt_photo", "It is cut off.", "image")
    store.change(job.id, lambda job: job.failed("token", failure, NOW + 5))
    found = store.job(job.id)
    assert found is not None
    assert found.failure == failure


REFUSALS = [
    ("revoked", WIDE, RevokedKey),
    ("queue", Bounds(queue=2, retry_after=7), QueueFull),
    ("job limit", Bounds(queue=9, job_limit=2, retry_after=7), TooManyRunning),
    ("own job limit", Bounds(queue=9, job_limit=8, retry_after=7), TooManyRunning),
    ("own queue", Bounds(queue=9, own_queue=2, retry_after=7), TooManyRunning),
    ("credits", WIDE, InsufficientCredits),
]


@pytest.mark.parametrize(("case", "bounds", "refusal"), REFUSALS, ids=[c for c, _, _ in REFUSALS])
def test_what_is_refused_is_not_stored(
    store: JobStore, case: str, bounds: Bounds, refusal: type[WindstillError]
) -> None:
    key = add_key(
        store,
        granted=15 * 2 + 14 if case == "credits" else None,
        job_limit=2 if case == "own job limit" else None,
    )
    submit(store, key)
    submit(store, key)
    if case == "revoked":
        store.change_key(key.id, lambda key: replace(key, revoked_at=NOW))
    refused = make_job(key)
    with pytest.raises(refusal) as raised:
        store.submit(refused, bounds)
    if refusal in (QueueFull, TooManyRunning):
        assert getattr(raised.value, "retry_after", None) == 7
    assert store.job(refused.id) is None
    assert store.counts()[State.QUEUED] == store.count_waiting() == 2
    assert store.balance(key.id).reserved == 30


def test_what_is_free_has_places_of_its_own(store: JobStore) -> None:
    key, other = add_key(store), add_key(store, "otto", granted=0)
    submit(store, key)
    for owner in (key, other):
        store.submit(make_job(owner, kind="preview", cost=0), Bounds(queue=2, own_queue=1))
    with pytest.raises(TooManyRunning):
        store.submit(make_job(key, kind="mattes", cost=0), Bounds(queue=9, own_queue=1))
    with pytest.raises(QueueFull):
        store.submit(make_job(other, kind="mattes", cost=0), Bounds(queue=2))
    store.submit(make_job(key), Bounds(queue=2))
    paid, free = store.standing(key.id), store.standing(key.id, free=True)
    assert paid is not None
    assert free is not None
    assert (paid.queued, paid.queued_own, paid.unfinished) == (2, 2, 3)
    assert (free.queued, free.queued_own, free.unfinished) == (2, 1, 3)


def test_there_is_nothing_to_decide_on_a_request_that_was_made(store: JobStore) -> None:
    key = add_key(store, granted=15)
    submit(store, key, idempotency_key="x", fingerprint="same")
    assert store.standing(key.id, idempotency_key="x") is None
    assert store.standing("nobody") is None
    found = store.standing(key.id, idempotency_key="y")
    assert found is not None
    assert (found.key, found.balance.available) == (key, 0)


def test_a_running_job_takes_no_room_in_the_queue(store: JobStore) -> None:
    key = add_key(store)
    claim(store, submit(store, key))
    store.submit(make_job(key), Bounds(queue=1))
    with pytest.raises(QueueFull):
        store.submit(make_job(key), Bounds(queue=1))


def test_a_job_needs_a_key(store: JobStore) -> None:
    stranger = replace(add_key(store), id="stranger")
    with pytest.raises(UnknownKey):
        submit(store, stranger)


def test_a_job_is_found_by_its_owner_and_idempotency_key(store: JobStore) -> None:
    key, other = add_key(store), add_key(store, "otto")
    job = submit(store, key, idempotency_key="x")
    submit(store, key)
    found = store.job_named(key.id, "x")
    assert found is not None
    assert found.id == job.id
    assert store.job_named(other.id, "x") is None
    assert store.job_named(key.id, "y") is None


def test_an_idempotency_key_belongs_to_one_request_of_one_owner(store: JobStore) -> None:
    key, other = add_key(store), add_key(store, "otto")
    first = submit(store, key, idempotency_key="x", fingerprint="same")
    again = make_job(key, idempotency_key="x", fingerprint="same")
    assert store.submit(again, Bounds(queue=0)) == (first, False)
    with pytest.raises(IdempotencyConflict):
        submit(store, key, idempotency_key="x", fingerprint="different")
    assert submit(store, other, idempotency_key="x", fingerprint="same").id != first.id
    assert store.balance(key.id).reserved == 15


@pytest.mark.parametrize(
    ("end", "spent", "usage"),
    [
        ("succeeded", 15, Usage(succeeded=1)),
        ("failed", 0, Usage(failed=1)),
        ("stopped", 0, Usage(cancelled=1)),
        ("cancelled while waiting", 0, Usage(cancelled=1)),
        ("expired", 15, Usage(succeeded=1)),
    ],
)
def test_only_success_is_charged_and_only_once(
    store: JobStore, end: str, spent: int, usage: Usage
) -> None:
    key = add_key(store, granted=100)
    job = submit(store, key)
    assert store.balance(key.id) == Balance(100, 0, 15)
    if end == "cancelled while waiting":
        store.change(job.id, lambda job: job.cancelled(NOW))
    else:
        claim(store, job)
        assert store.balance(key.id) == Balance(100, 0, 15)
    failure = Failure("job_crashed", "It broke.")
    ends = {
        "failed": lambda job: job.failed("token", failure, NOW),
        "stopped": lambda job: job.stopped("token", NOW),
    }
    for _ in range(2):
        if end in ("succeeded", "expired"):
            succeed(store, job)
        elif end in ends:
            store.change(job.id, ends[end])
    if end == "expired":
        assert store.change(job.id, lambda job: job.expired(NOW + 100)) is not None
    assert store.balance(key.id) == Balance(100, spent, 0)
    assert store.usage(key.id) == usage


def test_of_many_runners_one_claims_and_of_many_settlements_one_counts(store: JobStore) -> None:
    key = add_key(store, granted=1000)
    job = submit(store, key)
    claimed: list[Job] = []
    settled: list[Job] = []
    barrier = threading.Barrier(8)

    def compete(number: int) -> None:
        lease = Lease(f"token-{number}", "here", NOW + 30)
        barrier.wait()
        won = store.change(job.id, lambda job: job.claimed(lease, NOW))
        if won is not None:
            claimed.append(won)
        done = store.change(
            job.id,
            lambda job: job.succeeded(lease.token, result_of(job), NOW, NOW + 9),
        )
        if done is not None:
            settled.append(done)

    threads = [threading.Thread(target=compete, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(settled) == 1
    assert store.balance(key.id) == Balance(1000, 15, 0)


def test_parallel_submissions_can_not_overdraw(store: JobStore) -> None:
    key = add_key(store, granted=15 * 7)
    taken: list[Job] = []
    barrier = threading.Barrier(6)

    def ask() -> None:
        barrier.wait()
        for _ in range(5):
            with suppress(InsufficientCredits):
                taken.append(submit(store, key))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 7
    assert store.balance(key.id) == Balance(105, 0, 105)


def test_a_change_that_fails_changes_nothing(store: JobStore) -> None:
    job = submit(store, add_key(store))

    def broken(job: Job) -> Job:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change(job.id, broken)
    assert store.job(job.id) == job
    assert store.change(job.id, lambda job: None) is None
    assert store.change(job.id, lambda job: job) is None
    assert store.change("nonsense", lambda job: job.cancelled(NOW)) is None


def test_several_jobs_change_together(store: JobStore) -> None:
    key = add_key(store)
    jobs = [submit(store, key) for _ in range(3)]
    ids = [job.id for job in jobs]
    changed = store.change_all([ids[0], "nonsense", ids[2]], lambda job: job.cancelled(NOW))
    assert [job.id for job in changed] == [ids[0], ids[2]]
    assert store.counts() == {**dict.fromkeys(State, 0), State.QUEUED: 1, State.CANCELLED: 2}


def test_a_keys_jobs_are_listed_newest_first_in_pages(store: JobStore) -> None:
    key, other = add_key(store), add_key(store, "otto")
    jobs = [submit(store, key, created_at=NOW + index // 2) for index in range(7)]
    submit(store, other)
    expected = sorted(jobs, key=lambda job: (job.created_at, job.id), reverse=True)
    pages = []
    before = None
    while page := store.jobs(key.id, limit=3, before=before):
        pages.append(page)
        before = page[-1].created_at, page[-1].id
    assert [job for page in pages for job in page] == expected
    assert [len(page) for page in pages] == [3, 3, 1]


def test_waiting_jobs_come_by_priority_then_age(store: JobStore) -> None:
    key = add_key(store)
    late = submit(store, key, created_at=NOW + 2)
    early = submit(store, key, created_at=NOW + 1)
    urgent = submit(store, key, created_at=NOW + 3, priority=1)
    claim(store, submit(store, key))
    assert store.waiting(10) == [urgent, early, late]
    assert store.waiting(1) == [urgent]


def test_a_waiting_job_is_offered_once_in_a_while(store: JobStore) -> None:
    key = add_key(store)
    late = submit(store, key, created_at=NOW + 2)
    early = submit(store, key, created_at=NOW + 1)
    urgent = submit(store, key, created_at=NOW + 3, priority=1)
    claim(store, submit(store, key))
    assert store.offers(NOW + 10, NOW, 2) == [urgent, early]
    assert store.offers(NOW + 11, NOW, 9) == [late]
    assert store.offers(NOW + 12, NOW, 9) == []
    assert store.offers(NOW + 20, NOW + 10, 9) == [urgent, early]
    assert store.waiting(9) == [urgent, early, late]


def test_a_job_that_came_back_is_offered_again_at_once(store: JobStore) -> None:
    job = submit(store, add_key(store))
    assert store.offers(NOW, NOW - 9, 9) == [job]
    claim(store, job)
    assert store.offers(NOW, NOW + 9, 9) == []
    back = store.change(job.id, lambda job: job.abandoned("token", NOW, 3))
    assert store.offers(NOW, NOW - 9, 9) == [back]


def test_each_offer_goes_to_one_of_many(store: JobStore) -> None:
    key = add_key(store)
    ids = {submit(store, key).id for _ in range(40)}
    found: list[str] = []
    barrier = threading.Barrier(4)

    def take() -> None:
        barrier.wait()
        while offered := store.offers(NOW, NOW - 9, 3):
            found.extend(job.id for job in offered)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert set(found) == ids


def test_who_was_enlisted_and_lives_leaves_no_orphans(store: JobStore) -> None:
    store.enlist("here")
    key = add_key(store)
    claim(store, submit(store, key, attached=True, accepted_by="here"))
    claim(store, submit(store, add_key(store, "otto")), Lease("other", "never enlisted", NOW))
    submit(store, key, attached=True, accepted_by="never enlisted")
    assert store.gone() == frozenset()
    assert store.present("here")


def test_orphans_are_the_unfinished_jobs_that_need_a_process_that_is_gone(store: JobStore) -> None:
    key = add_key(store)
    here, there = Lease("a", "here", NOW + 30), Lease("b", "there", NOW + 30)
    run = claim(store, submit(store, key), there)
    waiting = submit(store, key, attached=True, accepted_by="there")
    running = claim(store, submit(store, key, attached=True, accepted_by="there"), here)
    ended = submit(store, key, attached=True, accepted_by="there")
    store.change(ended.id, lambda job: job.cancelled(NOW))
    claim(store, submit(store, key, attached=True, accepted_by="here"), here)
    submit(store, key)
    found = store.orphaned({"there", "elsewhere"}, 9)
    assert {job.id for job in found} == {run.id, waiting.id, running.id}
    assert len(store.orphaned({"there"}, 2)) == 2
    assert store.orphaned({"elsewhere"}, 9) == []
    assert store.orphaned(set(), 9) == []


@pytest.mark.parametrize("begun", [False, True], ids=["waiting", "running"])
def test_a_job_whose_client_is_gone_costs_nothing_and_ends_once(
    store: JobStore, begun: bool
) -> None:
    key = add_key(store, granted=15)
    job = submit(store, key, attached=True, accepted_by="there")
    if begun:
        claim(store, job)
    failed = store.change(job.id, lambda job: job.orphaned({"there"}, NOW + 1, 3))
    assert failed is not None
    assert (failed.state, failed.failure and failed.failure.code) == (
        State.FAILED,
        "job_interrupted",
    )
    assert succeed(store, job) is None
    assert store.change(job.id, lambda job: job.orphaned({"there"}, NOW + 1, 3)) is None
    assert store.change(job.id, lambda job: job.claimed(LEASE, NOW)) is None
    assert store.balance(key.id) == Balance(15, 0, 0)
    assert store.usage(key.id) == Usage(failed=1)


def test_overdue_are_those_whose_lease_or_deadline_has_passed(store: JobStore) -> None:
    key = add_key(store)
    late = submit(store, key, deadline=NOW + 10)
    lapsed = claim(store, submit(store, key), replace(LEASE, until=NOW + 10))
    alive = claim(store, submit(store, key), replace(LEASE, until=NOW + 11))
    attached = submit(store, key, attached=True)
    submit(store, key)
    succeed(store, claim(store, submit(store, key)))
    assert store.overdue(NOW + 9, 9) == []
    assert {job.id for job in store.overdue(NOW + 10, 9)} == {late.id, lapsed.id}
    assert len(store.overdue(NOW + 10, 1)) == 1
    gone = {job.id for job in store.overdue(NOW + 10, 9, gone=True)}
    assert gone == {late.id, lapsed.id, alive.id, attached.id}
    assert len(store.overdue(NOW + 10, 3, gone=True)) == 3


def test_results_are_outlived_at_their_time(store: JobStore) -> None:
    key = add_key(store)
    late, early, other = (submit(store, key) for _ in range(3))
    succeed(store, claim(store, late), expires_at=NOW + 50)
    succeed(store, claim(store, early), expires_at=NOW + 40)
    succeed(store, claim(store, other), expires_at=NOW + 60)
    assert store.outlived(NOW + 39, 9) == []
    assert [found.id for found in store.outlived(NOW + 50, 9)] == [early.id, late.id]
    assert [found.id for found in store.outlived(NOW + 50, 1)] == [early.id]


def test_files_are_in_use_while_their_job_needs_them(store: JobStore) -> None:
    key = add_key(store)
    waiting, running, done = (submit(store, key) for _ in range(3))
    claim(store, running)
    succeed(store, claim(store, done))
    store.change(submit(store, key).id, lambda job: job.cancelled(NOW))
    result = result_of(done).blob
    assert store.blobs_in_use() == {waiting.upload, running.upload, result}
    store.change(done.id, lambda job: job.expired(NOW + 100))
    assert store.blobs_in_use() == {waiting.upload, running.upload}


def test_old_jobs_are_forgotten_but_not_what_they_cost(store: JobStore) -> None:
    key = add_key(store, granted=100)
    expired, done, failed, waiting = (submit(store, key) for _ in range(4))
    succeed(store, claim(store, expired))
    succeed(store, claim(store, done))
    store.change(expired.id, lambda job: job.expired(NOW + 100))
    store.change(failed.id, lambda job: job.cancelled(NOW + 5))
    assert store.forget(NOW + 5) == 0
    assert store.forget(NOW + 6) == 2
    assert store.job(expired.id) is None
    assert store.job(failed.id) is None
    assert store.job(done.id) is not None
    assert store.job(waiting.id) is not None
    assert store.balance(key.id) == Balance(100, 30, 15)


def test_keys_are_listed_and_their_names_are_unique_among_the_active(store: JobStore) -> None:
    anna, otto = add_key(store, "anna"), add_key(store, "otto", rate=0.5, job_limit=3)
    assert store.list_keys() == [anna, otto]
    assert store.key(otto.id) == otto
    assert store.key("nonsense") is None
    with pytest.raises(InvalidKey) as refused:
        add_key(store, "anna")
    assert refused.value.field == "name"
    with pytest.raises(InvalidKey):
        store.change_key(otto.id, lambda key: replace(key, name="anna"))
    assert store.key(otto.id) == otto
    store.change_key(anna.id, lambda key: replace(key, revoked_at=NOW))
    second = add_key(store, "anna")
    assert [key.id for key in store.list_keys() if key.name == "anna"] == [anna.id, second.id]
    assert store.change_key("nonsense", lambda key: key) is None


def test_credits_can_be_granted_taken_and_unlimited(store: JobStore) -> None:
    key = add_key(store)
    assert store.balance(key.id) == Balance(None, 0, 0)
    succeed(store, claim(store, submit(store, key)))
    steps: list[tuple[int | None, int | None]] = [
        (100, 115),  # counted from what was spent before there was a limit
        (50, 165),
        (-1000, 15),
        (None, None),
    ]
    for amount, granted in steps:
        assert store.grant(key.id, amount, NOW) is not None
        assert store.balance(key.id) == Balance(granted, 15, 0)
    assert store.grant("nonsense", 5, NOW) is None
    assert store.balance("nonsense") == Balance(0, 0, 0)
    assert store.usage("nonsense") == Usage()


def test_secrets_overlap_when_rotated(store: JobStore) -> None:
    key = add_key(store)
    ((_, first),) = store.secrets("wsanna")
    second = Secret(prefix="wssecond", digest=b"2" * 32, created_at=NOW + 1)
    third = Secret(prefix="wsthird", digest=b"3" * 32, created_at=NOW + 2)
    store.rotate(key.id, second, NOW + 100)
    store.rotate(key.id, third, NOW + 200)
    assert store.secrets("wsanna") == [(key, replace(first, expires_at=NOW + 100))]
    assert store.secrets("wssecond") == [(key, replace(second, expires_at=NOW + 200))]
    assert store.secrets("wsthird") == [(key, third)]
    assert store.secrets("nonsense") == []


def test_an_access_key_pair_belongs_to_one_key(store: JobStore) -> None:
    anna, otto = add_key(store), add_key(store, "otto")
    access = Access(id="WSAK1", generation=3, former_until=NOW + 5, closed_at=NOW)
    changed = store.change_key(anna.id, lambda key: replace(key, access=access))
    assert changed == replace(anna, access=access)
    assert store.key(anna.id) == store.key_of_access("WSAK1") == changed
    assert store.list_keys() == [changed, otto]
    assert store.key_of_access("WSAK2") is None
    assert store.key_of_access("\0") is None


def test_a_nonce_is_used_once_while_it_is_kept(store: JobStore) -> None:
    assert store.use_nonce("pair", "one", NOW, NOW + 10)
    assert not store.use_nonce("pair", "one", NOW + 9, NOW + 19)
    assert store.use_nonce("pair", "two", NOW, NOW + 20)
    assert store.use_nonce("other", "one", NOW, NOW + 20)
    assert store.use_nonce("pair", "one", NOW + 10, NOW + 20)
    assert not store.use_nonce("pair", "one", NOW + 11, NOW + 21)


def test_a_nonce_is_new_to_one_of_many(store: JobStore) -> None:
    barrier = threading.Barrier(8)

    def use(_: int) -> bool:
        barrier.wait()
        return store.use_nonce("pair", "one", NOW, NOW + 10)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == [False] * 7 + [True]


def test_nonces_are_forgotten_when_their_time_is_over(store: JobStore) -> None:
    for number in range(3):
        store.use_nonce("pair", str(number), NOW, NOW + number)
    assert store.forget_nonces(NOW + 1) == 2
    assert store.forget_nonces(NOW + 1) == 0
    assert not store.use_nonce("pair", "2", NOW + 1, NOW + 9)
