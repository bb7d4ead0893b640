from __future__ import annotations

from dataclasses import replace

import pytest

from windstill.jobs.model import TRANSITIONS, Failure, Job, Lease, Result, State

NOW = 1000.0
LEASE = Lease("token", "here", NOW + 30)
RESULT = Result("results/abc.mp4", "video/mp4", 10, {"frames": 96})
FAILURE = Failure("job_crashed", "It broke.")


def job(**changes: object) -> Job:
    return replace(Job(id="j", key_id="k", created_at=NOW, deadline=NOW + 100), **changes)


def running(**changes: object) -> Job:
    claimed = job(**changes).claimed(LEASE, NOW + 1)
    assert claimed is not None
    return claimed


def in_state(state: State) -> Job:
    if state is State.QUEUED:
        return job()
    if state is State.RUNNING:
        return running()
    return replace(job(), state=state, result=RESULT, expires_at=NOW + 50, finished_at=NOW + 2)


CHANGES = {
    "claimed": lambda job: job.claimed(LEASE, NOW + 60),
    "renewed": lambda job: job.renewed("token", NOW + 90, "video", 0.5),
    "succeeded": lambda job: job.succeeded("token", RESULT, NOW + 60, NOW + 70),
    "failed": lambda job: job.failed("token", FAILURE, NOW + 60),
    "stopped": lambda job: job.stopped("token", NOW + 60),
    "cancelled": lambda job: job.cancelled(NOW + 60),
    "abandoned": lambda job: job.abandoned("token", NOW + 60, 3),
    "lapsed": lambda job: job.lapsed(NOW + 60, 3, gone=True),
    "interrupted": lambda job: job.interrupted(NOW + 60),
    "orphaned": lambda job: job.orphaned({"here"}, NOW + 60, 3),
    "expired": lambda job: job.expired(NOW + 60),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("state", State)
def test_every_change_follows_the_table(state: State, name: str) -> None:
    before = in_state(state)
    after = CHANGES[name](before)
    assert after is None or after.state is before.state or after.state in TRANSITIONS[state]
    if before.finished:
        assert after is None or after.state is State.EXPIRED


@pytest.mark.parametrize("name", ["renewed", "succeeded", "failed", "stopped", "abandoned"])
def test_only_the_bearer_of_the_lease_may_settle(name: str) -> None:
    taken_over = replace(running(), lease=Lease("another", "there", NOW + 30))
    assert CHANGES[name](taken_over) is None
    assert CHANGES[name](job()) is None


def test_a_job_past_its_deadline_is_not_begun() -> None:
    assert job().claimed(LEASE, NOW + 100) is None
    swept = job().lapsed(NOW + 100, 3)
    assert swept is not None
    assert (swept.state, swept.failure and swept.failure.code) == (State.FAILED, "job_timeout")


@pytest.mark.parametrize(
    ("before", "now", "expected", "code"),
    [
        (running(), NOW + 40, State.QUEUED, None),
        (running(attempts=2), NOW + 40, State.FAILED, "job_interrupted"),
        (running(attached=True), NOW + 40, State.QUEUED, None),
        (replace(running(), cancel_requested=True), NOW + 40, State.CANCELLED, None),
        (running(), NOW + 100, State.FAILED, "job_timeout"),
    ],
    ids=["again", "too often", "attached", "cancelled", "too late"],
)
def test_what_becomes_of_a_job_whose_runner_is_gone(
    before: Job, now: float, expected: State, code: str | None
) -> None:
    for after in (before.lapsed(now, 3), before.abandoned("token", now, 3)):
        assert after is not None
        assert after.state is expected
        assert after.lease is None
        assert (after.failure.code if after.failure else None) == code


def test_a_job_is_pointless_once_the_connection_it_is_attached_to_is_gone() -> None:
    attached = running(attached=True)
    for after in (
        attached.lapsed(NOW + 1, 3, gone=True),
        attached.abandoned("token", NOW + 1, 3, gone=True),
    ):
        assert after is not None
        assert after.failure is not None
        assert after.failure.code == "job_interrupted"


def test_of_an_attached_job_both_its_runner_and_its_acceptor_may_be_gone() -> None:
    attached = running(attached=True, accepted_by="there")
    assert attached.orphaned({"elsewhere"}, NOW + 1, 3) is None
    taken_back = attached.orphaned({"here"}, NOW + 1, 3)
    assert taken_back is not None
    assert (taken_back.state, taken_back.accepted_by) == (State.QUEUED, "there")
    for before in (attached, taken_back):
        failed = before.orphaned({"there", "here"}, NOW + 1, 3)
        assert failed is not None
        assert (failed.state, failed.lease) == (State.FAILED, None)
        assert failed.failure is not None
        assert failed.failure.code == "job_interrupted"
    cancelled = replace(attached, cancel_requested=True).orphaned({"there"}, NOW + 1, 3)
    assert cancelled is not None
    assert cancelled.state is State.CANCELLED
    assert job(accepted_by="there").orphaned({"there"}, NOW + 1, 3) is None


def test_a_living_lease_is_left_alone_unless_all_runners_are_gone() -> None:
    assert running().lapsed(NOW + 29, 3) is None
    assert running().lapsed(NOW + 29, 3, gone=True) is not None
    assert job().lapsed(NOW + 29, 3, gone=True) is None
    assert job(attached=True).lapsed(NOW + 29, 3, gone=True) is not None


def test_a_result_expires_at_its_time_and_not_before() -> None:
    done = running().succeeded("token", RESULT, NOW + 2, NOW + 50)
    assert done is not None
    assert done.expired(NOW + 49.9) is None
    expired = done.expired(NOW + 50)
    assert expired is not None
    assert expired.state is State.EXPIRED


def test_an_unlawful_change_is_a_defect() -> None:
    with pytest.raises(ValueError, match="can't become"):
        in_state(State.FAILED)._moved(State.RUNNING)
