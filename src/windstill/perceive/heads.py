"""The mattes of hair and faces: each head is looked at once more, by a network that knows nothing
but heads.

The first look at the whole photo and the face detector find the heads. Two networks decide where
hair ends: the network for heads, which is shown the window around one, and the network for photos.
For a large head its first output is used; for a small one it is run on the window again. The
geometric mean of both odds counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from windstill.perceive.faces import Face
from windstill.perceive.mattes import Mattes
from windstill.perceive.network import agreed, infer, look_at_head
from windstill.perceive.refine import FACE_EDGE, HAIR_EDGE, soft_matte
from windstill.perceive.regions import face_region, hair_region, overlapping
from windstill.perceive.windows import Window, head_windows, largest

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]


def write_heads(
    rgb: U8,
    calm: U8,
    found: F32,
    faces: Sequence[Face],
    mattes: Mattes,
    *,
    rough: bool,
    threads: int | None,
) -> int:
    """Writes the mattes of hair and faces, and returns how many detected heads it skipped.

    rgb: uint8 (H, W, 3). calm: the same without noise. found: probabilities of hair and face by
    the first look, float32 (2, h, w). faces: the detected ones, in pixels of the photo. rough: use
    the first look alone.
    """
    every = [] if rough else head_windows(found[0], found[1], faces, mattes.shape)
    windows = largest(every)
    rest = found.copy()
    for window in windows:
        rest[:, window.hint] = 0
    _Heads.of(rest).soften(calm, rest, mattes.hair, mattes.face)
    seen = _Heads.of(found) if any(window.large for window in windows) else None
    for window in windows:
        again = _closer(rgb, window, found, threads)
        size = (again.shape[1], again.shape[2])
        known = _Known.of(window, size, seen if window.large else None)
        heads = _Heads.of(again, known)
        if not window.likely and not heads.face.any():
            # Ornaments and door knobs look like small heads from behind, and once is not enough.
            continue
        view = np.ascontiguousarray(calm[window.slices])
        hair, face = (np.zeros(view.shape[:2], np.float32) for _ in range(2))
        heads.of_window(window, size).soften(view, again, hair, face)
        for whole, part in ((mattes.hair, hair), (mattes.face, face)):
            np.maximum(whole[window.slices], part, out=whole[window.slices])
    return sum(window.face is not None for window in every[len(windows) :])


def _closer(rgb: U8, window: Window, found: F32, threads: int | None) -> F32:
    """Probabilities of hair and face in a window, float32 (2, h, w). found: of the first look."""
    view = np.ascontiguousarray(rgb[window.slices])
    again = look_at_head(view, long_side=window.long_side, threads=threads)
    if window.large:
        size = (again.shape[1], again.shape[2])
        other = np.stack([window.of_first_look(plane, size) for plane in found])
    else:
        other = infer(view, long_side=window.long_side, threads=threads).probability[1:]
    return agreed(other, again)


@dataclass(frozen=True)
class _Known:
    """Prior knowledge about a window, bool (h, w) each: the hair and the faces that the first look
    found, and the detected face."""

    hair: Bool | None
    face: Bool | None
    box: Bool | None

    @classmethod
    def of(cls, window: Window, size: tuple[int, int], seen: _Heads | None) -> _Known:
        """seen: the result of the first look, if it counts."""
        box = window.face_mask(size)
        if seen is None:
            return cls(None, box, box)
        hair, face = (
            window.of_first_look(part.astype(np.float32), size) > 0.5
            for part in (seen.hair, seen.face)
        )
        return cls(hair, face if box is None else face | box, box)


@dataclass(frozen=True)
class _Heads:
    """Where hair and faces are, bool (h, w) each."""

    hair: Bool
    face: Bool

    @classmethod
    def of(cls, found: F32, known: _Known | None = None) -> _Heads:
        """By the probabilities of both, float32 (2, h, w)."""
        if known is None:
            face = face_region(found[1])
            return cls(hair_region(found[0], face), face)
        face = face_region(found[1], known.face)
        return cls(hair_region(found[0], face, known.hair, known.box), face)

    def of_window(self, window: Window, size: tuple[int, int]) -> _Heads:
        """Those parts only that belong to the window's head."""
        hint = window.of_first_look(window.hint.astype(np.float32), size) > 0.5
        own = window.own(size)
        if window.face is None:
            return _Heads(overlapping(self.hair, hint), overlapping(self.face, hint))
        return _Heads(self.hair & own, self.face & own)

    def soften(self, rgb: U8, found: F32, hair: F32, face: F32) -> None:
        """Writes the mattes into `hair` and `face`, (H, W) as the photo `rgb`. found:
        probabilities of both, float32 (2, h, w)."""
        soft_matte(rgb, found[1], self.face, FACE_EDGE, face)
        soft_matte(rgb, found[0], self.hair, HAIR_EDGE, hair)
