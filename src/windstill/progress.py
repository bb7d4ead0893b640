"""Following one request through its stages: how far it is, and how long each stage took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

ProgressCallback = Callable[[str, float], None]
"""Called with the stage ("photo", "mattes", "motion", "video") and the part of it done, 0 to 1.

What it raises ends the request; `windstill.errors.Cancelled` is meant for that.
"""


@dataclass
class Progress:
    """Times the stages of one request and tells a callback about them."""

    callback: ProgressCallback | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Everything done inside belongs to stage `name`."""
        self.tell(name, 0.0)
        begin = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - begin
        self.tell(name, 1.0)

    def tell(self, name: str, fraction: float) -> None:
        """Reports that `fraction` of stage `name` is done."""
        if self.callback is not None:
            self.callback(name, fraction)

    def follow(self, name: str, items: Iterator[T], count: int) -> Iterator[T]:
        """Passes `items` on, reporting each of `count` as a part of stage `name`."""
        for index, item in enumerate(items):
            yield item
            self.tell(name, (index + 1) / count)
