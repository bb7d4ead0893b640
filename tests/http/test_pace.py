"""What would not be ready in time is refused at once; what might be is not."""

from __future__ import annotations

import pytest

from windstill.http.pace import Pace
from windstill.http.refusals import RequestRefused, code_for


def test_nothing_is_refused_before_anything_is_known() -> None:
    Pace(slots=2, patience=10, waiting=100).admit()


@pytest.mark.parametrize(
    ("slots", "waiting", "seconds", "admitted"),
    [
        (2, 0, 100.0, True),
        (2, 1, 100.0, True),
        (2, 2, 100.0, False),
        (2, 6, 2.0, True),
        (2, 7, 2.0, True),
        (2, 8, 2.0, False),
        (8, 31, 2.0, True),
        (8, 32, 2.0, False),
    ],
)
def test_admits_what_fits_into_most_of_the_patience(
    slots: int, waiting: int, seconds: float, admitted: bool
) -> None:
    pace = Pace(slots=slots, patience=10, waiting=waiting, seconds=seconds)
    if admitted:
        pace.admit()
        return
    with pytest.raises(RequestRefused) as caught:
        pace.admit()
    assert code_for(caught.value).name == "EXCEEDING_LIMITS"
    assert 0 < (caught.value.retry_after or 0) <= 60


def test_learns_from_jobs_that_ran_and_recovers() -> None:
    pace = Pace(slots=1, patience=10)
    pace.saw(None, 5.0)
    assert pace.seconds == 0
    pace.saw(100.0, 120.0)
    assert pace.seconds == 20
    for _ in range(30):
        pace.saw(100.0, 101.0)
    assert pace.seconds == pytest.approx(1, abs=0.1)


def test_a_request_counts_while_it_waits() -> None:
    pace = Pace(slots=1, patience=10)
    with pace.wait(), pace.wait():
        assert pace.waiting == 2
    assert pace.waiting == 0
