import threading

import cv2
import pytest

from windstill.imaging.threads import at_once, thread_limit


def test_both_results_come_back_in_order() -> None:
    assert at_once(lambda: "one", lambda: 2, threads=2) == ("one", 2)


def test_both_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)
    at_once(meeting.wait, meeting.wait, threads=2)


@pytest.mark.parametrize("limit", [1, None])
def test_one_thread_is_the_caller_s(limit: int | None) -> None:
    here = threading.get_ident()
    with thread_limit(1):
        found = at_once(threading.get_ident, threading.get_ident, limit)
    assert found == (here, here)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("first", [True, False])
def test_what_either_raises_is_raised_and_no_thread_is_left(threads: int, first: bool) -> None:
    def fails() -> None:
        raise KeyError("mine")

    before = threading.active_count()
    with pytest.raises(KeyError, match="mine"):
        at_once(fails if first else int, int if first else fails, threads)
    assert threading.active_count() == before


def test_a_limit_ends_with_its_block() -> None:
    before = cv2.getNumThreads()
    with thread_limit(1):
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
