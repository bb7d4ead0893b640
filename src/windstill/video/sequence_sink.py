"""Frames to a zip file of PNG pictures."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes, to_rgb
from windstill.video.file_limit import check_fits
from windstill.video.plan import Frame, Plan

# Zip's earliest date: when a file was made is not told.
_DATE = (1980, 1, 1, 0, 0, 0)
_ORDINARY_FILE = 0o644 << 16
_UNIX = 3

_SMALLER = "another format, fewer seconds or frames per second, or a smaller max_side"
# Higher levels take far longer for files a few per cent smaller.
_LEVEL = [cv2.IMWRITE_PNG_COMPRESSION, 2]


class SequenceSink:
    """A zip file being written: frame-0000.png and so on; its comment tells their rate."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.width, self.height = plan.width, plan.height
        self.frame_count = plan.frame_count
        self._written = 0
        # Pictures are compressed already.
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._zip.comment = f"{float(plan.fps):g} frames per second".encode()

    def accept(self, index: int, frame: Frame) -> NDArray[np.uint8]:
        """A copy of the frame, uint8 RGB."""
        return to_rgb(frame) if isinstance(frame, Planes) else frame.copy()

    def write(self, item: NDArray[np.uint8]) -> None:
        """Adds one picture."""
        entry = zipfile.ZipInfo(f"frame-{self._written:04}.png", _DATE)
        entry.create_system, entry.external_attr = _UNIX, _ORDINARY_FILE
        _, coded = cv2.imencode(".png", cv2.cvtColor(item, cv2.COLOR_RGB2BGR), _LEVEL)
        if self._written == 0:
            # The frames of a loop differ little, and their sizes even less.
            check_fits(
                coded.nbytes * self.frame_count, "All frames as PNG", _SMALLER, field="format"
            )
        self._zip.writestr(entry, coded.tobytes())
        self._written += 1

    def finish(self) -> None:
        """Writes the list of contents."""
        self._zip.close()

    def abort(self) -> None:
        """Closes the file as it is."""
        with suppress(OSError, ValueError):
            self._zip.close()
