"""A progress bar on the terminal."""

from __future__ import annotations

import sys

_STAGES = {"photo": 0.02, "mattes": 0.28, "motion": 0.2, "video": 0.5}
"""What part of the time each stage takes, about."""

_WIDTH = 24


class Bar:
    """One line on standard error for one photo; silent unless that is a terminal."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self._name = name if len(name) <= 40 else f"...{name[-37:]}"
        self._shown = not quiet and sys.stderr.isatty()
        self._last = ""

    def __call__(self, stage: str, fraction: float) -> None:
        """Shows that `fraction` of `stage` is done."""
        if not self._shown:
            return
        before = 0.0
        for name, share in _STAGES.items():
            if name == stage:
                break
            before += share
        done = min(1.0, before + _STAGES.get(stage, 0.0) * fraction)
        filled = round(done * _WIDTH)
        line = f"{self._name} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done:4.0%} {stage}"
        if line != self._last:
            self._write(line.ljust(len(self._last)))
            self._last = line

    def clear(self) -> None:
        """Takes the bar off the terminal."""
        if self._last:
            self._write(" " * len(self._last) + "\r")
            self._last = ""

    def _write(self, line: str) -> None:
        sys.stderr.write(f"\r{line}")
        sys.stderr.flush()
