"""Photos that come into folders while they are watched."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from windstill.cli.targets import Task

SECONDS = 1.0
"""Between two looks. A file whose size and time are the same in both is taken as complete; if it
was not, its photo is unreadable, and it is tried again when it has changed."""

_Look = tuple[int, int]


class Watch:
    """Which of the tasks in the folders are new and completely written.

    plan: lists the tasks of everything that is there now. Polled, because the only sign that a
    file is complete on every file system, a network's too, is that it stops changing.
    """

    def __init__(self, plan: Callable[[], list[Task]], seconds: float = SECONDS) -> None:
        self._plan = plan
        self._seconds = seconds
        self._handled: dict[Path, _Look] = {}
        self._before: dict[Path, _Look] = {}

    def batches(self) -> Iterator[list[Task]]:
        """New tasks, as often as there are some; never ends by itself."""
        while True:
            ready = self.ready()
            if ready:
                yield ready
            else:
                time.sleep(self._seconds)

    def ready(self) -> list[Task]:
        """The tasks whose photos have not changed since the last look and are new to this one."""
        looks = {task.photo: (task, look) for task in self._plan() if (look := _look(task.photo))}
        found = [
            task
            for photo, (task, look) in looks.items()
            if self._before.get(photo) == look and self._handled.get(photo) != look
        ]
        self._before = {photo: look for photo, (_, look) in looks.items()}
        self._handled.update({task.photo: self._before[task.photo] for task in found})
        return found


def _look(photo: Path) -> _Look | None:
    try:
        status = os.stat(photo)
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if status.st_size else None
