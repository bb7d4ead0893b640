"""Work on items in a second thread while the next ones are being made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, Queue
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Overlap(Generic[T]):
    """Hands items, in order, to `work` in one thread of its own.

    The thread that makes the items keeps what belongs to it (callbacks, signals, errors raised
    by the generator); only `work` runs elsewhere. At most `depth` items wait. Leaving the `with`
    block in any way ends and joins the thread; when the block raised, items still waiting are
    dropped. What `work` raises is raised again by the next `put` or on leaving the block.
    """

    def __init__(self, work: Callable[[T], None], depth: int = 3) -> None:
        self._work = work
        self._items: Queue[T | None] = Queue(depth)
        self._failure: BaseException | None = None
        self._dropping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="windstill-encoder", daemon=True)

    def put(self, item: T) -> None:
        """Adds an item, waiting for a free place; raises what `work` raised, if it did."""
        self._items.put(item)
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Overlap[T]:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is not None:
                self._drop()
            self._items.put(None)
            self._thread.join()
        except BaseException:  # a second interrupt while waiting: stop at once, but do join
            self._drop()
            self._items.put(None)
            self._thread.join()
            raise
        if kind is None and self._failure is not None:
            raise self._failure

    def _drop(self) -> None:
        self._dropping.set()
        try:
            while True:
                self._items.get_nowait()
        except Empty:
            pass

    def _run(self) -> None:
        # After a failure items are still taken, so that `put` never waits for ever.
        while (item := self._items.get()) is not None:
            if self._failure is None and not self._dropping.is_set():
                try:
                    self._work(item)
                except BaseException as error:
                    self._failure = error
