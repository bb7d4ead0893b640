"""Progress on the terminal: of all photos, and of each one being worked on."""

from __future__ import annotations

import os
import shutil
import sys

from windstill.cli.work import Outcome, Work

_STAGES = {"photo": 0.02, "mattes": 0.28, "motion": 0.2, "video": 0.5}
"""What part of the time each stage takes, about."""

_WIDTH = 24
_NAME = 40


class Bar:
    """One line on standard error; silent unless that is a terminal.

    For one photo its stages fill the bar; for several the photos do, and those being worked on
    are named behind it.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._last = ""
        self._total = 0
        self._finished = 0
        self._failed = 0
        self._running: dict[str, tuple[float, str]] = {}

    def expect(self, photos: int) -> None:
        """So many photos more are to come."""
        self._total += photos

    def tell(self, work: Work, stage: str, fraction: float) -> None:
        """Shows that `fraction` of a work's stage is done."""
        self._running[str(work.task.photo)] = _share(stage, fraction), stage
        self._draw()

    def finish(self, outcome: Outcome) -> None:
        """Counts a photo that is done with."""
        self._running.pop(str(outcome.task.photo), None)
        self._finished += 1
        self._failed += outcome.state == "failed"

    def clear(self) -> None:
        """Takes the bar off the terminal."""
        if self._last:
            self._write(" " * len(self._last) + "\r")
            self._last = ""

    def _draw(self) -> None:
        if not self._shown:
            return
        line = (self._one() if self._total == 1 else self._many())[: _columns()]
        if line != self._last:
            self._write(line.ljust(len(self._last)))
            self._last = line

    def _one(self) -> str:
        ((name, (done, stage)),) = self._running.items()
        return f"{_short(name, _NAME)} {_filled(done)} {done:4.0%} {stage}"

    def _many(self) -> str:
        done = (self._finished + sum(done for done, _ in self._running.values())) / self._total
        failed = f" {self._failed} failed" if self._failed else ""
        running = ((os.path.basename(name), share) for name, (share, _) in self._running.items())
        each = "".join(f" | {_short(name, 20)} {share:.0%}" for name, share in running)
        return f"{self._finished}/{self._total} {_filled(done)} {done:4.0%}{failed}{each}"

    def _write(self, line: str) -> None:
        sys.stderr.write(f"\r{line}")
        sys.stderr.flush()


def _share(stage: str, fraction: float) -> float:
    before = 0.0
    for name, share in _STAGES.items():
        if name == stage:
            break
        before += share
    return min(1.0, before + _STAGES.get(stage, 0.0) * fraction)


def _filled(done: float) -> str:
    filled = round(done * _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}]"


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else f"...{name[3 - width :]}"


def _columns() -> int:
    return max(20, shutil.get_terminal_size().columns - 1)
