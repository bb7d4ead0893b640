"""How many processor threads OpenCV may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def thread_limit(threads: int | None) -> Iterator[None]:
    """Inside, OpenCV uses at most `threads` threads in this process; None leaves it as it is."""
    if threads is None:
        yield
        return
    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
