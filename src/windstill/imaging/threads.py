"""How many processor threads are used, and two of them at once."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import cv2

One = TypeVar("One")
Other = TypeVar("Other")


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


def at_once(
    one: Callable[[], One], other: Callable[[], Other], threads: int | None = None
) -> tuple[One, Other]:
    """What both functions return; `one` runs in a thread beside `other` unless threads is 1.

    threads: None for as many as OpenCV may use. Both have ended when this returns or raises.
    """
    if (threads or cv2.getNumThreads()) == 1:
        return one(), other()
    with ThreadPoolExecutor(1, "windstill-beside") as pool:
        beside = pool.submit(one)
        here = other()
        return beside.result(), here


def give_back_memory() -> None:
    """Gives the system back what glibc keeps of memory that was freed, in this and other threads.

    It takes a few milliseconds, and pays once whole pictures are not needed any more.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
